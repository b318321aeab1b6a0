#ifndef SPARKGATE_CLIENT_CLIENT_H_
#define SPARKGATE_CLIENT_CLIENT_H_

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "absl/status/statusor.h"
#include "client/call_error.h"
#include "sparkgate/v1/debug_service.pb.h"
#include "sparkgate/v1/model.pb.h"
#include "sparkgate/v1/request.pb.h"
#include "sparkgate/v1/response.pb.h"

namespace sparkgate::client {

// Of the library and of sparkgate-chat.
inline constexpr char kVersion[] = "0.1.0";

// Cancels one call from another thread, whether it has begun or not. The caller owns it and keeps
// it for as long as the call; one Canceller serves one call.
class Canceller {
 public:
  Canceller() = default;
  Canceller(const Canceller&) = delete;
  Canceller& operator=(const Canceller&) = delete;

  // Any thread, any number of times, also after the call has ended (then without effect).
  void Cancel();
  bool cancelled() const;

  // For the client alone. `cancel` runs under the lock and must not come back here; after Detach it
  // does not run again.
  void Attach(std::function<void()> cancel);
  void Detach();

 private:
  mutable std::mutex mutex_;
  bool cancelled_ = false;
  std::function<void()> cancel_;
};

struct ClientOptions {
  // PEM file with the authorities that may have signed the server's certificate. Empty: no TLS.
  std::string ca_file;

  // gRPC's own default of 4 MiB is too small for answers with raw output or log probabilities.
  int max_receive_bytes = 64 << 20;

  // gRPC waits up to two minutes before it looks again for a server that was away; a person at a
  // prompt does not.
  std::chrono::milliseconds max_reconnect_backoff{2000};

  // Stands before gRPC's own user agent.
  std::string user_agent = "sparkgate-cpp";
};

struct CallOptions {
  std::optional<std::chrono::milliseconds> timeout;  // absent: the server's limit alone
  Metadata metadata;                                 // request metadata, lower-case names
  Canceller* canceller = nullptr;                    // not owned; outlives the call
};

// A value or the error that stood in its way.
template <typename T>
class Result {
 public:
  Result(T value) : content_(std::move(value)) {}          // NOLINT: as absl::StatusOr
  Result(CallError error) : content_(std::move(error)) {}  // NOLINT
  bool ok() const { return content_.index() == 0; }
  const T& value() const { return std::get<0>(content_); }
  T& value() { return std::get<0>(content_); }
  const CallError& error() const { return std::get<1>(content_); }

 private:
  std::variant<T, CallError> content_;
};

// What a call that answers once returns.
template <typename Response>
struct Reply {
  Response response;
  Metadata initial_metadata;
  Metadata trailers;
};
using ChatReply = Reply<v1::ChatResponse>;
using ModelsReply = Reply<v1::ListModelsResponse>;
using ExplainReply = Reply<v1::ExplainChatResponse>;

// A running StreamChat. One thread reads it; Cancel may come from any other. Leaving it unfinished
// (the destructor) cancels the call, which stops generation and billing.
class Stream {
 public:
  struct Call;  // the gRPC side
  explicit Stream(std::unique_ptr<Call> call);
  Stream(Stream&&) noexcept;
  Stream& operator=(Stream&&) noexcept;
  ~Stream();

  // Waits for the next message. false: there is none, ask Finish why.
  bool Next(v1::StreamChatResponse* message);

  // How the call ended; absent means OK, the answer is complete. Drops what was not read. May be
  // asked again.
  const std::optional<CallError>& Finish();

  void Cancel();

  // Complete after the first Next has returned.
  const Metadata& initial_metadata() const;
  // Complete after Finish.
  const Metadata& trailers() const;

 private:
  std::unique_ptr<Call> call_;
};

// A connection to one Sparkgate (or several behind one name). Thread-safe; make it once and share
// it.
class Client {
 public:
  // Connects with the first call. Fails if the CA file cannot be read. Proxies of the environment
  // are ignored.
  static absl::StatusOr<std::unique_ptr<Client>> Create(const std::string& target,
                                                        const ClientOptions& options);
  ~Client();

  // Waits for the whole answer.
  Result<ChatReply> Chat(const v1::ChatRequest& request, const CallOptions& options = {});

  // Returns at once; a failure to connect shows in the stream's Finish.
  Stream StreamChat(const v1::ChatRequest& request, const CallOptions& options = {});

  // The models that the server's key may use, in the upstream's order.
  Result<ModelsReply> ListModels(const CallOptions& options = {});

  // The upstream request that the server would make of `request`; the upstream is not called.
  // UNIMPLEMENTED unless the server runs with --debug_service.
  Result<ExplainReply> Explain(const v1::ChatRequest& request, const CallOptions& options = {});

 private:
  struct Channel;
  explicit Client(std::unique_ptr<Channel> channel);

  std::unique_ptr<Channel> channel_;
};

}  // namespace sparkgate::client

#endif  // SPARKGATE_CLIENT_CLIENT_H_

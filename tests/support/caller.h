#ifndef SPARKGATE_TESTS_SUPPORT_CALLER_H_
#define SPARKGATE_TESTS_SUPPORT_CALLER_H_

#include <chrono>
#include <climits>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/gate.h"

// A gRPC client for tests, thousands of calls at once. Neither gRPC nor protobuf shows here: a
// request is the JSON that the HTTP documentation prints, an answer is text. What it receives
// beside messages is searched for secrets.
namespace sparkgate::support {

enum class Rpc { kChat, kStreamChat };
inline constexpr Rpc kBothRpcs[] = {Rpc::kChat, Rpc::kStreamChat};
std::string_view RpcName(Rpc rpc);

// The names of gRPC's codes: "OK", "INVALID_ARGUMENT", …
std::string_view CodeName(int code);

using Metadata = std::vector<std::pair<std::string, std::string>>;

struct CallOptions {
  Metadata metadata;
  std::optional<std::chrono::milliseconds> deadline;
  // Messages that are read before the caller stops to read; Read lets it go on.
  int read_first = INT_MAX;
  bool wait_for_ready = false;
  // Off: the caller leaves his side of the stream open, as if more requests were to come.
  bool half_close = true;
};

// How a call went.
struct CallResult {
  struct Violation {
    std::string field;
    std::string description;
  };

  int code = -1;     // gRPC's; −1: not ended
  std::string name;  // its name
  std::string message;

  // From google.rpc's details.
  int error_infos = 0;
  std::string domain;
  std::string reason;
  std::map<std::string, std::string> info;  // ErrorInfo's metadata
  std::optional<int64_t> retry_delay_ms;
  std::vector<Violation> violations;
  bool quota_failure = false;
  size_t details_bytes = 0;

  Metadata initial_metadata;
  Metadata trailers;
  std::vector<std::string> messages;  // serialised

  std::chrono::steady_clock::time_point begun;
  std::chrono::steady_clock::time_point first_message;
  std::chrono::steady_clock::time_point ended;

  bool ok() const { return code == 0; }
  std::string may_have_run() const;  // "true", "false" or ""
  std::string pushback() const { return Trailer("grpc-retry-pushback-ms"); }
  // "" if there is none.
  std::string Trailer(std::string_view name) const;
  std::string InitialMetadata(std::string_view name) const;
  std::string Info(const std::string& name) const;
  std::chrono::milliseconds elapsed() const;

  // Of one choice: the text that was delivered, the last finish reason ("" if none).
  std::string Text(int choice = 0) const;
  std::string FinishReason(int choice = 0) const;
  // A message as JSON with the API's names; of all, one a line.
  std::string MessageJson(size_t index) const;
  std::string AllJson() const;
  // "ABORTED UPSTREAM_STALLED may_have_run=true pushback=-1: …", for failure messages and tables.
  std::string Describe() const;

  Rpc rpc = Rpc::kChat;
};

struct ChannelOptions {
  bool bdp_probe = true;       // off: the window is 64 KiB, so back-pressure shows early
  std::string lb_policy;       // "": pick_first
  int keepalive_ms = 0;        // between pings; 0: none
  std::string service_config;  // JSON; "": none
  std::string ca_file;         // PEM, for TLS; "": plain text
};

// One call in progress. Destroying it cancels it and waits for its end.
class RunningCall {
 public:
  class State;
  explicit RunningCall(std::shared_ptr<State> state) : state_(std::move(state)) {}
  ~RunningCall();
  RunningCall(RunningCall&&) = default;
  RunningCall& operator=(RunningCall&&) = delete;

  void Cancel();
  // Lets so many more messages be read.
  void Read(int count);

  // False if it did not come to it in time.
  bool AwaitInitialMetadata(std::chrono::milliseconds patience = kPatience);
  bool AwaitMessages(int count, std::chrono::milliseconds patience = kPatience);
  // Does not let anything be read that was held back.
  bool AwaitEnd(std::chrono::milliseconds patience = kPatience);
  bool ended() const;
  int messages() const;
  // How it ended, for the message of a test that fails; "has not ended" if so.
  std::string Describe();

  // Reads all and waits for the end.
  CallResult Wait();

 private:
  std::shared_ptr<State> state_;
};

// A channel and the one thread that receives what comes on it. Any thread may call.
class Caller {
 public:
  // `target`: "127.0.0.1:port", or "ipv4:host:port,host:port".
  explicit Caller(const std::string& target, const ChannelOptions& options = {});
  ~Caller();
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;

  // `body`: the request as JSON in the API's names.
  RunningCall Start(Rpc rpc, std::string_view body, const CallOptions& options = {});
  CallResult Call(Rpc rpc, std::string_view body, const CallOptions& options = {});
  CallResult Chat(std::string_view body, const CallOptions& options = {});
  CallResult StreamChat(std::string_view body, const CallOptions& options = {});

  // Any method, any bytes; the answer's `messages` are all that is filled beside the status.
  RunningCall StartRaw(const std::string& method, std::string request,
                       const CallOptions& options = {});

  // Connects; false if that was not possible in time.
  bool Connect(std::chrono::milliseconds patience = kPatience);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// JSON in the API's names into a serialised request, so that it need not be read for each of many
// calls (StartRaw). Aborts if it is no request.
std::string SerializeRequest(std::string_view body);
std::string_view MethodName(Rpc rpc);  // "/sparkgate.v1.ChatService/Chat"

}  // namespace sparkgate::support

#endif  // SPARKGATE_TESTS_SUPPORT_CALLER_H_

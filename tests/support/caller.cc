#include "tests/support/caller.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <fstream>
#include <iterator>
#include <mutex>
#include <thread>

#include "tests/support/call_details.h"
#include "tests/support/secrets.h"

namespace sparkgate::support {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

std::string BytesOf(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  if (!buffer.Dump(&slices).ok()) return "";
  std::string bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

grpc::ByteBuffer BufferOf(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

Metadata Copy(const std::multimap<grpc::string_ref, grpc::string_ref>& metadata) {
  Metadata copy;
  for (const auto& [key, value] : metadata) {
    copy.emplace_back(std::string(key.data(), key.size()), std::string(value.data(), value.size()));
  }
  return copy;
}

class Tag {
 public:
  virtual ~Tag() = default;
  virtual void OnTag(bool ok) = 0;
};

}  // namespace

// A call as one bidirectional stream of bytes; for an RPC with one answer that is the same on the
// wire. Its tags hold it alive.
class RunningCall::State : public std::enable_shared_from_this<State> {
 public:
  State(Rpc rpc, const CallOptions& options)
      : half_close_(options.half_close), may_read_(options.read_first) {
    result_.rpc = rpc;
    for (const auto& [name, value] : options.metadata) context_.AddMetadata(name, value);
    if (options.deadline) {
      context_.set_deadline(std::chrono::system_clock::now() + *options.deadline);
    }
    context_.set_wait_for_ready(options.wait_for_ready);
    context_.set_initial_metadata_corked(true);
  }

  void Begin(grpc::GenericStub* stub, grpc::CompletionQueue* queue, const std::string& method,
             const std::string& request) {
    result_.begun = steady_clock::now();
    stream_ = stub->PrepareCall(&context_, method, queue);
    stream_->StartCall(nullptr);
    grpc::WriteOptions how;
    if (half_close_) how.set_last_message();
    stream_->Write(BufferOf(request), how, New(&State::OnWritten));
    stream_->ReadInitialMetadata(New(&State::OnInitialMetadata));
  }

  void Cancel() { context_.TryCancel(); }

  void AllowReads(int count) {
    std::unique_lock<std::mutex> lock(mutex_);
    may_read_ = count > INT_MAX - may_read_ ? INT_MAX : may_read_ + count;
    MaybeRead();
  }

  template <typename Condition>
  bool Await(milliseconds patience, Condition condition) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_for(lock, patience, [&] { return condition() || ended_; });
    return condition();
  }
  bool AwaitInitialMetadata(milliseconds patience) {
    return Await(patience, [this] { return metadata_came_; });
  }
  bool AwaitMessages(int count, milliseconds patience) {
    return Await(patience,
                 [this, count] { return static_cast<int>(result_.messages.size()) >= count; });
  }
  bool AwaitEnd(milliseconds patience) {
    return Await(patience, [this] { return ended_; });
  }

  bool ended() {
    std::lock_guard<std::mutex> lock(mutex_);
    return ended_;
  }
  int messages() {
    std::lock_guard<std::mutex> lock(mutex_);
    return static_cast<int>(result_.messages.size());
  }
  CallResult result() {
    std::lock_guard<std::mutex> lock(mutex_);
    return result_;
  }

 private:
  using Handler = void (State::*)(bool ok);
  class Operation final : public Tag {
   public:
    Operation(std::shared_ptr<State> state, Handler handler)
        : state_(std::move(state)), handler_(handler) {}
    void OnTag(bool ok) override {
      (state_.get()->*handler_)(ok);
      delete this;
    }

   private:
    const std::shared_ptr<State> state_;
    const Handler handler_;
  };

  Tag* New(Handler handler) { return new Operation(shared_from_this(), handler); }

  void OnWritten(bool) {}

  void OnInitialMetadata(bool) {
    std::unique_lock<std::mutex> lock(mutex_);
    metadata_came_ = true;
    result_.initial_metadata = Copy(context_.GetServerInitialMetadata());
    changed_.notify_all();
    MaybeRead();
  }

  // With mutex_ held.
  void MaybeRead() {
    if (!metadata_came_ || reading_ || over_ || may_read_ == 0) return;
    if (may_read_ != INT_MAX) --may_read_;
    reading_ = true;
    stream_->Read(&incoming_, New(&State::OnRead));
  }

  void OnRead(bool ok) {
    std::unique_lock<std::mutex> lock(mutex_);
    reading_ = false;
    if (!ok) {
      over_ = true;
      stream_->Finish(&status_, New(&State::OnFinished));
      return;
    }
    if (result_.messages.empty()) result_.first_message = steady_clock::now();
    result_.messages.push_back(BytesOf(incoming_));
    incoming_.Clear();
    changed_.notify_all();
    MaybeRead();
  }

  void OnFinished(bool) {
    std::unique_lock<std::mutex> lock(mutex_);
    result_.ended = steady_clock::now();
    result_.code = status_.error_code();
    result_.name = CodeName(result_.code);
    result_.message = status_.error_message();
    result_.trailers = Copy(context_.GetServerTrailingMetadata());
    ReadDetails(status_.error_details(), &result_);
    CheckForSecrets();
    ended_ = true;
    changed_.notify_all();
  }

  void CheckForSecrets() const {
    ExpectNoSecret("a status message", result_.message);
    ExpectNoSecret("a status's details", status_.error_details());
    for (const Metadata* metadata : {&result_.initial_metadata, &result_.trailers}) {
      for (const auto& [name, value] : *metadata) ExpectNoSecret("metadata " + name, value);
    }
  }

  const bool half_close_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
  grpc::ByteBuffer incoming_;
  grpc::Status status_;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool metadata_came_ = false;
  bool reading_ = false;
  bool over_ = false;   // nothing more to read
  bool ended_ = false;  // the status is here
  int may_read_;
  CallResult result_;
};

RunningCall::~RunningCall() {
  if (state_ == nullptr || state_->ended()) return;
  state_->Cancel();
  state_->AllowReads(INT_MAX);
  state_->AwaitEnd(kPatience);
}

void RunningCall::Cancel() { state_->Cancel(); }
void RunningCall::Read(int count) { state_->AllowReads(count); }
bool RunningCall::AwaitInitialMetadata(milliseconds patience) {
  return state_->AwaitInitialMetadata(patience);
}
bool RunningCall::AwaitMessages(int count, milliseconds patience) {
  return state_->AwaitMessages(count, patience);
}
bool RunningCall::AwaitEnd(milliseconds patience) { return state_->AwaitEnd(patience); }
bool RunningCall::ended() const { return state_->ended(); }
int RunningCall::messages() const { return state_->messages(); }
std::string RunningCall::Describe() { return ended() ? Wait().Describe() : "has not ended"; }

CallResult RunningCall::Wait() {
  state_->AllowReads(INT_MAX);
  state_->AwaitEnd(kPatience);
  return state_->result();
}

class Caller::Impl {
 public:
  Impl(const std::string& target, const ChannelOptions& options)
      : channel_(grpc::CreateCustomChannel(target, Credentials(options), Arguments(options))),
        stub_(channel_),
        thread_([this] { Receive(); }) {}
  ~Impl() {
    queue_.Shutdown();
    thread_.join();
  }

  RunningCall Start(Rpc rpc, const std::string& method, const std::string& request,
                    const CallOptions& options) {
    auto state = std::make_shared<RunningCall::State>(rpc, options);
    state->Begin(&stub_, &queue_, method, request);
    return RunningCall(std::move(state));
  }

  bool Connect(milliseconds patience) {
    return channel_->WaitForConnected(std::chrono::system_clock::now() + patience);
  }

 private:
  static std::shared_ptr<grpc::ChannelCredentials> Credentials(const ChannelOptions& options) {
    if (options.ca_file.empty()) return grpc::InsecureChannelCredentials();
    std::ifstream file(options.ca_file);
    grpc::SslCredentialsOptions tls;
    tls.pem_root_certs.assign(std::istreambuf_iterator<char>(file), {});
    return grpc::SslCredentials(tls);
  }

  static grpc::ChannelArguments Arguments(const ChannelOptions& options) {
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(-1);
    // A channel of its own, not a connection shared with another caller of this process.
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    if (!options.bdp_probe) arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    if (options.keepalive_ms > 0) {
      arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, options.keepalive_ms);
      arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
    }
    if (!options.lb_policy.empty()) arguments.SetLoadBalancingPolicyName(options.lb_policy);
    if (!options.service_config.empty()) arguments.SetServiceConfigJSON(options.service_config);
    return arguments;
  }

  void Receive() {
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) static_cast<Tag*>(tag)->OnTag(ok);
  }

  const std::shared_ptr<grpc::Channel> channel_;
  grpc::GenericStub stub_;
  grpc::CompletionQueue queue_;
  std::thread thread_;
};

Caller::Caller(const std::string& target, const ChannelOptions& options)
    : impl_(std::make_unique<Impl>(target, options)) {}
Caller::~Caller() = default;

RunningCall Caller::Start(Rpc rpc, std::string_view body, const CallOptions& options) {
  return impl_->Start(rpc, std::string(MethodName(rpc)), SerializeRequest(body), options);
}

RunningCall Caller::StartRaw(const std::string& method, std::string request,
                             const CallOptions& options) {
  const Rpc rpc = method == MethodName(Rpc::kStreamChat) ? Rpc::kStreamChat : Rpc::kChat;
  return impl_->Start(rpc, method, request, options);
}

CallResult Caller::Call(Rpc rpc, std::string_view body, const CallOptions& options) {
  return Start(rpc, body, options).Wait();
}
CallResult Caller::Chat(std::string_view body, const CallOptions& options) {
  return Call(Rpc::kChat, body, options);
}
CallResult Caller::StreamChat(std::string_view body, const CallOptions& options) {
  return Call(Rpc::kStreamChat, body, options);
}

bool Caller::Connect(milliseconds patience) { return impl_->Connect(patience); }

}  // namespace sparkgate::support

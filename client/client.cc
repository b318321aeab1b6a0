#include "client/client.h"

#include <grpcpp/grpcpp.h>

#include <fstream>
#include <sstream>
#include <utility>

#include "client/call_error.h"
#include "sparkgate/v1/chat_service.grpc.pb.h"
#include "sparkgate/v1/debug_service.grpc.pb.h"
#include "sparkgate/v1/model_service.grpc.pb.h"

namespace sparkgate::client {
namespace {

using GrpcMetadata = std::multimap<grpc::string_ref, grpc::string_ref>;

Metadata Copy(const GrpcMetadata& from) {
  Metadata to;
  for (const auto& [name, value] : from) {
    to.emplace(std::string(name.data(), name.size()), std::string(value.data(), value.size()));
  }
  return to;
}

CallError Decode(const grpc::Status& status, const grpc::ClientContext& context) {
  return DecodeCallError(static_cast<absl::StatusCode>(status.error_code()), status.error_message(),
                         status.error_details(), Copy(context.GetServerTrailingMetadata()));
}

// gRPC aborts the process on metadata that it cannot send, so it must not see any.
std::optional<CallError> Check(const CallOptions& options) {
  const absl::Status status = CheckMetadata(options.metadata);
  if (status.ok()) return std::nullopt;
  CallError error;
  error.code = status.code();
  error.message = std::string(status.message());
  error.may_have_run = false;
  return error;
}

void Prepare(const CallOptions& options, grpc::ClientContext* context) {
  for (const auto& [name, value] : options.metadata) context->AddMetadata(name, value);
  if (options.timeout) {
    context->set_deadline(std::chrono::system_clock::now() + *options.timeout);
  }
  if (options.canceller != nullptr) {
    options.canceller->Attach([context] { context->TryCancel(); });
  }
}

// One call that answers once; `call` is the stub's method with the request already in it.
template <typename Response, typename Call>
Result<Reply<Response>> Unary(const CallOptions& options, const Call& call) {
  if (auto error = Check(options)) return *std::move(error);
  grpc::ClientContext context;
  Prepare(options, &context);
  Reply<Response> reply;
  const grpc::Status status = call(&context, &reply.response);
  if (options.canceller != nullptr) options.canceller->Detach();
  if (!status.ok()) return Decode(status, context);
  reply.initial_metadata = Copy(context.GetServerInitialMetadata());
  reply.trailers = Copy(context.GetServerTrailingMetadata());
  return reply;
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> Credentials(const std::string& ca_file) {
  if (ca_file.empty()) return grpc::InsecureChannelCredentials();
  std::ifstream file(ca_file, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) {
    return absl::NotFoundError("cannot read the CA file " + ca_file);
  }
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = text.str();
  return grpc::SslCredentials(tls);
}

grpc::ChannelArguments Arguments(const ClientOptions& options) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(options.max_receive_bytes);
  arguments.SetUserAgentPrefix(options.user_agent);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  const int most = static_cast<int>(options.max_reconnect_backoff.count());
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, most);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, most < 200 ? most : 200);
  return arguments;
}

}  // namespace

void Canceller::Cancel() {
  const std::lock_guard<std::mutex> lock(mutex_);
  cancelled_ = true;
  if (cancel_) cancel_();
}

bool Canceller::cancelled() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return cancelled_;
}

void Canceller::Attach(std::function<void()> cancel) {
  const std::lock_guard<std::mutex> lock(mutex_);
  cancel_ = std::move(cancel);
  if (cancelled_) cancel_();
}

void Canceller::Detach() {
  const std::lock_guard<std::mutex> lock(mutex_);
  cancel_ = nullptr;
}

struct Stream::Call {
  ~Call() {
    if (canceller != nullptr) canceller->Detach();
    if (reader == nullptr || finished) return;
    context.TryCancel();
    Drain();
    reader->Finish();
  }

  // gRPC wants the stream read to its end before Finish.
  void Drain() {
    v1::StreamChatResponse rest;
    while (reader->Read(&rest)) {
    }
  }

  grpc::ClientContext context;
  std::unique_ptr<grpc::ClientReader<v1::StreamChatResponse>> reader;  // none: it never began
  Canceller* canceller = nullptr;
  bool has_initial_metadata = false;
  bool finished = false;
  std::optional<CallError> error;
  Metadata initial_metadata;
  Metadata trailers;
};

Stream::Stream(std::unique_ptr<Call> call) : call_(std::move(call)) {}
Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&&) noexcept = default;
Stream::~Stream() = default;

bool Stream::Next(v1::StreamChatResponse* message) {
  if (call_->finished) return false;
  const bool more = call_->reader->Read(message);
  if (!call_->has_initial_metadata) {
    call_->has_initial_metadata = true;
    call_->initial_metadata = Copy(call_->context.GetServerInitialMetadata());
  }
  return more;
}

const std::optional<CallError>& Stream::Finish() {
  if (call_->finished) return call_->error;
  call_->Drain();
  const grpc::Status status = call_->reader->Finish();
  call_->finished = true;
  if (call_->canceller != nullptr) call_->canceller->Detach();
  call_->canceller = nullptr;
  call_->trailers = Copy(call_->context.GetServerTrailingMetadata());
  if (!status.ok()) call_->error = Decode(status, call_->context);
  return call_->error;
}

void Stream::Cancel() { call_->context.TryCancel(); }
const Metadata& Stream::initial_metadata() const { return call_->initial_metadata; }
const Metadata& Stream::trailers() const { return call_->trailers; }

struct Client::Channel {
  explicit Channel(const std::shared_ptr<grpc::Channel>& channel)
      : chat(v1::ChatService::NewStub(channel)),
        models(v1::ModelService::NewStub(channel)),
        debug(v1::DebugService::NewStub(channel)) {}

  std::unique_ptr<v1::ChatService::Stub> chat;
  std::unique_ptr<v1::ModelService::Stub> models;
  std::unique_ptr<v1::DebugService::Stub> debug;
};

Client::Client(std::unique_ptr<Channel> channel) : channel_(std::move(channel)) {}
Client::~Client() = default;

absl::StatusOr<std::unique_ptr<Client>> Client::Create(const std::string& target,
                                                       const ClientOptions& options) {
  auto credentials = Credentials(options.ca_file);
  if (!credentials.ok()) return credentials.status();
  auto channel = std::make_unique<Channel>(
      grpc::CreateCustomChannel(target, *credentials, Arguments(options)));
  return std::unique_ptr<Client>(new Client(std::move(channel)));
}

Result<ChatReply> Client::Chat(const v1::ChatRequest& request, const CallOptions& options) {
  return Unary<v1::ChatResponse>(options, [&](auto* context, auto* response) {
    return channel_->chat->Chat(context, request, response);
  });
}

Result<ModelsReply> Client::ListModels(const CallOptions& options) {
  return Unary<v1::ListModelsResponse>(options, [&](auto* context, auto* response) {
    return channel_->models->ListModels(context, v1::ListModelsRequest(), response);
  });
}

Result<ExplainReply> Client::Explain(const v1::ChatRequest& request, const CallOptions& options) {
  return Unary<v1::ExplainChatResponse>(options, [&](auto* context, auto* response) {
    return channel_->debug->ExplainChat(context, request, response);
  });
}

Stream Client::StreamChat(const v1::ChatRequest& request, const CallOptions& options) {
  auto call = std::make_unique<Stream::Call>();
  call->error = Check(options);
  call->finished = call->error.has_value();
  if (call->finished) return Stream(std::move(call));
  call->canceller = options.canceller;
  Prepare(options, &call->context);
  call->reader = channel_->chat->StreamChat(&call->context, request);
  return Stream(std::move(call));
}

}  // namespace sparkgate::client

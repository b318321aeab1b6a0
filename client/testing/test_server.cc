#include "client/testing/test_server.h"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <mutex>
#include <thread>
#include <utility>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "sparkgate/v1/chat_service.grpc.pb.h"
#include "sparkgate/v1/debug_service.grpc.pb.h"
#include "sparkgate/v1/model_service.grpc.pb.h"

namespace sparkgate::client {
namespace {

Metadata MetadataOf(const grpc::ServerContext& context) {
  Metadata metadata;
  for (const auto& [name, value] : context.client_metadata()) {
    metadata.emplace(std::string(name.data(), name.size()),
                     std::string(value.data(), value.size()));
  }
  return metadata;
}

grpc::Status ToGrpc(const TestStatus& status, grpc::ServerContext* context) {
  for (const auto& [name, value] : status.trailers) context->AddTrailingMetadata(name, value);
  return grpc::Status(static_cast<grpc::StatusCode>(status.code), status.message, status.details);
}

class Call final : public TestCall {
 public:
  Call(grpc::ServerContext* context, const v1::ChatRequest& request,
       grpc::ServerWriter<v1::StreamChatResponse>* writer, v1::ChatResponse* response)
      : context_(*context),
        request_(request),
        writer_(writer),
        response_(response),
        metadata_(MetadataOf(*context)) {}

  const v1::ChatRequest& request() const override { return request_; }
  const Metadata& metadata() const override { return metadata_; }
  bool streaming() const override { return writer_ != nullptr; }
  void AddInitialMetadata(const std::string& name, const std::string& value) override {
    context_.AddInitialMetadata(name, value);
  }
  bool Write(const v1::StreamChatResponse& message) override { return writer_->Write(message); }
  v1::ChatResponse* response() override { return response_; }

  // gRPC's synchronous server has no event for it.
  void WaitForCancel() override {
    while (!context_.IsCancelled()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }

 private:
  grpc::ServerContext& context_;
  const v1::ChatRequest& request_;
  grpc::ServerWriter<v1::StreamChatResponse>* const writer_;
  v1::ChatResponse* const response_;
  const Metadata metadata_;
};

// What has been asked, from gRPC's threads.
class Journal {
 public:
  void Add(TestedCall call) {
    const std::lock_guard<std::mutex> lock(mutex_);
    calls_.push_back(std::move(call));
  }
  std::vector<TestedCall> calls() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return calls_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<TestedCall> calls_;
};

class Models final : public v1::ModelService::Service {
 public:
  Models(const TestServer::Others& others, Journal* journal)
      : answer_(others.list_models), journal_(*journal) {}
  grpc::Status ListModels(grpc::ServerContext* context, const v1::ListModelsRequest*,
                          v1::ListModelsResponse* response) override {
    journal_.Add({{}, MetadataOf(*context), false, "ListModels"});
    return ToGrpc(answer_(response), context);
  }

 private:
  const std::function<TestStatus(v1::ListModelsResponse*)> answer_;
  Journal& journal_;
};

class Debug final : public v1::DebugService::Service {
 public:
  Debug(const TestServer::Others& others, Journal* journal)
      : answer_(others.explain), journal_(*journal) {}
  grpc::Status ExplainChat(grpc::ServerContext* context, const v1::ChatRequest* request,
                           v1::ExplainChatResponse* response) override {
    journal_.Add({*request, MetadataOf(*context), false, "ExplainChat"});
    return ToGrpc(answer_(response), context);
  }

 private:
  const std::function<TestStatus(v1::ExplainChatResponse*)> answer_;
  Journal& journal_;
};

std::shared_ptr<grpc::ServerCredentials> Credentials(const TestServer::Tls& tls) {
  if (tls.key_pem.empty()) return grpc::InsecureServerCredentials();
  grpc::SslServerCredentialsOptions options;
  options.pem_key_cert_pairs.push_back({tls.key_pem, tls.certificate_pem});
  return grpc::SslServerCredentials(options);
}

}  // namespace

class TestServer::Impl final : public v1::ChatService::Service {
 public:
  Impl(Handler handler, const Tls& tls, const Others& others)
      : handler_(std::move(handler)), models_(others, &journal_), debug_(others, &journal_) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", Credentials(tls), &port_);
    builder.RegisterService(this);
    if (others.list_models) builder.RegisterService(&models_);
    if (others.explain) builder.RegisterService(&debug_);
    server_ = builder.BuildAndStart();
  }
  ~Impl() override { server_->Shutdown(std::chrono::system_clock::now()); }

  grpc::Status Chat(grpc::ServerContext* context, const v1::ChatRequest* request,
                    v1::ChatResponse* response) override {
    Call call(context, *request, nullptr, response);
    return Handle(context, &call);
  }

  grpc::Status StreamChat(grpc::ServerContext* context, const v1::ChatRequest* request,
                          grpc::ServerWriter<v1::StreamChatResponse>* writer) override {
    Call call(context, *request, writer, nullptr);
    return Handle(context, &call);
  }

  int port() const { return port_; }

  std::vector<TestedCall> calls() const { return journal_.calls(); }

 private:
  grpc::Status Handle(grpc::ServerContext* context, Call* call) {
    journal_.Add({call->request(), call->metadata(), call->streaming(),
                  call->streaming() ? "StreamChat" : "Chat"});
    return ToGrpc(handler_(call), context);
  }

  const Handler handler_;
  Journal journal_;
  Models models_;
  Debug debug_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

TestServer::TestServer(Handler handler, const Tls& tls)
    : impl_(std::make_unique<Impl>(std::move(handler), tls, Others{})) {}
TestServer::TestServer(Others others)
    : impl_(std::make_unique<Impl>(
          [](TestCall*) {
            return TestStatus{static_cast<int>(grpc::StatusCode::UNIMPLEMENTED), "no chat"};
          },
          Tls{}, others)) {}
TestServer::~TestServer() = default;

std::string TestServer::target() const { return "127.0.0.1:" + std::to_string(impl_->port()); }
std::vector<TestedCall> TestServer::calls() const { return impl_->calls(); }

std::vector<v1::ChatRequest> TestServer::requests() const {
  std::vector<v1::ChatRequest> requests;
  for (const TestedCall& call : calls()) requests.push_back(call.request);
  return requests;
}

v1::StreamChatResponse Delta(const std::string& content) {
  v1::StreamChatResponse message;
  message.add_choices()->mutable_delta()->set_content(content);
  return message;
}

v1::StreamChatResponse FinishDelta(const std::string& reason) {
  v1::StreamChatResponse message;
  message.add_choices()->mutable_delta();
  message.mutable_choices(0)->set_finish_reason(reason);
  message.mutable_usage()->set_prompt_tokens(7);
  message.mutable_usage()->set_completion_tokens(11);
  message.mutable_usage()->set_total_tokens(18);
  return message;
}

TestStatus SparkgateStatus(int code, const std::string& message, const std::string& reason,
                           bool may_have_run, int retry_ms) {
  google::rpc::Status status;
  status.set_code(code);
  status.set_message(message);
  google::rpc::ErrorInfo info;
  info.set_domain("sparkgate");
  info.set_reason(reason);
  (*info.mutable_metadata())["may_have_run"] = may_have_run ? "true" : "false";
  status.add_details()->PackFrom(info);
  if (retry_ms > 0) {
    google::rpc::RetryInfo retry;
    retry.mutable_retry_delay()->set_seconds(retry_ms / 1000);
    retry.mutable_retry_delay()->set_nanos(retry_ms % 1000 * 1'000'000);
    status.add_details()->PackFrom(retry);
  }
  return {code, message, status.SerializeAsString(), {{"x-request-id", "req-test"}}};
}

}  // namespace sparkgate::client

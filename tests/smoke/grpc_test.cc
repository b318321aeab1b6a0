// The smallest proof that protoc, gRPC, GoogleTest and Bazel work together on this machine.
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include "sparkgate/v1/chat_service.grpc.pb.h"

namespace {

class Echo final : public sparkgate::v1::ChatService::Service {
  grpc::Status Chat(grpc::ServerContext*, const sparkgate::v1::ChatRequest* request,
                    sparkgate::v1::ChatResponse* response) override {
    response->set_model(request->model());
    return grpc::Status::OK;
  }
};

TEST(Toolchain, OneCallGoesOverOneSocket) {
  Echo echo;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&echo);
  auto server = builder.BuildAndStart();
  ASSERT_NE(server, nullptr);

  auto stub = sparkgate::v1::ChatService::NewStub(
      grpc::CreateChannel("127.0.0.1:" + std::to_string(port), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  sparkgate::v1::ChatRequest request;
  request.set_model("a model");
  sparkgate::v1::ChatResponse response;
  const grpc::Status status = stub->Chat(&context, request, &response);

  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.model(), "a model");
  server->Shutdown();
}

}  // namespace

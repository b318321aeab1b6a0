#ifndef SPARKGATE_SERVICE_RPC_RAW_SERVICE_H_
#define SPARKGATE_SERVICE_RPC_RAW_SERVICE_H_

#include <grpcpp/completion_queue.h>
#include <grpcpp/impl/codegen/rpc_service_method.h>
#include <grpcpp/impl/codegen/service_type.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/async_stream.h>
#include <grpcpp/support/byte_buffer.h>

#include <string>
#include <vector>

namespace sparkgate::rpc {

// A call as bytes both ways, whatever its method is: one request and one or more answers look the
// same on the wire as one of a bidirectional stream.
using RawStream = grpc::ServerAsyncReaderWriter<grpc::ByteBuffer, grpc::ByteBuffer>;

// Methods whose calls are handed over when their headers are there. What the generated services
// hand over has its whole request already, and until then nobody can bound the time that a caller
// takes to send it.
class RawService final : public grpc::Service {
 public:
  // Full names, as "/sparkgate.v1.ChatService/Chat"; they are numbered from 0.
  explicit RawService(const std::vector<std::string>& methods) : names_(methods) {
    for (size_t i = 0; i < names_.size(); ++i) {
      AddMethod(new grpc::internal::RpcServiceMethod(
          names_[i].c_str(), grpc::internal::RpcMethod::BIDI_STREAMING, nullptr));
      MarkMethodAsync(static_cast<int>(i));
    }
  }

  // Waits for one call of a method. As the generated Request… functions.
  void Request(int method, grpc::ServerContext* context, RawStream* stream,
               grpc::ServerCompletionQueue* queue, void* tag) {
    RequestAsyncBidiStreaming(method, context, stream, queue, queue, tag);
  }

 private:
  const std::vector<std::string> names_;  // gRPC keeps pointers to them
};

}  // namespace sparkgate::rpc

#endif  // SPARKGATE_SERVICE_RPC_RAW_SERVICE_H_

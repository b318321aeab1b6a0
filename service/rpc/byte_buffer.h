#ifndef SPARKGATE_SERVICE_RPC_BYTE_BUFFER_H_
#define SPARKGATE_SERVICE_RPC_BYTE_BUFFER_H_

#include <grpcpp/support/byte_buffer.h>

#include <string>

#include "sparkgate/v1/request.pb.h"

namespace sparkgate::rpc {

// Serialised bytes as gRPC takes them; large ones are not copied.
grpc::ByteBuffer ToByteBuffer(std::string bytes);

// Reads a message and frees the buffer: a request is not kept twice.
bool ParseMessage(grpc::ByteBuffer* buffer, v1::ChatRequest* message);

}  // namespace sparkgate::rpc

#endif  // SPARKGATE_SERVICE_RPC_BYTE_BUFFER_H_

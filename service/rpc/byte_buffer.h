#ifndef SPARKGATE_SERVICE_RPC_BYTE_BUFFER_H_
#define SPARKGATE_SERVICE_RPC_BYTE_BUFFER_H_

#include <google/protobuf/message_lite.h>
#include <grpcpp/support/byte_buffer.h>

#include <string>

namespace sparkgate::rpc {

// Serialised bytes as gRPC takes them; large ones are not copied.
grpc::ByteBuffer ToByteBuffer(std::string bytes);

// Reads a message and frees the buffer: a request is not kept twice.
bool ParseMessage(grpc::ByteBuffer* buffer, google::protobuf::MessageLite* message);

}  // namespace sparkgate::rpc

#endif  // SPARKGATE_SERVICE_RPC_BYTE_BUFFER_H_

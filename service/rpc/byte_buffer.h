#ifndef SPARKGATE_SERVICE_RPC_BYTE_BUFFER_H_
#define SPARKGATE_SERVICE_RPC_BYTE_BUFFER_H_

#include <google/protobuf/message.h>
#include <grpcpp/support/byte_buffer.h>

#include <cstddef>
#include <string>

#include "service/translate/call_status.h"

namespace sparkgate::rpc {

// Serialised bytes as gRPC takes them; large ones are not copied.
grpc::ByteBuffer ToByteBuffer(std::string bytes);

// Reads a request and frees the buffer, so that it is not kept twice. Not OK if it is none, or has
// more than `max_elements` (translate/request_size.h), which is found before anything is built.
CallStatus ParseRequest(grpc::ByteBuffer* buffer, size_t max_elements,
                        google::protobuf::Message* message);

// The same for the services beside chat, whose requests have at most a few lines. False if it is
// none, or has more than 64 KiB.
bool ParseSmall(grpc::ByteBuffer* buffer, google::protobuf::Message* message);

}  // namespace sparkgate::rpc

#endif  // SPARKGATE_SERVICE_RPC_BYTE_BUFFER_H_

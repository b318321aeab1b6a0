#include "service/rpc/byte_buffer.h"

#include <grpcpp/impl/codegen/proto_utils.h>

#include <utility>

namespace sparkgate::rpc {
namespace {

constexpr size_t kWorthKeeping = 4096;

}  // namespace

grpc::ByteBuffer ToByteBuffer(std::string bytes) {
  if (bytes.size() < kWorthKeeping) {
    const grpc::Slice slice(bytes);
    return grpc::ByteBuffer(&slice, 1);
  }
  auto* const owned = new std::string(std::move(bytes));
  const grpc::Slice slice(
      owned->data(), owned->size(), [](void* string) { delete static_cast<std::string*>(string); },
      owned);
  return grpc::ByteBuffer(&slice, 1);
}

bool ParseMessage(grpc::ByteBuffer* buffer, google::protobuf::MessageLite* message) {
  const grpc::Status status =
      grpc::SerializationTraits<google::protobuf::MessageLite>::Deserialize(buffer, message);
  buffer->Clear();
  return status.ok();
}

}  // namespace sparkgate::rpc

#include "service/rpc/byte_buffer.h"

#include <grpcpp/impl/codegen/proto_utils.h>

#include <utility>

#include "service/call/local_statuses.h"
#include "service/translate/request_size.h"

namespace sparkgate::rpc {
namespace {

constexpr size_t kWorthKeeping = 4096;
constexpr size_t kMostOfSmall = 64 * 1024;

CallStatus Unreadable(const google::protobuf::Message& message) {
  CallStatus status;
  status.code = absl::StatusCode::kInvalidArgument;
  status.reason = v1::ERROR_REASON_INVALID_REQUEST;
  status.pushback = Pushback::kNever;
  status.message = "The request is no " + message.GetTypeName() + "; generate the client anew.";
  return status;
}

bool HasAtMostElements(grpc::ByteBuffer buffer, const google::protobuf::Descriptor& type,
                       size_t limit) {
  constexpr size_t kSmallest = 2;  // bytes of an element
  if (buffer.Length() / kSmallest <= limit) return true;
  grpc::ProtoBufferReader reader(&buffer);
  return translate::HasAtMostElements(&reader, &type, limit);
}

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

CallStatus ParseRequest(grpc::ByteBuffer* buffer, size_t max_elements,
                        google::protobuf::Message* message) {
  const bool few = HasAtMostElements(*buffer, *message->GetDescriptor(), max_elements);
  const bool parsed =
      few &&
      grpc::SerializationTraits<google::protobuf::Message>::Deserialize(buffer, message).ok();
  buffer->Clear();
  if (!few) return call::TooManyElements(max_elements);
  return parsed ? CallStatus() : Unreadable(*message);
}

bool ParseSmall(grpc::ByteBuffer* buffer, google::protobuf::Message* message) {
  const bool parsed =
      buffer->Length() <= kMostOfSmall &&
      grpc::SerializationTraits<google::protobuf::Message>::Deserialize(buffer, message).ok();
  buffer->Clear();
  return parsed;
}

}  // namespace sparkgate::rpc

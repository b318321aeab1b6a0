#include "service/rpc/request_reader.h"

#include <grpcpp/impl/codegen/proto_utils.h>

#include <functional>
#include <map>
#include <random>

#include "absl/time/time.h"
#include "base/text.h"
#include "service/call/local_statuses.h"
#include "service/translate/request_size.h"

namespace sparkgate::rpc {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr size_t kMostOfSmall = 64 * 1024;

CallStatus Unreadable(const google::protobuf::Message& message) {
  return call::InvalidRequest("The request is no " + message.GetTypeName() +
                              "; generate the client anew.");
}

bool HasAtMostElements(grpc::ByteBuffer buffer, const google::protobuf::Descriptor& type,
                       size_t limit) {
  constexpr size_t kSmallest = 2;  // bytes of an element
  if (buffer.Length() / kSmallest <= limit) return true;
  grpc::ProtoBufferReader reader(&buffer);
  return translate::HasAtMostElements(&reader, &type, limit);
}

constexpr size_t kMaxRequestId = 128;
constexpr size_t kMaxHeaderValue = 4096;

using Metadata = std::multimap<grpc::string_ref, grpc::string_ref>;

std::string_view View(grpc::string_ref text) { return {text.data(), text.size()}; }

// Unique, not secret: the caller can bring his own.
std::string NewRequestId() {
  thread_local std::mt19937_64 random(std::random_device{}());
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string id;
  id.reserve(32);
  for (int word = 0; word < 2; ++word) {
    uint64_t bits = random();
    for (int i = 0; i < 16; ++i, bits >>= 4) id.push_back(kDigits[bits & 15]);
  }
  return id;
}

std::string_view FindOne(const Metadata& metadata, const char* name) {
  const auto found = metadata.find(name);
  return found == metadata.end() ? std::string_view() : View(found->second);
}

CallStatus BadHeader(const std::string& name) {
  return call::InvalidRequest(
      "Metadata " + name +
      " cannot become a header: it must be sent once, in printable ASCII, with at most " +
      std::to_string(kMaxHeaderValue) + " characters.");
}

constexpr char kHeartbeat[] = "sparkgate-heartbeat";

CallStatus ReadHeartbeat(const Metadata& metadata, RequestMetadata* result) {
  const std::string_view text = FindOne(metadata, kHeartbeat);
  if (text.empty()) return CallStatus();
  absl::Duration duration;
  const bool parsed = absl::ParseDuration({text.data(), text.size()}, &duration);
  const bool none = duration == absl::ZeroDuration();
  const bool usual = duration >= absl::Seconds(1) && duration <= absl::Hours(1);
  if (!parsed || (!none && !usual)) {
    return call::InvalidRequest(
        "Metadata sparkgate-heartbeat must be a duration from 1s to 1h, such as 15s, or 0.");
  }
  result->heartbeat = absl::ToChronoMilliseconds(duration);
  return CallStatus();
}

}  // namespace

// --- The message ---------------------------------------------------------------------------------

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

// --- Its metadata --------------------------------------------------------------------------------

RequestMetadata ReadMetadata(const grpc::ServerContextBase& context,
                             const std::vector<std::string>& allowed) {
  const Metadata& metadata = context.client_metadata();
  RequestMetadata result;
  const std::string_view id = FindOne(metadata, "x-request-id");
  const bool usable = !id.empty() && id.size() <= kMaxRequestId && IsPrintableAscii(id);
  result.request_id = usable ? std::string(id) : NewRequestId();
  result.headers.emplace_back("x-request-id", result.request_id);
  for (const std::string& name : allowed) {
    if (metadata.find(name) == metadata.end()) continue;
    const std::string_view value = FindOne(metadata, name.c_str());
    if (metadata.count(name) > 1 || value.size() > kMaxHeaderValue || !IsPrintableAscii(value)) {
      result.status = BadHeader(name);
      return result;
    }
    result.headers.emplace_back(name, value);
  }
  result.merge = FindOne(metadata, "x-sparkgate-coalesce") != "off";
  result.status = ReadHeartbeat(metadata, &result);
  return result;
}

uint64_t ConnectionOf(const std::string& peer) { return std::hash<std::string>()(peer); }

std::optional<std::chrono::steady_clock::time_point> FromWireDeadline(
    gpr_timespec deadline, std::chrono::system_clock::time_point system_now,
    std::chrono::steady_clock::time_point steady_now) {
  deadline = gpr_convert_clock_type(deadline, GPR_CLOCK_REALTIME);  // saturates
  constexpr int64_t kFar = 366 * 24 * 3600;                         // seconds
  const auto now = std::chrono::duration_cast<nanoseconds>(system_now.time_since_epoch());
  const int64_t now_seconds = std::chrono::duration_cast<seconds>(now).count();
  // gRPC's infinite past and future are the extremes of int64_t: compared before subtracted.
  if (deadline.tv_sec > now_seconds + kFar) return std::nullopt;
  if (deadline.tv_sec < now_seconds - kFar) return steady_now;
  return steady_now + (seconds(deadline.tv_sec) + nanoseconds(deadline.tv_nsec) - now);
}

}  // namespace sparkgate::rpc

#include "service/rpc/request_metadata.h"

#include <algorithm>
#include <functional>
#include <random>
#include <string_view>

#include "absl/time/time.h"

namespace sparkgate::rpc {
namespace {

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
  CallStatus status;
  status.code = absl::StatusCode::kInvalidArgument;
  status.reason = v1::ERROR_REASON_INVALID_REQUEST;
  status.pushback = Pushback::kNever;
  status.message =
      "Metadata " + name +
      " cannot become a header: it must be sent once, in printable ASCII, with at most " +
      std::to_string(kMaxHeaderValue) + " characters.";
  return status;
}

constexpr char kHeartbeat[] = "sparkgate-heartbeat";

CallStatus BadHeartbeat() {
  CallStatus status;
  status.code = absl::StatusCode::kInvalidArgument;
  status.reason = v1::ERROR_REASON_INVALID_REQUEST;
  status.pushback = Pushback::kNever;
  status.message =
      "Metadata sparkgate-heartbeat must be a duration from 1s to 1h, such as 15s, or 0.";
  return status;
}

CallStatus ReadHeartbeat(const Metadata& metadata, RequestMetadata* result) {
  const std::string_view text = FindOne(metadata, kHeartbeat);
  if (text.empty()) return CallStatus();
  absl::Duration duration;
  const bool parsed = absl::ParseDuration({text.data(), text.size()}, &duration);
  const bool none = duration == absl::ZeroDuration();
  const bool usual = duration >= absl::Seconds(1) && duration <= absl::Hours(1);
  if (!parsed || (!none && !usual)) return BadHeartbeat();
  result->heartbeat = absl::ToChronoMilliseconds(duration);
  return CallStatus();
}

}  // namespace

bool IsPrintable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

RequestMetadata ReadMetadata(const grpc::ServerContextBase& context,
                             const std::vector<std::string>& allowed) {
  const Metadata& metadata = context.client_metadata();
  RequestMetadata result;
  const std::string_view id = FindOne(metadata, "x-request-id");
  const bool usable = !id.empty() && id.size() <= kMaxRequestId && IsPrintable(id);
  result.request_id = usable ? std::string(id) : NewRequestId();
  result.headers.emplace_back("x-request-id", result.request_id);
  for (const std::string& name : allowed) {
    if (metadata.find(name) == metadata.end()) continue;
    const std::string_view value = FindOne(metadata, name.c_str());
    if (metadata.count(name) > 1 || value.size() > kMaxHeaderValue || !IsPrintable(value)) {
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

}  // namespace sparkgate::rpc

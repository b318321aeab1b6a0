// What a CallResult says about itself: everything that needs protobuf, but no gRPC.
#include <google/protobuf/util/json_util.h>

#include <cstdio>
#include <cstdlib>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "sparkgate/v1/request.pb.h"
#include "sparkgate/v1/response.pb.h"
#include "tests/support/call_details.h"
#include "tests/support/caller.h"

namespace sparkgate::support {
namespace {

constexpr std::string_view kCodeNames[] = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

std::string Find(const Metadata& metadata, std::string_view name) {
  for (const auto& [key, value] : metadata) {
    if (key == name) return value;
  }
  return "";
}

template <typename Message>
std::string ToJson(const std::string& bytes) {
  Message message;
  if (!message.ParseFromString(bytes)) return "(no message)";
  std::string json;
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  const auto status = google::protobuf::util::MessageToJsonString(message, &json, options);
  return status.ok() ? json : "(not printable: " + status.ToString() + ")";
}

// Calls `visit` with each entry of one choice: its message or delta, and the entry.
template <typename Visit>
void VisitChoice(const CallResult& result, int choice, Visit visit) {
  for (const std::string& bytes : result.messages) {
    if (result.rpc == Rpc::kChat) {
      v1::ChatResponse message;
      message.ParseFromString(bytes);
      for (const auto& entry : message.choices()) {
        if (entry.index() == choice) visit(entry.message(), entry.finish_reason());
      }
    } else {
      v1::StreamChatResponse message;
      message.ParseFromString(bytes);
      for (const auto& entry : message.choices()) {
        if (entry.index() == choice) visit(entry.delta(), entry.finish_reason());
      }
    }
  }
}

void ReadErrorInfo(const google::protobuf::Any& any, CallResult* result) {
  google::rpc::ErrorInfo info;
  if (!any.UnpackTo(&info)) return;
  ++result->error_infos;
  result->domain = info.domain();
  result->reason = info.reason();
  for (const auto& [key, value] : info.metadata()) result->info[key] = value;
}

}  // namespace

void ReadDetails(const std::string& details, CallResult* result) {
  result->details_bytes = details.size();
  google::rpc::Status status;
  if (details.empty() || !status.ParseFromString(details)) return;
  for (const auto& any : status.details()) {
    google::rpc::RetryInfo retry;
    google::rpc::BadRequest bad_request;
    ReadErrorInfo(any, result);
    if (any.UnpackTo(&retry)) {
      result->retry_delay_ms =
          retry.retry_delay().seconds() * 1000 + retry.retry_delay().nanos() / 1000000;
    }
    if (any.UnpackTo(&bad_request)) {
      for (const auto& violation : bad_request.field_violations()) {
        result->violations.push_back({violation.field(), violation.description()});
      }
    }
    result->quota_failure |= any.Is<google::rpc::QuotaFailure>();
  }
}

std::string SerializeRequest(std::string_view body) {
  v1::ChatRequest request;
  const auto status = google::protobuf::util::JsonStringToMessage(
      google::protobuf::StringPiece(body.data(), body.size()), &request);
  if (!status.ok()) {
    std::fprintf(stderr, "not a request: %s\n%.2000s\n", status.ToString().c_str(),
                 std::string(body).c_str());
    std::abort();
  }
  return request.SerializeAsString();
}

std::string_view RpcName(Rpc rpc) { return rpc == Rpc::kChat ? "Chat" : "StreamChat"; }

std::string_view MethodName(Rpc rpc) {
  return rpc == Rpc::kChat ? "/sparkgate.v1.ChatService/Chat"
                           : "/sparkgate.v1.ChatService/StreamChat";
}

std::string_view CodeName(int code) {
  return code >= 0 && code <= 16 ? kCodeNames[code] : "NOT ENDED";
}

std::string CallResult::may_have_run() const { return Info("may_have_run"); }
std::string CallResult::Trailer(std::string_view key) const { return Find(trailers, key); }
std::string CallResult::InitialMetadata(std::string_view key) const {
  return Find(initial_metadata, key);
}

std::string CallResult::Info(const std::string& key) const {
  const auto found = info.find(key);
  return found == info.end() ? "" : found->second;
}

std::chrono::milliseconds CallResult::elapsed() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(ended - begun);
}

std::string CallResult::Text(int choice) const {
  std::string text;
  VisitChoice(*this, choice, [&](const v1::ChatMessage& message, const std::string&) {
    text += message.content();
  });
  return text;
}

std::string CallResult::FinishReason(int choice) const {
  std::string last;
  VisitChoice(*this, choice, [&](const v1::ChatMessage&, const std::string& reason) {
    if (!reason.empty()) last = reason;
  });
  return last;
}

std::string CallResult::MessageJson(size_t index) const {
  if (index >= messages.size()) return "(no such message)";
  return rpc == Rpc::kChat ? ToJson<v1::ChatResponse>(messages[index])
                           : ToJson<v1::StreamChatResponse>(messages[index]);
}

std::string CallResult::AllJson() const {
  std::string all;
  for (size_t i = 0; i < messages.size(); ++i) all += MessageJson(i) + "\n";
  return all;
}

std::string CallResult::Describe() const {
  std::string text = name;
  if (!reason.empty()) text += " " + reason;
  if (!may_have_run().empty()) text += " may_have_run=" + may_have_run();
  if (!pushback().empty()) text += " pushback=" + pushback();
  if (retry_delay_ms) text += " retry=" + std::to_string(*retry_delay_ms) + "ms";
  for (const Violation& violation : violations) text += " [" + violation.field + "]";
  return message.empty() ? text : text + ": " + message;
}

}  // namespace sparkgate::support

#include "service/telemetry/log_call.h"

#include <string_view>
#include <vector>

namespace sparkgate::telemetry {
namespace {

// Names come from outside, and a whole prompt fits into one: a line holds a taste.
constexpr size_t kMaxNameBytes = 128;

Level LevelOf(const CallRecord& record) {
  if (record.abandoned) return Level::kError;
  if (record.code == "OK" || record.code == "CANCELLED") return Level::kInfo;
  return record.reason == "SPARKGATE_INTERNAL" ? Level::kError : Level::kWarning;
}

double Milliseconds(std::chrono::microseconds time) { return time.count() / 1000.0; }

class Fields {
 public:
  void Text(std::string_view key, std::string_view text) {
    if (!text.empty()) fields_.push_back({key, text});
  }
  void Name(std::string_view key, std::string_view text) {
    Text(key, text.substr(0, kMaxNameBytes));
  }
  void Always(std::string_view key, Value value) { fields_.push_back({key, value}); }
  void True(std::string_view key, bool value) {
    if (value) fields_.push_back({key, true});
  }
  void NotZero(std::string_view key, int64_t number) {
    if (number != 0) fields_.push_back({key, number});
  }
  const std::vector<Field>& get() const { return fields_; }

 private:
  std::vector<Field> fields_;
};

void Identity(const CallRecord& record, Fields* fields) {
  fields->Text("method", record.method);
  fields->Name("request_id", record.request_id);
  fields->Name("peer", record.peer);
  fields->Name("model", record.model);
  fields->Name("upstream_request_id", record.upstream_request_id);
}

void Ending(const CallRecord& record, Fields* fields) {
  fields->Always("code", record.code);
  fields->Text("reason", record.reason);
  fields->Text("detail", record.detail);
  fields->NotZero("http_status", record.http_status);
  fields->True("caller_cancelled", record.caller_cancelled);
  if (record.code != "OK") fields->Always("may_have_run", record.may_have_run);
  fields->True("forced", record.forced);
  fields->True("abandoned", record.abandoned);
}

void Amounts(const CallRecord& record, Fields* fields) {
  fields->Always("duration_ms", Milliseconds(record.duration));
  if (record.time_to_first_content.has_value()) {
    fields->Always("time_to_first_content_ms", Milliseconds(*record.time_to_first_content));
  }
  fields->Always("attempts", record.attempts);
  fields->Always("messages_sent", record.messages_sent);
  fields->Always("bytes_sent", record.bytes_sent);
  fields->Always("bytes_received", record.bytes_received);
  fields->NotZero("finished_choices", record.finished_choices);
  fields->NotZero("anomalies", record.anomalies);
  if (record.prompt_tokens.has_value()) fields->Always("prompt_tokens", *record.prompt_tokens);
  if (record.completion_tokens.has_value()) {
    fields->Always("completion_tokens", *record.completion_tokens);
  }
}

}  // namespace

void LogCall(const CallRecord& record, Logger* logger) {
  const Level level = LevelOf(record);
  if (!logger->Enabled(level)) return;
  Fields fields;
  Identity(record, &fields);
  Ending(record, &fields);
  Amounts(record, &fields);
  logger->Log(level, "call", fields.get());
}

}  // namespace sparkgate::telemetry

#include "tests/fuzz/checks.h"

#include <string>
#include <vector>

#include "base/json_reader.h"
#include "base/text.h"
#include "tests/fuzz/fuzz.h"

namespace sparkgate::fuzz {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

void CheckText(const std::string& text, const FieldDescriptor* field) {
  if (field->type() == FieldDescriptor::TYPE_STRING) FUZZ_CHECK(IsValidUtf8(text));
  if (field->name() != "extra_json") return;
  JsonDocument document;
  FUZZ_CHECK(document.Parse(text) == JsonDocument::Result::kOk);
  FUZZ_CHECK(document.root().is(JsonKind::kObject));
}

void CheckField(const Message& message, const FieldDescriptor* field) {
  const auto* reflection = message.GetReflection();
  const bool text = field->cpp_type() == FieldDescriptor::CPPTYPE_STRING;
  if (!text && field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return;
  if (!field->is_repeated()) {
    if (text) return CheckText(reflection->GetString(message, field), field);
    return CheckStrings(reflection->GetMessage(message, field));
  }
  for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
    if (text) {
      CheckText(reflection->GetRepeatedString(message, field, i), field);
    } else {
      CheckStrings(reflection->GetRepeatedMessage(message, field, i));
    }
  }
}

}  // namespace

void CheckStrings(const Message& message) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) CheckField(message, field);
}

void CheckStatus(const CallStatus& status) {
  FUZZ_CHECK(IsValidUtf8(status.message));
  FUZZ_CHECK(status.message.size() < 1024);
  FUZZ_CHECK(IsValidUtf8(status.upstream_code) && status.upstream_code.size() <= 64);
  FUZZ_CHECK(IsValidUtf8(status.upstream_request_id) && status.upstream_request_id.size() <= 128);
  FUZZ_CHECK(status.violations.size() <= 16);
  for (const FieldViolation& violation : status.violations) {
    FUZZ_CHECK(IsValidUtf8(violation.field) && !violation.field.empty());
    FUZZ_CHECK(IsValidUtf8(violation.description));
  }
  if (status.ok()) return;
  FUZZ_CHECK(!status.message.empty());
  FUZZ_CHECK(status.reason != v1::ERROR_REASON_UNSPECIFIED);
  if (status.retry_delay.has_value()) FUZZ_CHECK(status.retry_delay->count() >= 0);
  if (status.may_have_run) {
    FUZZ_CHECK(status.code != absl::StatusCode::kUnavailable);
    FUZZ_CHECK(status.pushback == Pushback::kNever);
    FUZZ_CHECK(!status.retry_delay.has_value());
  }
}

}  // namespace sparkgate::fuzz

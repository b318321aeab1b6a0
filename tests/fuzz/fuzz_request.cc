#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_text.h"
#include "google/protobuf/stubs/logging.h"
#include "service/translate/request_encoder.h"
#include "service/translate/response_decoder.h"
#include "simulator/chat_request.h"
#include "tests/fuzz/checks.h"
#include "tests/fuzz/cost.h"
#include "tests/fuzz/fuzz.h"

namespace sparkgate::fuzz {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

bool HoldsJson(const Message& message);

bool HoldsJson(const Message& message, const FieldDescriptor* field) {
  const auto* reflection = message.GetReflection();
  if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
    static constexpr std::string_view kEnd = "_json";
    const std::string& name = field->name();
    return name.size() > kEnd.size() &&
           name.compare(name.size() - kEnd.size(), kEnd.size(), kEnd) == 0;
  }
  if (!field->is_repeated()) return HoldsJson(reflection->GetMessage(message, field));
  for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
    if (HoldsJson(reflection->GetRepeatedMessage(message, field, i))) return true;
  }
  return false;
}

// Whether a caller's own JSON, or an upstream's, is anywhere in the request: it goes on as it is,
// right or wrong.
bool HoldsJson(const Message& message) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  return std::any_of(fields.begin(), fields.end(),
                     [&](const auto* field) { return HoldsJson(message, field); });
}

// What the codec writes from typed fields has the documented names and types, whatever the values.
bool IsCodecsFault(simulator::Violation::Kind kind, bool holds_json) {
  using Kind = simulator::Violation::Kind;
  if (kind == Kind::kBrokenJson) return true;
  return !holds_json && (kind == Kind::kExtra || kind == Kind::kType);
}

void CheckBody(const v1::ChatRequest& request, const translate::UpstreamBody& body) {
  FUZZ_CHECK(body.requested_choices >= 1);
  FUZZ_CHECK(translate::IsWholeJsonObject(body.json));
  // A caller's number is sent as it was written, also one that the validator's parser cannot hold.
  std::string json = body.json;
  BlankOverflowingNumbers(&json);
  const bool holds_json = HoldsJson(request);
  for (const auto& violation : simulator::Validate(json)) {
    const bool fault = IsCodecsFault(violation.kind, holds_json);
    if (fault) std::fprintf(stderr, "%s\n%s\n", violation.message.c_str(), body.json.c_str());
    FUZZ_CHECK(!fault);
  }
}

}  // namespace

int FuzzRequest(const uint8_t* data, size_t size) {
  std::string_view bytes = AsText(data, size);
  const uint8_t flags = TakeByte(&bytes);
  const google::protobuf::LogSilencer silencer;  // it complains of each string that is no UTF-8
  v1::ChatRequest request;
  if (!request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    // protobuf reserves what a string's length promises, up to 50 MB, and touches none of it.
    request = v1::ChatRequest();
    ForgetPeak();
    return 0;
  }
  translate::UpstreamBody body;
  const CallStatus status =
      translate::EncodeRequest(request, {(flags & 1) != 0, (flags & 2) != 0}, &body);
  CheckStatus(status);
  if (status.ok()) {
    CheckBody(request, body);
  } else {
    FUZZ_CHECK(status.code == absl::StatusCode::kInvalidArgument && !status.may_have_run);
    FUZZ_CHECK(!status.violations.empty());
    FUZZ_CHECK(body.json.empty());
  }
  return 0;
}

}  // namespace sparkgate::fuzz

#include <string>

#include "google/protobuf/stubs/logging.h"
#include "service/translate/chat_decoder.h"
#include "service/translate/json_repair.h"
#include "service/translate/request_encoder.h"
#include "simulator/request_validator.h"
#include "tests/fuzz/checks.h"
#include "tests/fuzz/fuzz.h"

namespace sparkgate::fuzz {
namespace {

void CheckBody(const translate::UpstreamBody& body) {
  FUZZ_CHECK(body.requested_choices >= 1);
  FUZZ_CHECK(translate::IsWholeJsonObject(body.json));
  // A caller's number is sent as it was written, also one that the validator's parser cannot hold.
  std::string json = body.json;
  translate::BlankOverflowingNumbers(&json);
  for (const auto& violation : simulator::Validate(json)) {
    if (violation.kind != simulator::Violation::Kind::kBrokenJson) continue;
    std::fprintf(stderr, "%s\n%s\n", violation.message.c_str(), body.json.c_str());
    FUZZ_CHECK(violation.kind != simulator::Violation::Kind::kBrokenJson);
  }
}

}  // namespace

int FuzzRequest(const uint8_t* data, size_t size) {
  std::string_view bytes = AsText(data, size);
  const uint8_t flags = TakeByte(&bytes);
  const google::protobuf::LogSilencer silencer;  // it complains of each string that is no UTF-8
  v1::ChatRequest request;
  if (!request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return 0;
  translate::UpstreamBody body;
  const CallStatus status =
      translate::EncodeRequest(request, {(flags & 1) != 0, (flags & 2) != 0}, &body);
  CheckStatus(status);
  if (status.ok()) {
    CheckBody(body);
  } else {
    FUZZ_CHECK(status.code == absl::StatusCode::kInvalidArgument && !status.may_have_run);
    FUZZ_CHECK(!status.violations.empty());
    FUZZ_CHECK(body.json.empty());
  }
  return 0;
}

}  // namespace sparkgate::fuzz

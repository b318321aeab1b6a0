#include "service/translate/request_encoder.h"
#include "service/translate/response_decoder.h"
#include "tests/fuzz/checks.h"
#include "tests/fuzz/fuzz.h"

namespace sparkgate::fuzz {
namespace {

// An answer's message, as it came, appended to the next request is accepted.
void CheckEcho(const v1::ChatMessage& message) {
  v1::ChatRequest request;
  request.set_model("m");
  *request.add_messages() = message;
  translate::UpstreamBody body;
  const CallStatus status = translate::EncodeRequest(request, {}, &body);
  if (!status.ok()) {
    std::fprintf(stderr, "%s\n%s\n", status.message.c_str(), request.DebugString().c_str());
  }
  FUZZ_CHECK(status.ok());
  FUZZ_CHECK(translate::IsWholeJsonObject(body.json));
}

}  // namespace

int FuzzChatAnswer(const uint8_t* data, size_t size) {
  v1::ChatResponse response;
  const CallStatus status = translate::DecodeChat(AsText(data, size), {}, &response);
  CheckStatus(status);
  CheckStrings(response);
  if (!status.ok()) {
    FUZZ_CHECK(status.may_have_run);
    return 0;
  }
  FUZZ_CHECK(response.choices_size() > 0);
  for (const v1::Choice& choice : response.choices()) {
    FUZZ_CHECK(!choice.message().role().empty());
    CheckEcho(choice.message());
  }
  return 0;
}

}  // namespace sparkgate::fuzz

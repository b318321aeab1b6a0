#include "service/translate/upstream_error.h"
#include "tests/fuzz/checks.h"
#include "tests/fuzz/fuzz.h"

namespace sparkgate::fuzz {

int FuzzErrorBody(const uint8_t* data, size_t size) {
  std::string_view bytes = AsText(data, size);
  const int first = TakeByte(&bytes);
  const int http_status = 100 + (first * 256 + TakeByte(&bytes)) % 500;
  for (const bool callers_key : {false, true}) {
    const CallStatus status = translate::HttpErrorStatus(http_status, {}, bytes, callers_key);
    CheckStatus(status);
    FUZZ_CHECK(!status.ok());
    FUZZ_CHECK(status.http_status == http_status);
  }
  const CallStatus after = translate::ErrorAfterOk(bytes);
  CheckStatus(after);
  if (!after.ok()) FUZZ_CHECK(after.may_have_run && after.http_status == 200);
  return 0;
}

}  // namespace sparkgate::fuzz

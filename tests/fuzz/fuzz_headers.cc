#include <string>

#include "service/translate/response_values.h"
#include "service/translate/upstream_error.h"
#include "tests/fuzz/checks.h"
#include "tests/fuzz/fuzz.h"

namespace sparkgate::fuzz {
namespace {

HeaderList Parse(std::string_view lines) {
  HeaderList headers;
  while (!lines.empty()) {
    const std::string_view line = TakeLine(&lines);
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    headers.emplace_back(line.substr(0, colon), line.substr(colon + 1));
  }
  return headers;
}

// What gRPC takes as metadata: anything else ends a call, or the process in debug builds.
bool IsLegalName(const std::string& name) {
  const bool binary = name.size() >= 4 && name.compare(name.size() - 4, 4, "-bin") == 0;
  const bool reserved = name.compare(0, 5, "grpc-") == 0;
  return !name.empty() && !binary && !reserved &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") == std::string::npos;
}

bool IsLegalValue(const std::string& value) {
  for (const char c : value) {
    if (c < 0x20 || c > 0x7E) return false;
  }
  return true;
}

}  // namespace

int FuzzHeaders(const uint8_t* data, size_t size) {
  const HeaderList headers = Parse(AsText(data, size));
  size_t bytes = 0;
  for (const auto& [name, value] : translate::PassedHeaders(headers)) {
    FUZZ_CHECK(IsLegalName(name));
    FUZZ_CHECK(IsLegalValue(value));
    bytes += name.size() + value.size();
  }
  FUZZ_CHECK(bytes <= 2048);
  const auto delay = translate::RetryAfter(headers);
  if (delay.has_value()) FUZZ_CHECK(delay->count() >= 0);
  v1::PerfMetrics metrics;
  translate::AddHeaderMetrics(headers, &metrics);
  CheckStrings(metrics);
  for (const int http_status : {400, 429, 503}) {
    CheckStatus(translate::HttpErrorStatus(http_status, headers, ""));
  }
  return 0;
}

}  // namespace sparkgate::fuzz

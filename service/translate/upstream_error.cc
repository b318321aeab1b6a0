#include "service/translate/upstream_error.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/text.h"
#include "service/translate/error_body.h"
#include "service/translate/field_path.h"
#include "service/translate/redaction.h"
#include "service/translate/status_rows.h"

namespace sparkgate::translate {
namespace {

using std::chrono::milliseconds;

constexpr size_t kMaxCode = 64;
constexpr size_t kMaxTarget = 256;
constexpr size_t kMaxRequestId = 128;
constexpr size_t kMaxViolations = 16;
constexpr size_t kMaxDescription = 160;

bool IsScalingUp(const ErrorBody& body) { return body.code == "DEPLOYMENT_SCALING_UP"; }

std::string Sentence(const StatusRow& row, int http_status, const std::string& text) {
  std::string sentence(row.what);
  if (http_status != 0) sentence += " (HTTP " + std::to_string(http_status) + ")";
  if (text.empty()) return sentence + '.';
  // The text may bring its own full stop.
  return sentence + ": \"" + text + (text.back() == '.' ? "\"" : "\".");
}

std::vector<FieldViolation> ViolationsOf(const ErrorBody& body) {
  std::vector<FieldViolation> violations;
  for (const FieldViolation& field : body.fields) {
    if (violations.size() == kMaxViolations) break;
    std::string path = ErrorFieldPath(field.field);
    if (path.empty()) continue;
    violations.push_back(
        {std::move(path), SafeText(CleanErrorText(field.description), kMaxDescription)});
  }
  return violations;
}

void SetRetry(const StatusRow& row, const HeaderList& headers, CallStatus* status) {
  status->pushback = row.pushback;
  if (row.retry == milliseconds::zero()) return;
  status->retry_delay = RetryAfter(headers).value_or(row.retry);
}

CallStatus Build(const StatusRow& row, int http_status, const HeaderList& headers,
                 const ErrorBody& body) {
  CallStatus status;
  status.code = row.code;
  status.reason = row.reason;
  status.may_have_run = row.may_have_run;
  status.quota_failure = row.quota;
  status.http_status = http_status;
  status.upstream_code = SafeText(CleanErrorText(body.code), kMaxCode);
  status.upstream_request_id = UpstreamRequestId(headers);
  if (status.upstream_request_id.empty()) {
    status.upstream_request_id = SafeText(CleanErrorText(body.request_id), kMaxRequestId);
  }
  const bool about_keys = row.reason == v1::ERROR_REASON_UPSTREAM_AUTH_FAILED;
  status.message =
      Sentence(row, http_status,
               about_keys ? CleanKeyErrorText(body.message) : CleanErrorText(body.message));
  status.advice = row.advice;
  if (row.code == absl::StatusCode::kInvalidArgument) status.violations = ViolationsOf(body);
  SetRetry(row, headers, &status);
  return status;
}

const StatusRow& RowFor(int http_status, const ErrorBody& body, bool callers_key) {
  if (http_status == 503 && IsScalingUp(body)) return kDeploymentNotReadyRow;
  if (http_status == 401 && callers_key) return kCallersKeyRow;
  const bool too_long = SaysContextLength(body.message) || SaysContextLength(body.code);
  if ((http_status == 400 || http_status == 422) && too_long) return kContextLengthRow;
  return RowOfStatus(http_status);
}

CallStatus StatusAfterOk(const ErrorBody& body, const HeaderList& headers) {
  const int own = body.status != 0 ? body.status : StatusOfWord(body.code);
  const bool too_long = own == 0 && SaysContextLength(body.message + ' ' + body.code);
  const int http_status = too_long ? 400 : own;
  StatusRow row = http_status == 0 ? kStreamErrorRow : RowFor(http_status, body, false);
  row.what = kStreamErrorRow.what;
  row.advice = kDoNotResendBlindly;
  CallStatus status = Build(row, 0, headers, body);
  if (status.upstream_code.empty() && own != 0) status.upstream_code = std::to_string(own);
  // The request has run, whatever the error's own code says.
  if (status.code == absl::StatusCode::kUnavailable) status.code = absl::StatusCode::kAborted;
  status.reason = v1::ERROR_REASON_UPSTREAM_STREAM_ERROR;
  status.may_have_run = true;
  status.pushback = Pushback::kNever;
  status.retry_delay.reset();
  status.http_status = 200;
  return status;
}

std::string_view DescribeParse(JsonDocument::Result result) {
  switch (result) {
    case JsonDocument::Result::kTooDeep:
      return "it is nested more than 64 levels deep";
    case JsonDocument::Result::kTooLarge:
      return "it has too many values: over 65536, and one for less than four bytes";
    default:
      return "it is not JSON";
  }
}

// Callers accept 8 KiB of metadata by default, and a status needs its share.
constexpr size_t kMaxPassedBytes = 2048;

bool IsPassed(std::string_view name) {
  for (const std::string_view prefix : {"x-ratelimit-", "ratelimit-", "retry-after"}) {
    if (name.substr(0, prefix.size()) == prefix) return true;
  }
  return false;
}

// gRPC fails the whole call for metadata that is not valid.
bool IsMetadata(std::string_view name, std::string_view value) {
  const bool named = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
  return named && !EndsWith(name, "-bin") && IsPrintableAscii(value);
}

constexpr double kMaxMilliseconds = 3600e3;

std::optional<double> ReadNumber(std::string_view text) {
  double number;
  if (!ParseNumber(text, &number) || std::isnan(number)) return std::nullopt;
  return number;
}

std::optional<absl::Time> ReadDate(const std::string& text) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", text, &time, &error)) return std::nullopt;
  return time;
}

milliseconds Bounded(double value) {
  return milliseconds(static_cast<int64_t>(std::clamp(std::ceil(value), 0.0, kMaxMilliseconds)));
}

}  // namespace

CallStatus HttpErrorStatus(int http_status, const HeaderList& headers, std::string_view body,
                           bool callers_key) {
  const ErrorBody error = ReadErrorBody(body);
  CallStatus status = Build(RowFor(http_status, error, callers_key), http_status, headers, error);
  const std::string target = http_status < 400 ? RedirectTarget(headers) : "";
  if (!target.empty()) status.message += " It points to " + target + '.';
  return status;
}

std::string RedirectTarget(const HeaderList& headers) {
  const std::string* location = FindHeader(headers, "location");
  if (location == nullptr) return "";
  std::string_view target = *location;
  target = target.substr(0, target.find_first_of("?#"));
  std::string shown(target);
  const size_t scheme = target.find("://");
  if (scheme != std::string_view::npos) {
    const size_t host = scheme + 3;
    const size_t path = std::min(target.find('/', host), target.size());
    const size_t user = target.substr(0, path).rfind('@');
    if (user != std::string_view::npos && user >= host) shown.erase(host, user + 1 - host);
  }
  return SafeText(shown, kMaxTarget);
}

CallStatus ErrorAfterOk(std::string_view json) {
  JsonDocument document;
  if (document.Parse(json) != JsonDocument::Result::kOk) return CallStatus();
  return ErrorOfAnswer(document.root(), {});
}

CallStatus ErrorOfAnswer(const JsonValue& root, const HeaderList& headers) {
  const ErrorBody body = ReadErrorObject(root, /*after_ok=*/true);
  return body.found ? StatusAfterOk(body, headers) : CallStatus();
}

CallStatus ErrorFinish(const HeaderList& headers) {
  ErrorBody body;
  body.message = "finish_reason is error";
  return StatusAfterOk(body, headers);
}

CallStatus ErrorEvent(std::string_view data, const HeaderList& headers) {
  return StatusAfterOk(ReadErrorBody(data), headers);
}

CallStatus MalformedAnswer(std::string_view what, const HeaderList& headers, Endpoint endpoint) {
  CallStatus status;
  status.code = absl::StatusCode::kInternal;
  status.reason = v1::ERROR_REASON_UPSTREAM_PROTOCOL_ERROR;
  status.message = "The upstream's answer is not a " + std::string(NameOf(endpoint)) + ": " +
                   std::string(what) + '.';
  status.advice = kDoNotResendBlindly;
  status.may_have_run = true;
  status.pushback = Pushback::kNever;
  status.http_status = 200;
  status.upstream_request_id = UpstreamRequestId(headers);
  return status;
}

CallStatus ParseAnswer(std::string_view json, const HeaderList& headers, Endpoint endpoint,
                       JsonDocument* document) {
  const auto result = document->Parse(json);
  if (result != JsonDocument::Result::kOk) {
    return MalformedAnswer(DescribeParse(result), headers, endpoint);
  }
  if (!document->root().is(JsonKind::kObject)) {
    return MalformedAnswer("it is no JSON object", headers, endpoint);
  }
  return ErrorOfAnswer(document->root(), headers);
}

std::string UpstreamRequestId(const HeaderList& headers) {
  for (const std::string_view name : {"x-request-id", "x-fireworks-request-id", "cf-ray"}) {
    const std::string* value = FindHeader(headers, name);
    if (value != nullptr && !value->empty()) return SafeText(*value, kMaxRequestId);
  }
  return "";
}

HeaderList PassedHeaders(const HeaderList& headers) {
  HeaderList passed;
  size_t room = kMaxPassedBytes;
  const auto pass = [&](const std::string& name, const std::string& value) {
    if (!IsMetadata(name, value) || name.size() + value.size() > room) return;
    room -= name.size() + value.size();
    passed.emplace_back(name, value);
  };
  const std::string id = UpstreamRequestId(headers);
  if (!id.empty()) pass("x-upstream-request-id", id);
  for (const auto& [name, value] : headers) {
    if (IsPassed(name)) pass(name, value);
  }
  return passed;
}

std::optional<milliseconds> RetryAfter(const HeaderList& headers) {
  if (const std::string* value = FindHeader(headers, "retry-after-ms")) {
    if (const auto number = ReadNumber(*value)) return Bounded(*number);
  }
  const std::string* value = FindHeader(headers, "retry-after");
  if (value == nullptr) return std::nullopt;
  if (const auto seconds = ReadNumber(*value)) return Bounded(*seconds * 1e3);
  const auto then = ReadDate(*value);
  if (!then.has_value()) return std::nullopt;
  const std::string* date = FindHeader(headers, "date");
  const absl::Time now = (date != nullptr ? ReadDate(*date) : std::nullopt).value_or(absl::Now());
  return Bounded(absl::ToDoubleMilliseconds(*then - now));
}

}  // namespace sparkgate::translate

#include "tests/faults/row.h"
#include "tests/support/http_text.h"

namespace sparkgate::faults {
namespace {

using support::Head;
using support::JsonResponse;

constexpr char kBody[] =
    R"({"error":{"object":"error","type":"invalid_request_error","code":"SOME_CODE","message":"No."},"request_id":"r-1"})";

Row WithStatus(int status, Expected expected, const std::string& name = "",
               const std::string& body = kBody, const std::string& headers = "") {
  expected.http_status = status;
  return {"HTTP " + std::to_string(status) + (name.empty() ? "" : " " + name), kAny,
          JsonResponse(body, status, headers), After::kKeep, std::move(expected)};
}

Expected NotOurProtocol() { return Refused("INTERNAL", "UPSTREAM_PROTOCOL_ERROR"); }
Expected RanAndFailed() { return MayHaveRun("INTERNAL", "UPSTREAM_INTERNAL"); }
Expected TimedOut() { return MayHaveRun("ABORTED", "UPSTREAM_TIMEOUT"); }

Expected RateLimited(const std::string& pushback) {
  Expected expected{"RESOURCE_EXHAUSTED", "RATE_LIMITED", "false", pushback};
  expected.retry_info = true;
  return expected;
}

std::vector<Row> FourHundreds() {
  return {
      WithStatus(400, Refused("INVALID_ARGUMENT", "INVALID_REQUEST")),
      WithStatus(
          400, Refused("INVALID_ARGUMENT", "CONTEXT_LENGTH_EXCEEDED"), "prompt too long",
          R"({"error":{"message":"The prompt is too long: 365407, model maximum context length: 262143"}})"),
      WithStatus(401, Refused("INTERNAL", "UPSTREAM_AUTH_FAILED")),
      WithStatus(402, Refused("RESOURCE_EXHAUSTED", "BILLING_LIMIT")),
      WithStatus(403, Refused("PERMISSION_DENIED", "FORBIDDEN")),
      WithStatus(404, Refused("NOT_FOUND", "MODEL_NOT_FOUND")),
      WithStatus(405, NotOurProtocol()),
      WithStatus(406, NotOurProtocol()),
      WithStatus(407, NotOurProtocol()),
      WithStatus(408, TimedOut()),
      WithStatus(409, NotOurProtocol()),
      WithStatus(410, Refused("NOT_FOUND", "MODEL_NOT_FOUND")),
      WithStatus(411, NotOurProtocol()),
      WithStatus(412, Refused("RESOURCE_EXHAUSTED", "BILLING_LIMIT"), "",
                 R"({"error":"suspended"})"),
      WithStatus(413, Refused("INVALID_ARGUMENT", "REQUEST_TOO_LARGE")),
      WithStatus(414, NotOurProtocol()),
      WithStatus(415, NotOurProtocol()),
      WithStatus(418, NotOurProtocol()),
      WithStatus(
          422, Refused("INVALID_ARGUMENT", "INVALID_REQUEST"), "",
          R"({"detail":[{"loc":["body","messages"],"msg":"field required","type":"missing"}]})"),
      WithStatus(425, TryAgain("DEPLOYMENT_NOT_READY")),
      WithStatus(429, RateLimited("1000")),
      WithStatus(429, RateLimited("7000"), "Retry-After 7", kBody, "Retry-After: 7\r\n"),
      WithStatus(431, NotOurProtocol()),
      WithStatus(451, Refused("PERMISSION_DENIED", "FORBIDDEN")),
  };
}

std::vector<Row> FiveHundreds() {
  const char kScaling[] =
      R"({"error":{"message":"Deployment is currently scaled to zero","code":"DEPLOYMENT_SCALING_UP","type":"error"}})";
  return {
      WithStatus(500, RanAndFailed()),
      WithStatus(501, NotOurProtocol()),
      WithStatus(502, MayHaveRun("ABORTED", "UPSTREAM_UNAVAILABLE"), "a page",
                 "<html>Bad gateway</html>"),
      WithStatus(503, TryAgain("UPSTREAM_OVERLOADED")),
      WithStatus(503, TryAgain("UPSTREAM_OVERLOADED"), "Retry-After 2", kBody,
                 "Retry-After: 2\r\n"),
      WithStatus(503, TryAgain("DEPLOYMENT_NOT_READY"), "scaling up", kScaling),
      WithStatus(504, TimedOut()),
      WithStatus(520, RanAndFailed()),
      WithStatus(521, TryAgain("UPSTREAM_UNREACHABLE")),
      WithStatus(522, TryAgain("UPSTREAM_UNREACHABLE")),
      WithStatus(523, TryAgain("UPSTREAM_UNREACHABLE")),
      WithStatus(524, TimedOut()),
      WithStatus(525, TryAgain("UPSTREAM_UNREACHABLE")),
      WithStatus(526, TryAgain("UPSTREAM_UNREACHABLE")),
      WithStatus(529, TryAgain("UPSTREAM_OVERLOADED")),
      WithStatus(530, TryAgain("UPSTREAM_UNREACHABLE")),
      WithStatus(599, RanAndFailed()),
  };
}

std::vector<Row> Others() {
  std::vector<Row> rows = {
      WithStatus(300, NotOurProtocol()),
      WithStatus(301, NotOurProtocol(), "redirect", "", "Location: http://127.0.0.1:1/\r\n"),
      WithStatus(302, NotOurProtocol(), "redirect", "", "Location: http://127.0.0.1:1/\r\n"),
      WithStatus(307, NotOurProtocol(), "redirect", "", "Location: http://127.0.0.1:1/\r\n"),
      // The header's type is looked at after the status.
      {"HTTP 500 with a stream's type", kAny,
       Head(500, "Content-Type: text/event-stream\r\nContent-Length: " +
                     std::to_string(sizeof(kBody) - 1) + "\r\n") +
           kBody,
       After::kKeep, RanAndFailed()},
      {"HTTP 400, body cut", kAny, Head(400, "Content-Length: 500\r\n") + "{\"error\":{\"mess",
       After::kClose, Refused("INVALID_ARGUMENT", "INVALID_REQUEST")},
      {"HTTP 429, no body, FIN", kAny, "HTTP/1.1 429 Slow\r\nContent-Length: 5\r\n\r\n",
       After::kClose, RateLimited("1000")},
      {"HTTP 401 that repeats the key", kAny,
       JsonResponse(
           R"({"error":{"message":"The API key fw_MadeUpKey7hQ2xV9mZ4tL is invalid.","code":401}})",
           401),
       After::kKeep, Refused("INTERNAL", "UPSTREAM_AUTH_FAILED")},
  };
  return rows;
}

}  // namespace

std::vector<Row> HttpRows() {
  std::vector<Row> rows;
  for (const auto& part : {FourHundreds(), FiveHundreds(), Others()}) {
    rows.insert(rows.end(), part.begin(), part.end());
  }
  return rows;
}

}  // namespace sparkgate::faults

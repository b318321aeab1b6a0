#include "simulator/errors.h"

#include <array>
#include <string_view>

#include "simulator/text.h"

namespace sparkgate::simulator {
namespace {

enum class Shape { kInference, kGateway, kDetail, kHtml };

struct Row {
  int status;
  Shape shape;
  std::string_view code;  // JSON text: the gateway's is a word or a number.
  std::string_view message;
};

constexpr std::array<Row, 19> kRows = {{
    {400, Shape::kInference, "", "The request could not be understood"},
    {401, Shape::kGateway, "401", "The API key you provided is invalid."},
    {402, Shape::kGateway, "\"PAYMENT_REQUIRED\"", "A paid plan is needed for this request"},
    {403, Shape::kGateway, "\"PERMISSION_DENIED\"", "Access to this resource is not allowed"},
    {404, Shape::kGateway, "\"NOT_FOUND\"", "Model not found, inaccessible, and/or not deployed"},
    {405, Shape::kGateway, "\"METHOD_NOT_ALLOWED\"", "Method not allowed"},
    {408, Shape::kGateway, "\"REQUEST_TIMEOUT\"", "The request took too long"},
    {412, Shape::kGateway, "\"PRECONDITION_FAILED\"",
     "Account sim is suspended, possibly due to reaching the monthly spending limit or failure to "
     "pay past invoices"},
    {413, Shape::kGateway, "\"PAYLOAD_TOO_LARGE\"", "The request body is too large"},
    {422, Shape::kDetail, "", "Input should be a valid string"},
    {425, Shape::kGateway, "\"TOO_EARLY\"", "The deployment is loading new weights"},
    {429, Shape::kInference, "", "rate limit exceeded, please try again later"},
    {500, Shape::kGateway, "\"INTERNAL\"", "Internal server error"},
    {501, Shape::kGateway, "\"UNIMPLEMENTED\"", "Not implemented"},
    {502, Shape::kGateway, "\"BAD_GATEWAY\"", "Bad gateway"},
    {503, Shape::kInference, "", "service overloaded, please try again later"},
    {504, Shape::kHtml, "", "Gateway time-out"},
    {520, Shape::kHtml, "", "Web server is returning an unknown error"},
    {529, Shape::kInference, "", "service overloaded, please try again later"},
}};

Row RowOf(int status) {
  for (const Row& row : kRows) {
    if (row.status == status) return row;
  }
  return {status, Shape::kGateway, "null", "The request failed"};
}

std::string InferenceBody(std::string_view message, const std::string& request_id) {
  return R"({"error":{"object":"error","type":"invalid_request_error",)"
         R"("code":"invalid_request_error","message":)" +
         JsonString(message) + "},\"request_id\":" + JsonString(request_id) + "}";
}

std::string GatewayBody(std::string_view message, std::string_view code, std::string_view param,
                        const std::string& request_id) {
  return "{\"error\":{\"message\":" + JsonString(message) + ",\"param\":" + std::string(param) +
         ",\"code\":" + std::string(code) +
         ",\"type\":\"error\"},\"request_id\":" + JsonString(request_id) + "}";
}

std::string HtmlPage(int status, std::string_view message) {
  const std::string title = std::to_string(status) + " " + std::string(message);
  return "<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" + title +
         "</h1></center>\r\n</body>\r\n</html>\r\n";
}

std::string BodyOf(const Row& row, const std::string& request_id) {
  switch (row.shape) {
    case Shape::kInference:
      return InferenceBody(row.message, request_id);
    case Shape::kDetail:
      return "{\"detail\":[{\"loc\":[\"body\",\"messages\",0,\"role\"],\"msg\":" +
             JsonString(row.message) + ",\"type\":\"string_type\",\"input\":5}]}";
    case Shape::kHtml:
      return HtmlPage(row.status, row.message);
    case Shape::kGateway:
      break;
  }
  const bool names_model = row.status == 404;
  return GatewayBody(row.message, row.code, names_model ? "\"model\"" : "null", request_id);
}

ErrorAnswer Html(int status) {
  return {status, "text/html", HtmlPage(status, RowOf(status).message), {}};
}

}  // namespace

ErrorAnswer StatusError(int status, const std::string& request_id) {
  const Row row = RowOf(status);
  if (row.shape == Shape::kHtml) return Html(status);
  return {status, "application/json", BodyOf(row, request_id), {}};
}

ErrorAnswer InvalidRequest(const std::string& message, const std::string& request_id) {
  return {400, "application/json", InferenceBody(message, request_id), {}};
}

ErrorAnswer PlannedError(const Plan& plan, const std::string& request_id) {
  ErrorAnswer answer = StatusError(plan.status, request_id);
  switch (plan.fault) {
    case Fault::kErrorAsStream:
      answer.content_type = "text/event-stream";
      break;
    case Fault::kErrorText:
      answer.body = "{\"error\":" + JsonString(RowOf(plan.status).message) + "}";
      break;
    case Fault::kHtml:
      answer = Html(plan.status);
      break;
    case Fault::kScalingUp:
      answer = {503,
                "application/json",
                R"({"error":{"message":"Deployment is currently scaled to zero and is scaling up",)"
                R"("code":"DEPLOYMENT_SCALING_UP","type":"error"}})",
                {}};
      break;
    case Fault::kPromptTooLong:
      answer = InvalidRequest(
          "The prompt is too long: 365407, model maximum context length: 262143", request_id);
      break;
    default:
      break;
  }
  if (plan.retry_after_seconds) {
    answer.fields.emplace_back("retry-after", std::to_string(*plan.retry_after_seconds));
  }
  return answer;
}

std::string BareErrorEvent() { return R"({"message":"The model server failed"})"; }

std::string ErrorEvent(const std::string& request_id) {
  return GatewayBody("The model server failed", "\"500\"", "null", request_id);
}

}  // namespace sparkgate::simulator

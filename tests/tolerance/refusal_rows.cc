// Answers that are no stream: statuses of all kinds with bodies of all kinds, and 200s of another
// type than was asked for.
#include "tests/tolerance/replay.h"

namespace sparkgate::tolerance {
namespace {

constexpr char kJson[] = "application/json";
constexpr char kEvents[] = "text/event-stream";
constexpr char kRan[] = "INTERNAL UPSTREAM_INTERNAL, may have run";
constexpr char kBad[] = "INVALID_ARGUMENT INVALID_REQUEST";
constexpr char kTooLong[] = "INVALID_ARGUMENT CONTEXT_LENGTH_EXCEEDED";
constexpr char kOdd[] = "INTERNAL UPSTREAM_PROTOCOL_ERROR";

// The type is looked at after the status, and neither is guessed from the other.
std::vector<Replay> StatusAndType() {
  const std::string error = R"({"error":{"message":"no tools here","type":"server_error"}})";
  const std::string answer = Message(R"("content":"Hi")");
  return {
      Error("04 500 with a stream's type and a JSON body", 500, kEvents, error, kRan)
          .Says("no tools here"),
      Error("04 400 with a stream's type and a JSON body", 400, kEvents, error, kBad)
          .Says("no tools here"),
      Error("04 500 with a stream's type and events", 500, kEvents, Hi() + kDone, kRan),
      Error("04 429 with a stream's type and nothing", 429, kEvents, "",
            "RESOURCE_EXHAUSTED RATE_LIMITED, retry in 1000"),
      Error("04 200 JSON with rubbish", 200, kJson, "{malformed json: <<<chaos>>>", Malformed()),
      Error("04 200 JSON with an answer where a stream was asked", 200, kJson, answer,
            "OK / 0 assistant 'Hi' stop")
          .OnlyStream(),
      Error("04 200 JSON with an error", 200, kJson, R"({"error":{"message":"no","code":429}})",
            StreamError("RESOURCE_EXHAUSTED")),
      Error("04 200 with a stream where JSON was asked", 200, kEvents, Hi() + Finish() + kDone,
            "OK / 0 assistant 'Hi' stop")
          .OnlyChat(),
      Error("04 200 with a stream's type and a bare JSON answer", 200, kEvents, answer,
            "OK / 0 assistant 'Hi' stop"),
      Error("04 200 with a stream's type and a bare JSON error", 200, kEvents,
            R"({"error":{"message":"no","code":400}})", StreamError("INVALID_ARGUMENT")),
      Error("04 200 with a page", 200, "text/html", "<html><title>Welcome</title></html>",
            Malformed()),
      Error("04 200 text/plain", 200, "text/plain", "hello", Malformed()),
  };
}

std::vector<Replay> Bodies() {
  return {
      Error(
          "03 422 with detail as a list", 422, kJson,
          R"({"detail":[{"type":"missing","loc":["body","messages"],"msg":"Field required","input":{"model":"m"}}]})",
          kBad)
          .Says("Field required"),
      Error("03 422 with detail as text", 422, kJson, R"({"detail":"not processable"})", kBad)
          .Says("not processable"),
      Error(
          "03 422 in OpenAI's shape", 422, kJson,
          R"({"error":{"message":"bad body","type":"invalid_request_error","param":null,"code":null}})",
          kBad)
          .Says("bad body"),
      Error("03 400 with error as bare text", 400, kJson, R"({"error":"no such thing"})", kBad)
          .Says("no such thing"),
      Error("03 400 with a numeric code", 400, kJson,
            R"({"error":{"code":400,"message":"parse error","type":"invalid_request_error"}})",
            kBad)
          .Says("parse error"),
      Error("03 400 with its code as text", 400, kJson,
            R"({"error":{"message":"parse error","type":"None","param":"None","code":"400"}})",
            kBad)
          .Says("parse error"),
      Error("03 400 with code null", 400, kJson,
            R"({"error":{"message":"no","type":"x","param":null,"code":null}})", kBad),
      Error("03 500 text/plain", 500, "text/plain; charset=utf-8", "Internal Server Error", kRan)
          .Says("Internal Server Error"),
      Error("03 404 text/plain", 404, "text/plain", "404 page not found",
            "NOT_FOUND MODEL_NOT_FOUND")
          .Says("404 page not found"),
      Error("03 502 with a page", 502, "text/html",
            "<html><head><title>502 Bad Gateway</title></head><body>x</body></html>",
            "ABORTED UPSTREAM_UNAVAILABLE, may have run")
          .Says("502 Bad Gateway")
          .NeverSays({"<html>", "<body>"}),
      Error("03 503 without a body", 503, "text/plain", "",
            "UNAVAILABLE UPSTREAM_OVERLOADED, retry in 1000"),
  };
}

// Server by server, what has not been said above.
std::vector<Replay> Servers() {
  return {
      Error(
          "llama.cpp, prompt too long", 400, kJson,
          R"({"error":{"code":400,"message":"the request exceeds the available context size, try increasing it","type":"exceed_context_size_error","n_prompt_tokens":99,"n_ctx":64}})",
          kTooLong),
      Error("llama.cpp, wrong path", 404, kJson,
            R"({"error":{"code":404,"message":"File Not Found","type":"not_found_error"}})",
            "NOT_FOUND MODEL_NOT_FOUND")
          .Says("File Not Found"),
      Error("llama.cpp, bad key", 401, kJson,
            R"({"error":{"code":401,"message":"Invalid API Key","type":"authentication_error"}})",
            "INTERNAL UPSTREAM_AUTH_FAILED"),
      Error("llama.cpp, still loading", 503, kJson,
            R"({"error":{"code":503,"message":"Loading model","type":"unavailable_error"}})",
            "UNAVAILABLE UPSTREAM_OVERLOADED, retry in 1000"),
      Error("llama-cpp-python, wrong method", 405, kJson, R"({"detail":"Method Not Allowed"})",
            kOdd),
      Error(
          "llama-cpp-python, prompt too long", 400, kJson,
          R"({"error":{"message":"This model's maximum context length is 64 tokens, however you requested 99 tokens","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}})",
          kTooLong),
      Stream("llama-cpp-python, prompt too long, as a stream", "", Truncated()),
      Error(
          "aimock, broken JSON", 400, kJson,
          R"({"error":{"message":"Malformed JSON","type":"invalid_request_error","code":"invalid_json"}})",
          kBad),
      Error("mock-llm, tools in a stream", 500, kEvents, R"({"error":"Cannot read tools"})", kRan)
          .Says("Cannot read tools"),
      Error("mock-llm, no messages", 500, kJson, R"({"error":"Cannot read messages"})", kRan),
      Error(
          "engine simulator, unknown model", 404, kJson,
          R"({"object":"error","message":"The model `x` does not exist.","type":"NotFoundError","param":null,"code":404})",
          "NOT_FOUND MODEL_NOT_FOUND")
          .Says("does not exist"),
      Stream(
          "engine simulator, prompt too long, as a stream",
          Event(
              R"({"error":{"object":"error","message":"This model's maximum context length is 64 tokens.","type":"BadRequestError","param":null,"code":400}})") +
              kDone,
          StreamError("INVALID_ARGUMENT")),
      Error(
          "fault mock, wrong type", 422, kJson,
          R"({"error":{"message":"temperature must be a number","type":"invalid_request_error","param":"temperature","code":"invalid_type"}})",
          kBad),
      Error(
          "LiteLLM, unknown model", 400, kJson,
          R"({"error":{"message":"/chat/completions: Invalid model name passed in model=x.","type":"invalid_request_error","param":"model","code":"400"}})",
          kBad),
      Error(
          "LiteLLM, bad key", 400, kJson,
          R"({"error":{"message":"No connected db.","type":"no_db_connection","param":null,"code":"400"}})",
          kBad),
      Error(
          "LiteLLM, upstream dead", 500, kJson,
          R"({"error":{"message":"litellm.InternalServerError: Connection error.","type":null,"param":null,"code":"500"}})",
          kRan),
      Stream(
          "LiteLLM, upstream cut in the middle",
          Hi() +
              Event(
                  R"({"error":{"message":"litellm.APIConnectionError: cut","type":null,"param":null,"code":"500"}})"),
          StreamError("INTERNAL", " / 0 assistant 'Hi' -")),
  };
}

// What an upstream says of its own inside does not go on to callers.
std::vector<Replay> Paths() {
  const std::string traceback =
      "Traceback (most recent call last):\\n  File "
      "\\\"/usr/lib/python3.11/site-packages/llama_cpp/server/app.py\\\", line 31, in f\\n    "
      "raise";
  const std::vector<std::string> inside = {"/usr/lib", "site-packages", "app.py", "hot-prompt"};
  return {
      Error(
          "14 a validation text with file paths", 500, kJson,
          R"({"error":{"message":"1 validation error in /usr/lib/python3.11/site-packages/llama_cpp/server/types.py: temperature: Input should be a valid number, input_value='hot-prompt'","type":"internal_server_error","param":null,"code":null}})",
          kRan)
          .Says("1 validation error")
          .NeverSays(inside),
      Error("14 a traceback", 500, kJson, R"({"error":{"message":"broken: )" + traceback + R"("}})",
            kRan)
          .Says("broken")
          .NeverSays(inside),
      Error("14 a traceback as text", 500, "text/plain",
            "Traceback (most recent call last):\n  File \"/usr/lib/python3.11/app.py\", line 3\n",
            kRan)
          .NeverSays(inside),
      Error(
          "14 detail with the caller's input", 422, kJson,
          R"({"detail":[{"loc":["body","temperature"],"msg":"Input should be a valid number","input":"hot-prompt","url":"/usr/lib/x/app.py"}]})",
          kBad)
          .Says("Input should be a valid number")
          .NeverSays(inside),
      Error("14 a message of a megabyte", 400, kJson,
            R"({"error":{"message":")" + std::string(1024 * 1024, 'x') + R"("}})", kBad),
      Error("14 in a stream", 200, kEvents,
            Event(R"({"error":{"message":"failed in /usr/lib/python3.11/app.py","code":500}})"),
            StreamError("INTERNAL"))
          .Says("failed in")
          .OnlyStream()
          .NeverSays(inside),
  };
}

}  // namespace

std::vector<Replay> RefusalRows() {
  std::vector<Replay> rows;
  for (const auto& part : {StatusAndType(), Bodies(), Servers(), Paths()}) {
    rows.insert(rows.end(), part.begin(), part.end());
  }
  return rows;
}

}  // namespace sparkgate::tolerance

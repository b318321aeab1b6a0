#include "tests/support/answers.h"

#include "tests/support/http_text.h"
#include "tests/support/secrets.h"

namespace sparkgate::support {
namespace {

std::string ChunkWith(const std::string& choices, std::string_view more = "") {
  return R"({"id":"c-1","object":"chat.completion.chunk","created":1700000000,"model":"m","choices":[)" +
         choices + "]" + std::string(more) + "}";
}

std::string Choice(int index, const std::string& delta, const std::string& finish_reason) {
  return "{\"index\":" + std::to_string(index) + ",\"delta\":" + delta +
         ",\"finish_reason\":" + finish_reason + "}";
}

constexpr char kUsage[] = R"(,"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7})";

}  // namespace

std::string RoleChunk(int index) {
  return ChunkWith(Choice(index, R"({"role":"assistant"})", "null"));
}

std::string ContentChunk(std::string_view text, int index) {
  return ChunkWith(Choice(index, "{\"content\":\"" + std::string(text) + "\"}", "null"));
}

std::string FinishChunk(std::string_view reason, int index) {
  return ChunkWith(Choice(index, "{}", "\"" + std::string(reason) + "\""));
}

std::string UsageChunk() { return ChunkWith("", kUsage); }

std::string StreamAnswer(const std::vector<std::string>& pieces) {
  std::vector<std::string> events = {RoleChunk()};
  for (const std::string& piece : pieces) events.push_back(ContentChunk(piece));
  events.push_back(ChunkWith(Choice(0, "{}", "\"stop\""), kUsage));
  return SseResponse(events);
}

std::string ChatAnswerBody(std::string_view text, std::string_view finish_reason) {
  return R"({"id":"c-1","object":"chat.completion","created":1700000000,"model":"m","choices":[)"
         R"({"index":0,"message":{"role":"assistant","content":")" +
         std::string(text) + R"("},"finish_reason":")" + std::string(finish_reason) + "\"}]" +
         kUsage + "}";
}

std::string ChatAnswer(std::string_view text) { return JsonResponse(ChatAnswerBody(text)); }

std::string ChatRequestBody(std::string_view user, std::string_view more) {
  return R"({"model":"m","messages":[{"role":"user","content":")" + std::string(kCanary) +
         R"("}],"user":")" + std::string(user) + "\"" + std::string(more) + "}";
}

std::string CallNameOf(std::string_view body) {
  constexpr std::string_view kKey = "\"user\":\"";
  const size_t at = body.find(kKey);
  if (at == std::string_view::npos) return "";
  body.remove_prefix(at + kKey.size());
  return std::string(body.substr(0, body.find('"')));
}

bool IsStream(std::string_view body) {
  return body.find("\"stream\":true") != std::string_view::npos;
}

std::string AnswerTo(std::string_view request_body, std::string_view text) {
  return IsStream(request_body) ? StreamAnswer({std::string(text)}) : ChatAnswer(text);
}

}  // namespace sparkgate::support

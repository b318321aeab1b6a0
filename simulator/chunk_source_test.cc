#include "simulator/chunk_source.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <vector>

namespace sparkgate::simulator {
namespace {

using Json = nlohmann::ordered_json;
using std::chrono::milliseconds;

std::string Body(const std::string& more) {
  return R"({"model":"m","messages":[{"role":"user","content":"Hello you"}])" + more + "}";
}

Answer Make(const std::string& more, Content content = Content::kStory, int tokens = 12) {
  Plan plan;
  plan.content = content;
  plan.tokens = tokens;
  const std::string body = Body(more);
  return MakeAnswer(ParseChatRequest(body), plan, body, "chatcmpl-1", 99);
}

Timing SomeTiming() { return {milliseconds(1500), milliseconds(2250)}; }

std::vector<Chunk> Stream(const Answer& answer, UsageChunk usage = UsageChunk::kFinish) {
  ChunkSource source(answer, usage, SomeTiming);
  std::vector<Chunk> chunks;
  while (auto chunk = source.Next()) chunks.push_back(*std::move(chunk));
  return chunks;
}

std::vector<Json> Parsed(const std::vector<Chunk>& chunks) {
  std::vector<Json> all;
  for (const Chunk& chunk : chunks) all.push_back(Json::parse(chunk.json));
  return all;
}

std::string Joined(const std::vector<Json>& chunks, const char* key, int index = 0) {
  std::string text;
  for (const Json& chunk : chunks) {
    for (const Json& choice : chunk["choices"]) {
      if (choice["index"] == index) text += choice["delta"].value(key, "");
    }
  }
  return text;
}

TEST(ChunkSourceTest, RoleThenOneChunkPerTokenThenFinishWithUsage) {
  const Answer answer = Make("");
  const auto chunks = Stream(answer);
  const auto json = Parsed(chunks);
  ASSERT_EQ(chunks.size(), 14u);
  EXPECT_EQ(chunks.front().json,
            R"({"id":"chatcmpl-1","object":"chat.completion.chunk","created":99,"model":"m",)"
            R"("choices":[{"index":0,"delta":{"role":"assistant"},"finish_reason":null}]})");
  EXPECT_FALSE(chunks.front().paced);
  EXPECT_TRUE(chunks[1].paced);
  EXPECT_EQ(json.back()["choices"][0].dump(), R"({"index":0,"delta":{},"finish_reason":"stop"})");
  EXPECT_EQ(json.back()["usage"].dump(),
            R"({"prompt_tokens":6,"total_tokens":18,"completion_tokens":12,)"
            R"("prompt_tokens_details":{"cached_tokens":0}})");
  EXPECT_FALSE(json[5].contains("usage"));
  EXPECT_EQ(Joined(json, "content"), answer.choices[0].content);
}

TEST(ChunkSourceTest, SeveralChoicesTakeTurnsAndUsageIsARunningTotal) {
  const Answer answer = Make(R"(,"n":2)");
  const auto chunks = Stream(answer);
  const auto json = Parsed(chunks);
  EXPECT_EQ(json[1]["choices"][0]["index"], 1);
  EXPECT_EQ(json[2]["choices"][0]["index"], 0);
  EXPECT_EQ(json[3]["choices"][0]["index"], 1);
  EXPECT_TRUE(chunks[2].paced);
  EXPECT_FALSE(chunks[3].paced);
  std::vector<int> totals;
  for (const Json& chunk : json) {
    if (chunk.contains("usage")) totals.push_back(chunk["usage"]["completion_tokens"]);
  }
  EXPECT_EQ(totals, (std::vector<int>{24, 24}));
  EXPECT_EQ(Joined(json, "content", 1), answer.choices[1].content);
}

TEST(ChunkSourceTest, UsageWhereItIsConfigured) {
  const auto last = [](UsageChunk usage, const std::string& more) {
    return Parsed(Stream(Make(more), usage)).back();
  };
  const std::string ask = R"(,"stream_options":{"include_usage":true})";
  const std::string refuse = R"(,"stream_options":{"include_usage":false})";
  for (const Json& chunk : {last(UsageChunk::kTrailing, ""), last(UsageChunk::kAuto, ask)}) {
    EXPECT_TRUE(chunk["choices"].empty());
    EXPECT_EQ(chunk["usage"]["completion_tokens"], 12);
  }
  for (const Json& chunk : {last(UsageChunk::kFinish, ask), last(UsageChunk::kAuto, "")}) {
    EXPECT_EQ(chunk["choices"][0]["finish_reason"], "stop");
    EXPECT_TRUE(chunk.contains("usage"));
  }
  EXPECT_FALSE(last(UsageChunk::kAuto, refuse).contains("usage"));
  EXPECT_FALSE(last(UsageChunk::kNone, "").contains("usage"));
}

TEST(ChunkSourceTest, PerformanceMetricsAreInTheLastChunkAlone) {
  for (UsageChunk usage : {UsageChunk::kFinish, UsageChunk::kTrailing}) {
    const auto json = Parsed(Stream(Make(R"(,"n":2,"perf_metrics_in_response":true)"), usage));
    EXPECT_EQ(json.back()["perf_metrics"].dump(),
              R"({"prompt-tokens":6,"cached-prompt-tokens":0,)"
              R"("server-time-to-first-token":"1.500000","server-processing-time":"2.250000"})");
    for (size_t i = 0; i + 1 < json.size(); ++i) EXPECT_FALSE(json[i].contains("perf_metrics"));
  }
}

TEST(ChunkSourceTest, ToolCallsComeInFragments) {
  const auto json = Parsed(Stream(Make("", Content::kParallelTools)));
  std::vector<std::string> names(2), arguments(2);
  for (const Json& chunk : json) {
    for (const Json& call : chunk["choices"][0]["delta"].value("tool_calls", Json::array())) {
      const size_t index = call["index"];
      names.at(index) += call["function"].value("name", "");
      arguments.at(index) += call["function"].value("arguments", "");
    }
  }
  EXPECT_EQ(names, (std::vector<std::string>{"get_weather", "get_weather"}));
  for (const std::string& text : arguments) EXPECT_TRUE(Json::parse(text).contains("city"));
  EXPECT_EQ(json.back()["choices"][0]["finish_reason"], "tool_calls");
  EXPECT_GT(json.size(), 8u);
}

TEST(ChunkSourceTest, ReasoningComesFirst) {
  const Answer answer = Make(R"(,"reasoning_effort":"low")");
  const auto json = Parsed(Stream(answer));
  EXPECT_TRUE(json[1]["choices"][0]["delta"].contains("reasoning_content"));
  EXPECT_EQ(Joined(json, "reasoning_content"), answer.choices[0].reasoning);
  EXPECT_EQ(Joined(json, "content"), answer.choices[0].content);
}

TEST(ChunkSourceTest, SurrogateHalvesComeInTwoChunks) {
  const auto chunks = Stream(Make("", Content::kSurrogates));
  size_t halves = 0;
  for (size_t i = 0; i + 1 < chunks.size(); ++i) {
    if (chunks[i].json.find(R"("content":"\ud83d")") == std::string::npos) continue;
    EXPECT_NE(chunks[i + 1].json.find(R"("content":"\ude00")"), std::string::npos);
    ++halves;
  }
  EXPECT_GT(halves, 2u);
}

TEST(ChunkSourceTest, LogprobsInBothShapesCoverTheText) {
  const Answer answer = Make(R"(,"logprobs":true,"top_logprobs":2)");
  std::string text;
  size_t offset = 0;
  for (const Json& chunk : Parsed(Stream(answer))) {
    const Json& choice = chunk["choices"][0];
    if (!choice.contains("logprobs")) continue;
    const Json& token = choice["logprobs"]["content"].at(0);
    EXPECT_EQ(token["text_offset"], offset);
    EXPECT_EQ(token["top_logprobs"].size(), 2u);
    EXPECT_EQ(token["top_logprobs"][0]["token"], token["token"]);
    text += token["token"].get<std::string>();
    offset += token["bytes"].size();
  }
  EXPECT_EQ(text, answer.choices[0].content);

  const Json body = Json::parse(CompletionBody(Make(R"(,"logprobs":3)"), SomeTiming()));
  const Json& legacy = body["choices"][0]["logprobs"];
  for (const char* key : {"tokens", "token_logprobs", "top_logprobs", "text_offset", "token_ids"}) {
    EXPECT_EQ(legacy[key].size(), 12u) << key;
  }
}

TEST(ChunkSourceTest, TokenIdsAndRawOutputWhenAskedFor) {
  const auto json = Parsed(Stream(Make(R"(,"return_token_ids":true,"raw_output":true)")));
  EXPECT_EQ(json[0]["prompt_token_ids"].size(), 2u);
  EXPECT_EQ(json[1]["choices"][0]["token_ids"].size(), 1u);
  EXPECT_EQ(json.back()["choices"][0]["raw_output"]["completion"], Joined(json, "content"));
}

TEST(CompletionBodyTest, SaysTheSameAsTheStream) {
  for (Content content : {Content::kStory, Content::kReasoning, Content::kEcho}) {
    const Answer answer = Make(R"(,"seed":4)", content);
    const auto chunks = Parsed(Stream(answer));
    const Json body = Json::parse(CompletionBody(answer, SomeTiming()));
    const Json& message = body["choices"][0]["message"];
    EXPECT_EQ(message["content"], Joined(chunks, "content"));
    EXPECT_EQ(message.value("reasoning_content", ""), Joined(chunks, "reasoning_content"));
    EXPECT_EQ(body["usage"], chunks.back()["usage"]);
    EXPECT_EQ(body["object"], "chat.completion");
    EXPECT_FALSE(body.contains("perf_metrics"));
  }
}

TEST(CompletionBodyTest, ToolCallsHaveNullContentAndNoIndex) {
  const Json body = Json::parse(CompletionBody(Make("", Content::kTools), SomeTiming()));
  const Json& message = body["choices"][0]["message"];
  EXPECT_TRUE(message["content"].is_null());
  EXPECT_FALSE(message["tool_calls"][0].contains("index"));
  EXPECT_EQ(message["tool_calls"][0]["function"]["name"], "get_weather");
}

TEST(CompletionBodyTest, DedicatedDeploymentsReportMore) {
  Answer answer = Make(R"(,"perf_metrics_in_response":true)");
  answer.model = "accounts/me/deployments/x";
  const Json body = Json::parse(CompletionBody(answer, SomeTiming()));
  EXPECT_EQ(body["perf_metrics"]["num-concurrent-requests"], 1);
  EXPECT_EQ(body["perf_metrics"]["speculation-acceptance"], "1:8/10,2:5/10");
}

}  // namespace
}  // namespace sparkgate::simulator

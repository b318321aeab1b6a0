// The message of an answer, appended to the next request as it came: what has a field in requests
// arrives byte for byte, what has none as JSON, what is for callers only is not sent.
#include <map>
#include <vector>

#include "tests/tolerance/stage.h"

namespace sparkgate::tolerance {
namespace {

using nlohmann::json;
using support::Rpc;

struct Echo {
  const char* name;
  std::vector<const char*> deltas;  // members of each, joined they are `message`
  const char* message;              // members of Chat's message
  const char* arrives;              // the message in the next request
};

const std::vector<Echo>& Echoes() {
  static const auto* const kRows = new std::vector<Echo>{
      {"text",
       {R"("role":"assistant","content":"")", R"("content":"Hi,\n\"you\" ")",
        R"("content":"\u00e9\ud83d")", R"("content":"\ude00")"},
       R"("role":"assistant","content":"Hi,\n\"you\" \u00e9\ud83d\ude00")",
       "{\"role\":\"assistant\",\"content\":\"Hi,\\n\\\"you\\\" \xC3\xA9\xF0\x9F\x98\x80\"}"},
      {"an empty text",
       {R"("role":"assistant","content":"")"},
       R"("role":"assistant","content":"")",
       R"({"role":"assistant","content":""})"},
      {"reasoning",
       {R"("role":"assistant")", R"("reasoning_content":"They ask\n")",
        R"("reasoning_content":"for \\\"Paris\\\".")", R"("content":"Yes.")"},
       R"("role":"assistant","content":"Yes.","reasoning_content":"They ask\nfor \\\"Paris\\\".")",
       R"({"role":"assistant","content":"Yes.","reasoning_content":"They ask\nfor \\\"Paris\\\"."})"},
      {"two calls, no content",
       {R"("role":"assistant","content":null)",
        R"("tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"f","arguments":""}}])",
        R"("tool_calls":[{"index":0,"function":{"arguments":"{\"city\": "}}])",
        R"("tool_calls":[{"index":0,"function":{"arguments":"\"K\u00f6ln\"}"}}])",
        R"("tool_calls":[{"index":1,"id":"call_2","type":"function","function":{"name":"g","arguments":"{}"}}])"},
       R"("role":"assistant","content":null,"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"f","arguments":"{\"city\": \"K\u00f6ln\"}"}},{"index":1,"id":"call_2","type":"function","function":{"name":"g","arguments":"{}"}}])",
       "{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"call_1\",\"type\":\"function\","
       "\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"city\\\": \\\"K\xC3\xB6ln\\\"}\"}},"
       "{\"id\":\"call_2\",\"type\":\"function\",\"function\":{\"name\":\"g\",\"arguments\":\"{}\"}"
       "}]}"},
      {"broken arguments, beside text and reasoning",
       {R"("role":"assistant","reasoning_content":"hm","content":"Let me see.")",
        R"("tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"f","arguments":"{\"city\": \"Par"}}])"},
       R"("role":"assistant","reasoning_content":"hm","content":"Let me see.","tool_calls":[{"id":"call_1","type":"function","function":{"name":"f","arguments":"{\"city\": \"Par"}}])",
       R"({"role":"assistant","content":"Let me see.","reasoning_content":"hm","tool_calls":[{"id":"call_1","type":"function","function":{"name":"f","arguments":"{\"city\": \"Par"}}]})"},
      {"arguments as an object stay its text, and empty ones stay",
       {R"("role":"assistant","tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":{"x": 1.10,"a":1}}},{"index":1,"id":"b","type":"function","function":{"name":"g","arguments":""}}])"},
       R"("role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":{"x": 1.10,"a":1}}},{"id":"b","type":"function","function":{"name":"g","arguments":""}}])",
       R"({"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\": 1.10,\"a\":1}"}},{"id":"b","type":"function","function":{"name":"g","arguments":""}}]})"},
      {"members without a field",
       {R"("role":"assistant","content":"a","annotations":[1.10],"tool_calls":[{"index":0,"id":"a","type":"function","t":1,"function":{"name":"f","arguments":"{}","u":2}}])"},
       R"("role":"assistant","content":"a","annotations":[1.10],"tool_calls":[{"index":0,"id":"a","type":"function","t":1,"function":{"name":"f","arguments":"{}","u":2}}])",
       R"({"role":"assistant","content":"a","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}","u":2},"t":1}],"annotations":[1.10]})"},
      {"a type of call that nobody knows yet",
       {R"("role":"assistant","tool_calls":[{"index":0,"id":"a","type":"custom","function":{"name":"f","arguments":"x"}}])"},
       R"("role":"assistant","tool_calls":[{"id":"a","type":"custom","function":{"name":"f","arguments":"x"}}])",
       R"({"role":"assistant","tool_calls":[{"id":"a","type":"custom","function":{"name":"f","arguments":"x"}}]})"},
  };
  return *kRows;
}

void Append(const char* key, const json& from, json* to) {
  if (to->is_null()) *to = json::object();
  if (from.contains(key)) (*to)[key] = to->value(key, "") + from[key].get<std::string>();
}

void JoinCall(const json& fragment, json* call) {
  for (const char* key : {"id", "type", "extra_json"}) Append(key, fragment, call);
  if (fragment.contains("index")) (*call)["index"] = fragment["index"];
  if (!fragment.contains("function")) return;
  for (const char* key : {"name", "arguments", "extra_json"}) {
    Append(key, fragment["function"], &(*call)["function"]);
  }
}

// A stream's deltas as one message, as callers join them.
json Joined(const support::CallResult& result) {
  json message = json::object();
  std::map<int, json> calls;
  for (size_t i = 0; i < result.messages.size(); ++i) {
    const json delta = json::parse(result.MessageJson(i))["choices"][0]["delta"];
    for (const char* key : {"role", "content", "reasoning_content", "extra_json"}) {
      Append(key, delta, &message);
    }
    for (const json& call : delta.value("tool_calls", json::array())) {
      JoinCall(call, &calls[call.value("index", 0)]);
    }
  }
  for (const auto& [index, call] : calls) message["tool_calls"].push_back(call);
  return message;
}

class EchoTest : public Stage {
 protected:
  json AnswerOf(Rpc rpc, const Echo& echo) {
    if (rpc == Rpc::kChat) {
      SetAnswer(rpc, std::string(R"({"id":"c","choices":[{"index":0,"message":{)") + echo.message +
                         "},\"finish_reason\":\"stop\"}]}");
    } else {
      std::vector<std::string> events;
      for (const char* delta : echo.deltas) {
        events.push_back(std::string(R"({"id":"c","choices":[{"index":0,"delta":{)") + delta +
                         "}}]}");
      }
      events.push_back(support::FinishChunk());
      SetAnswer(support::SseResponse(events));
    }
    const support::CallResult result = Call(rpc, support::ChatRequestBody("a"));
    EXPECT_TRUE(result.ok()) << result.Describe();
    if (rpc == Rpc::kStreamChat) return Joined(result);
    return json::parse(result.MessageJson(0))["choices"][0]["message"];
  }
};

TEST_F(EchoTest, ArrivesAsItCame) {
  for (const Rpc answered : support::kBothRpcs) {
    for (const Rpc asked : support::kBothRpcs) {
      for (const Echo& echo : Echoes()) {
        const json message = AnswerOf(answered, echo);
        SCOPED_TRACE(std::string(RpcName(answered)) + ", then " + std::string(RpcName(asked)) +
                     ", " + echo.name + "\n" + message.dump());
        SetAnswer(asked == Rpc::kChat ? support::ChatAnswer("Hi") : support::StreamAnswer({"Hi"}));
        const support::CallResult result =
            Call(asked, R"({"model":"m","messages":[{"role":"user","content":"q"},)" +
                            message.dump() + R"(,{"role":"user","content":"r"}]})");
        ASSERT_TRUE(result.ok()) << result.Describe();
        const std::string expected = R"({"model":"m","messages":[{"role":"user","content":"q"},)" +
                                     std::string(echo.arrives) +
                                     R"(,{"role":"user","content":"r"}])";
        EXPECT_EQ(LastBody().substr(0, expected.size()), expected);
      }
    }
  }
}

}  // namespace
}  // namespace sparkgate::tolerance

// Members that no field is there for, at every level, both ways and for both RPCs: nothing is lost,
// reordered or rewritten.
#include <map>
#include <vector>

#include "tests/tolerance/stage.h"

namespace sparkgate::tolerance {
namespace {

using nlohmann::json;
using support::Rpc;

// What a parser that rebuilds JSON would change: order, spaces, numbers, escapes.
constexpr char kMembers[] =
    R"("zz":{"b": [1.10, -0, 1e400, 18446744073709551616], "a" :null},"aa":"\u00e9\ud83d\ude00\/","m":1.0)";

// --- Answers --------------------------------------------------------------------------------

// A level of an answer: its mark in the template, where it is in the message, and a member that is
// known with a value that is none for it.
struct Level {
  const char* name;
  const char* pointer;
  const char* odd;    // "": none
  const char* known;  // what that stands in place of
};

constexpr Level kLevels[] = {
    {"answer", "", R"("created":"now")", R"("created":1)"},
    {"choice", "/choices/0", R"("token_ids":[1,"x"])", R"("token_ids":[1])"},
    {"message", "/choices/0/message", R"("reasoning_content":[1.10])",
     R"("reasoning_content":"hm")"},
    {"tool_call", "/choices/0/message/tool_calls/0", R"("id":{"a":1.10})", R"("id":"c")"},
    {"function", "/choices/0/message/tool_calls/0/function", R"("name":1.10)", R"("name":"f")"},
    {"logprobs", "/choices/0/logprobs", "", ""},
    {"token", "/choices/0/logprobs/content/0", R"("token_id":2147483648)", R"("token_id":7)"},
    {"top", "/choices/0/logprobs/content/0/top_logprobs/0", R"("token_id":"seven")",
     R"("token_id":8)"},
    {"raw_output", "/choices/0/raw_output", R"("grammar":1.0)", R"("grammar":"g")"},
    {"usage", "/usage", R"("completion_tokens":2.50)", R"("completion_tokens":2)"},
    {"prompt_details", "/usage/prompt_tokens_details", R"("cached_tokens":"many")",
     R"("cached_tokens":1)"},
    {"completion_details", "/usage/completion_tokens_details", R"("reasoning_tokens":3000000000)",
     R"("reasoning_tokens":1)"},
};

constexpr char kAnswer[] =
    R"({"id":"i","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"a",)"
    R"("reasoning_content":"hm","tool_calls":[{"index":0,"id":"c","type":"function","function":{"name":"f",)"
    R"("arguments":"{}"@function@}@tool_call@}]@message@},"finish_reason":"tool_calls","logprobs":{"content":[)"
    R"({"token":"a","logprob":-0.5,"token_id":7,"top_logprobs":[{"token":"a","logprob":-0.5,"token_id":8@top@}]@token@}])"
    R"(@logprobs@},"raw_output":{"prompt_token_ids":[1],"completion":"a","grammar":"g"@raw_output@},"token_ids":[1]@choice@}],)"
    R"("usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3,"prompt_tokens_details":)"
    R"({"cached_tokens":1@prompt_details@},"completion_tokens_details":{"reasoning_tokens":1@completion_details@}@usage@}@answer@})";

// The template with `members` at the levels that are named.
std::string AnswerWith(const std::map<std::string, std::string>& members) {
  std::string answer = kAnswer;
  for (const Level& level : kLevels) {
    const auto found = members.find(level.name);
    answer = Replaced(answer, "@" + std::string(level.name) + "@",
                      found == members.end() ? "" : "," + found->second);
  }
  return answer;
}

std::string ForRpc(Rpc rpc, const std::string& text) {
  return rpc == Rpc::kChat
             ? text
             : Replaced(Replaced(text, "\"message\"", "\"delta\""), "/message", "/delta");
}

class UnknownMembers : public Stage {
 protected:
  // The extra_json of every level that has one.
  std::map<std::string, std::string> ExtrasOf(Rpc rpc, const std::string& answer) {
    SetAnswer(rpc, ForRpc(rpc, answer));
    const support::CallResult result = Call(rpc, support::ChatRequestBody("a"));
    EXPECT_TRUE(result.ok()) << result.Describe() << answer;
    std::map<std::string, std::string> extras;
    size_t all = 0;
    for (size_t i = 0; i < result.messages.size(); ++i) {
      const std::string text = result.MessageJson(i);
      const json message = json::parse(text);
      for (const Level& level : kLevels) {
        const json::json_pointer pointer(ForRpc(rpc, level.pointer) + "/extra_json");
        if (message.contains(pointer)) extras[level.name] += message[pointer];
      }
      for (size_t at = 0; (at = text.find("\"extra_json\"", at)) != std::string::npos; ++at) ++all;
    }
    EXPECT_EQ(all, extras.size()) << result.AllJson();  // nowhere else
    return extras;
  }
};

TEST_F(UnknownMembers, ArriveAtEachLevelAsTheyAre) {
  for (const Rpc rpc : support::kBothRpcs) {
    for (const Level& level : kLevels) {
      SCOPED_TRACE(std::string(RpcName(rpc)) + " " + level.name);
      const auto extras = ExtrasOf(rpc, AnswerWith({{level.name, kMembers}}));
      EXPECT_EQ(
          extras,
          (std::map<std::string, std::string>{{level.name, std::string("{") + kMembers + "}"}}));
    }
  }
}

TEST_F(UnknownMembers, ArriveAtAllLevelsAtOnce) {
  std::map<std::string, std::string> sent, expected;
  for (const Level& level : kLevels) {
    sent[level.name] = std::string(kMembers) + ",\"own\":\"of " + level.name + "\"";
    expected[level.name] = "{" + sent[level.name] + "}";
  }
  for (const Rpc rpc : support::kBothRpcs) {
    SCOPED_TRACE(std::string(RpcName(rpc)));
    EXPECT_EQ(ExtrasOf(rpc, AnswerWith(sent)), expected);
  }
}

TEST_F(UnknownMembers, KnownOnesOfAnUnexpectedTypeAreAmongThem) {
  for (const Rpc rpc : support::kBothRpcs) {
    for (const Level& level : kLevels) {
      if (*level.known == '\0') continue;
      SCOPED_TRACE(std::string(RpcName(rpc)) + " " + level.name);
      const std::string answer = Replaced(AnswerWith({}), level.known, level.odd);
      ASSERT_NE(answer, AnswerWith({}));
      EXPECT_EQ(
          ExtrasOf(rpc, answer),
          (std::map<std::string, std::string>{{level.name, std::string("{") + level.odd + "}"}}));
    }
  }
}

TEST_F(UnknownMembers, NothingIsExtraInAnAnswerThatIsKnown) {
  for (const Rpc rpc : support::kBothRpcs) EXPECT_TRUE(ExtrasOf(rpc, AnswerWith({})).empty());
}

TEST_F(UnknownMembers, NullsAreDroppedAndNestedOnesAreNot) {
  for (const Rpc rpc : support::kBothRpcs) {
    EXPECT_EQ(ExtrasOf(rpc, AnswerWith({{"answer", R"("a":null,"b":[null],"c":null)"}})),
              (std::map<std::string, std::string>{{"answer", R"({"b":[null]})"}}));
  }
}

// --- Requests -------------------------------------------------------------------------------

constexpr const char* kRequestLevels[] = {"text_part",  "image_url", "video_url", "audio_url",
                                          "image_data", "message",   "tool_call", "definition",
                                          "tool",       "format",    "thinking",  "request"};

// The same request as its caller writes it and as it arrives.
constexpr char kAsWritten[] =
    R"({"model":"m","messages":[{"role":"user","content_parts":[{"text":"a"@text_part@},)"
    R"({"image_url":{"url":"https://x/i"@image_url@}},{"video_url":{"url":"https://x/v"@video_url@}},)"
    R"({"audio_url":{"url":"https://x/a"@audio_url@}},{"image_data":{"data":"AQI=","mime_type":"image/png"@image_data@}}])"
    R"(@message@},{"role":"assistant","tool_calls":[{"id":"c","function":{"name":"f","arguments":"{"}@tool_call@}]}],)"
    R"("tools":[{"function":{"name":"f"@definition@}@tool@}],"response_format":{"type":"json_object"@format@},)"
    R"("thinking":{"type":"enabled"@thinking@}@request@})";
constexpr char kAsArrived[] =
    R"({"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"a"@text_part@},)"
    R"({"type":"image_url","image_url":{"url":"https://x/i"@image_url@}},{"type":"video_url","video_url":{"url":"https://x/v"@video_url@}},)"
    R"({"type":"audio_url","audio_url":{"url":"https://x/a"@audio_url@}},{"type":"image_url","image_url":{"url":"data:image/png;base64,AQI="@image_data@}}])"
    R"(@message@},{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{"}@tool_call@}]}],)"
    R"("tools":[{"type":"function","function":{"name":"f"@definition@}@tool@}],"response_format":{"type":"json_object"@format@},)"
    R"("thinking":{"type":"enabled"@thinking@}@request@})";

std::string With(std::string text, const std::map<std::string, std::string>& insertions) {
  for (const char* level : kRequestLevels) {
    const auto found = insertions.find(level);
    text = Replaced(text, "@" + std::string(level) + "@",
                    found == insertions.end() ? "" : "," + found->second);
  }
  return text;
}

class ExtraBody : public Stage {
 protected:
  // `members` by level: what is given as extra_body_json arrives there, byte for byte.
  void ExpectArrives(const std::map<std::string, std::string>& members) {
    std::map<std::string, std::string> written;
    for (const auto& [level, text] : members) {
      written[level] = "\"extra_body_json\":" + Quoted("{" + text + "}");
    }
    for (const Rpc rpc : support::kBothRpcs) {
      SetAnswer(rpc == Rpc::kChat ? support::ChatAnswer("Hi") : support::StreamAnswer({"Hi"}));
      const support::CallResult result = Call(rpc, With(kAsWritten, written));
      ASSERT_TRUE(result.ok()) << result.Describe();
      std::string expected = With(kAsArrived, members);
      expected.pop_back();
      expected += rpc == Rpc::kStreamChat
                      ? R"(,"stream":true,"stream_options":{"include_usage":true}})"
                      : R"(,"stream":false})";
      EXPECT_EQ(LastBody(), expected);
    }
  }
};

TEST_F(ExtraBody, ArrivesAtEachLevelAsItIs) {
  for (const char* level : kRequestLevels) {
    SCOPED_TRACE(level);
    ExpectArrives({{level, kMembers}});
  }
}

TEST_F(ExtraBody, ArrivesAtAllLevelsAtOnce) {
  std::map<std::string, std::string> members;
  for (const char* level : kRequestLevels) {
    members[level] = std::string(kMembers) + ",\"own\":\"" + level + "\"";
  }
  ExpectArrives(members);
}

TEST_F(ExtraBody, NothingIsAddedWithoutIt) { ExpectArrives({}); }

}  // namespace
}  // namespace sparkgate::tolerance

// What real servers send beside the documented stream: nulls, unknown members, odd tool deltas,
// halves of characters.
#include <gtest/gtest.h>

#include "service/translate/testing/stream_fixture.h"

namespace sparkgate::translate {
namespace {

TEST(StreamToleranceTest, NullsAndMissingMembersSayNothing) {
  Stream stream;
  stream.Push(R"({"id":null,"usage":null,"choices":[{"index":0,"delta":{"role":null,"content":null,
      "tool_calls":null},"finish_reason":null,"logprobs":null,"stop_reason":null}],"x":null})");
  stream.Push(R"({"choices":[{"delta":null}]})").Push(R"({"choices":[{}]})").Push(R"({})");
  ASSERT_EQ(stream.messages.size(), 3u);
  EXPECT_EQ(stream.messages[0].ShortDebugString(), R"(choices { delta { role: "assistant" } })");
  EXPECT_EQ(stream.messages[1].ShortDebugString(), "choices { delta { } }");
  EXPECT_EQ(stream.translator_.anomalies(), 0);
}

TEST(StreamToleranceTest, AnEmptyFinishReasonIsNone) {
  Stream stream;
  stream.Choices(R"({"index":0,"delta":{"content":"a"},"finish_reason":""})");
  EXPECT_FALSE(stream.translator_.AllChoicesFinished());
  EXPECT_FALSE(stream.messages[0].choices(0).has_finish_reason());
}

TEST(StreamToleranceTest, UnknownMembersPassAtEveryLevel) {
  Stream stream;
  stream.Push(
      R"({"z": 1.10,"choices":[{"index":0,"b":[1e400, -0],"delta":{"content":"a","r":{"y":1,"x":2},
      "tool_calls":[{"index":0,"t":0.10,"function":{"f":12345678901234567890123}}]}}],"a":1e2})");
  const auto& message = stream.messages[0];
  EXPECT_EQ(message.extra_json(), R"({"z":1.10,"a":1e2})");
  EXPECT_EQ(message.choices(0).extra_json(), R"({"b":[1e400, -0]})");
  EXPECT_EQ(message.choices(0).delta().extra_json(), R"({"r":{"y":1,"x":2}})");
  const auto& call = message.choices(0).delta().tool_calls(0);
  EXPECT_EQ(call.extra_json(), R"({"t":0.10})");
  EXPECT_EQ(call.function().extra_json(), R"({"f":12345678901234567890123})");
}

TEST(StreamToleranceTest, TheChunksOwnUnknownMembersOnlyOnChange) {
  Stream stream;
  const auto push = [&](const std::string& members) {
    stream.Push("{" + members + R"("choices":[{"index":0,"delta":{"content":"a"}}]})");
  };
  push(R"("system_fingerprint":"f",)");
  push(R"("system_fingerprint":"f",)");
  push("");
  push(R"("system_fingerprint":"g",)");
  EXPECT_EQ(stream.messages[0].extra_json(), R"({"system_fingerprint":"f"})");
  EXPECT_FALSE(stream.messages[1].has_extra_json());
  EXPECT_FALSE(stream.messages[2].has_extra_json());
  EXPECT_EQ(stream.messages[3].extra_json(), R"({"system_fingerprint":"g"})");
}

TEST(StreamToleranceTest, UnknownMembersBesideUsageAreNotLost) {
  Stream stream;
  stream.Text("a").Finish().Push(R"({"choices":[],"usage":{"total_tokens":1},"timings":{"x":1}})");
  stream.Release();
  ASSERT_EQ(stream.messages.size(), 2u);
  EXPECT_EQ(stream.messages[1].extra_json(), R"({"timings":{"x":1}})");
  EXPECT_EQ(stream.messages[1].usage().total_tokens(), 1);
}

TEST(StreamToleranceTest, TwoSetsOfUnknownMembersBothArrive) {
  Stream stream;
  stream.Text("a");
  stream.Push(R"({"choices":[],"x":1})").Push(R"({"choices":[],"x":2})").Finish();
  stream.Push(R"({"choices":[],"x":3})").Release();
  std::string seen;
  for (const auto& message : stream.messages) {
    seen += message.extra_json();
    EXPECT_EQ(message.choices_size(), 1);
  }
  EXPECT_EQ(seen, R"({"x":1}{"x":2}{"x":3})");
  EXPECT_EQ(stream.messages.back().extra_json(), R"({"x":3})");
}

TEST(StreamToleranceTest, AKnownMemberOfAnUnexpectedTypePassesAndIsCounted) {
  Stream stream;
  stream.Push(
      R"({"created":"now","choices":[{"index":0,"delta":{"content":[1]},"token_ids":[1,"x"],
      "finish_reason":7}],"usage":[]})");
  const auto& message = stream.messages[0];
  EXPECT_EQ(message.extra_json(), R"({"created":"now","usage":[]})");
  EXPECT_EQ(message.choices(0).extra_json(), R"({"token_ids":[1,"x"],"finish_reason":7})");
  EXPECT_EQ(message.choices(0).delta().extra_json(), R"({"content":[1]})");
  EXPECT_EQ(stream.translator_.anomalies(), 5);
}

// One tool call as a server sends it: id, type and name in every fragment.
TEST(StreamToleranceTest, RepeatedIdsAndNamesAreSentOnce) {
  Stream stream;
  for (const char* arguments : {"{", "\\\"a\\\":1", "}"}) {
    stream.Choices(R"({"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","type":"function",)"
                   R"("function":{"name":"f","arguments":")" +
                   std::string(arguments) + "\"}}]}}");
  }
  std::string id, type, name, arguments;
  for (const auto& message : stream.messages) {
    const auto& call = message.choices(0).delta().tool_calls(0);
    EXPECT_EQ(call.index(), 0);
    id += call.id(), type += call.type();
    name += call.function().name(), arguments += call.function().arguments();
  }
  EXPECT_EQ(id, "c");
  EXPECT_EQ(type, "function");
  EXPECT_EQ(name, "f");
  EXPECT_EQ(arguments, R"({"a":1})");
}

TEST(StreamToleranceTest, ToolCallsOfEveryShape) {
  Stream stream;
  stream.Choices(R"({"index":0,"delta":{"tool_calls":[
      {"id":"a","function":{"name":"f","arguments":{"x": 1.10}}},
      {"id":"b","function":"g"},{"index":2,"function":{"name":null,"arguments":"{\"a\":"}}]}})");
  const auto& delta = stream.messages[0].choices(0).delta();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(delta.tool_calls(i).index(), i);
  EXPECT_EQ(delta.tool_calls(0).function().arguments(), R"({"x": 1.10})");
  EXPECT_EQ(delta.tool_calls(1).id(), "b");
  EXPECT_EQ(delta.tool_calls(1).function().name(), "g");
  EXPECT_FALSE(delta.tool_calls(2).function().has_name());
  EXPECT_EQ(delta.tool_calls(2).function().arguments(), R"({"a":)");
  EXPECT_EQ(stream.translator_.anomalies(), 0);
}

TEST(StreamToleranceTest, AnotherIdUnderTheSameIndexIsAnotherCall) {
  Stream stream;
  for (const char* id : {"a", "b"}) {
    stream.Choices(R"({"index":0,"delta":{"tool_calls":[{"index":0,"type":"function","id":")" +
                   std::string(id) + R"(","function":{"name":"f","arguments":"{}"}}]}})");
  }
  const auto& second = stream.messages[1].choices(0).delta().tool_calls(0);
  EXPECT_EQ(second.id(), "b");
  EXPECT_EQ(second.type(), "function");
  EXPECT_EQ(second.function().name(), "f");
}

TEST(StreamToleranceTest, HalvesOfACharacterAreJoined) {
  Stream stream;
  stream.Text("a\\ud83d").Text("\\ude00b").Finish();
  EXPECT_EQ(stream.messages[0].choices(0).delta().content(), "a");
  stream.Release();
  EXPECT_EQ(stream.AllText(),
            "a\xF0\x9F\x98\x80"
            "b");
}

TEST(StreamToleranceTest, AHalfThatStaysAloneIsReplaced) {
  constexpr char kLone[] = "\xEF\xBF\xBD";
  EXPECT_EQ(Stream().Text("a\\ud83d").Text("b").AllText(), std::string("a") + kLone + "b");
  EXPECT_EQ(Stream().Text("a\\ud83d").Finish().Release().AllText(), std::string("a") + kLone);
  EXPECT_EQ(Stream().Text("a\\ud83d").Release().AllText(), std::string("a") + kLone);
  EXPECT_EQ(Stream().Text("a\\ud83d").Release(false).AllText(), std::string("a") + kLone);
  EXPECT_EQ(Stream().Text("\\ude00b").AllText(), std::string(kLone) + "b");
  EXPECT_EQ(Stream().Text("\\ud83d").Text("\\ud83d").Text("\\ude00").AllText(),
            std::string(kLone) + "\xF0\x9F\x98\x80");
  EXPECT_EQ(Stream().Text("\\ud83d").Text("").Text("\\ude00").AllText(), "\xF0\x9F\x98\x80");
  EXPECT_EQ(Stream()
                .Text("\\ud83d")
                .Choices(R"({"index":0,"delta":{"content":""},"finish_reason":"stop"})")
                .Release()
                .AllText(),
            kLone);
  EXPECT_EQ(Stream().Text("x\\ud83dy").AllText(), "x" + std::string(kLone) + "y");
  EXPECT_EQ(Stream().Finish().Text("a\\ud83d").Release().AllText(), std::string("a") + kLone);
}

TEST(StreamToleranceTest, HalvesAreJoinedPerChoiceFieldAndCall) {
  Stream stream(2);
  const auto both = [&](const std::string& half) {
    for (int index : {0, 1}) {
      stream.Choices(R"({"index":)" + std::to_string(index) + R"(,"delta":{"content":")" + half +
                     R"(","reasoning_content":")" + half + R"(","tool_calls":[)" +
                     R"({"index":0,"function":{"arguments":")" + half + R"("}},)" +
                     R"({"index":1,"function":{"arguments":")" + half + R"("}}]}})");
    }
  };
  both("\\ud83d");
  both("\\ude00");
  std::string texts;
  for (const auto& message : stream.messages) {
    const auto& delta = message.choices(0).delta();
    texts += delta.content() + delta.reasoning_content();
    for (const auto& call : delta.tool_calls()) texts += call.function().arguments();
  }
  std::string expected;
  for (int i = 0; i < 8; ++i) expected += "\xF0\x9F\x98\x80";
  EXPECT_EQ(texts, expected);
}

TEST(StreamToleranceTest, AHalfInArgumentsIsFlushedWithItsCall) {
  Stream stream;
  stream.Choices(
      R"({"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\ud83d"}}]}})");
  stream.Finish().Release();
  const auto& call = stream.messages[1].choices(0).delta().tool_calls(0);
  EXPECT_EQ(call.index(), 0);
  EXPECT_EQ(call.function().arguments(), "\xEF\xBF\xBD");
}

TEST(StreamToleranceTest, InvalidUtf8IsRepaired) {
  Stream stream;
  stream.Text(
      "a\xFF"
      "b\xC3");
  EXPECT_EQ(stream.AllText(),
            "a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD");
}

TEST(StreamToleranceTest, OfDuplicateKeysTheLastCounts) {
  Stream stream;
  stream.Push(
      R"({"choices":[{"index":0,"delta":{"content":"a","content":"b","x":1,"x":2}}],"y":1,"y":2})");
  EXPECT_EQ(stream.AllText(), "b");
  EXPECT_EQ(stream.messages[0].choices(0).delta().extra_json(), R"({"x":2})");
  EXPECT_EQ(stream.messages[0].extra_json(), R"({"y":2})");
}

}  // namespace
}  // namespace sparkgate::translate

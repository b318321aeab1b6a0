// Whatever a server sends of tool calls, the loop that every caller writes is right:
// calls[fragment.index] += fragment.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "service/translate/testing/stream_fixture.h"

namespace sparkgate::translate {
namespace {

// Each call as `id:name(arguments)`, joined by that loop from these deltas' lists of fragments.
std::string Joined(const std::vector<std::string>& deltas, int* anomalies = nullptr) {
  Stream stream;
  for (const std::string& fragments : deltas) {
    stream.Choices(R"({"index":0,"delta":{"tool_calls":[)" + fragments + "]}}");
    EXPECT_TRUE(stream.outcome.status.ok()) << fragments;
  }
  stream.Choices(R"({"index":0,"delta":{},"finish_reason":"tool_calls"})").Push("[DONE]").Release();
  std::vector<v1::ToolCall> calls;
  for (const auto& message : stream.messages) {
    for (const auto& fragment : message.choices(0).delta().tool_calls()) {
      EXPECT_TRUE(fragment.has_index());
      EXPECT_LE(fragment.index(), static_cast<int>(calls.size())) << "a gap";
      if (fragment.index() == static_cast<int>(calls.size())) calls.emplace_back();
      v1::ToolCall& call = calls[fragment.index()];
      call.mutable_id()->append(fragment.id());
      call.mutable_type()->append(fragment.type());
      call.mutable_function()->mutable_name()->append(fragment.function().name());
      call.mutable_function()->mutable_arguments()->append(fragment.function().arguments());
    }
  }
  if (anomalies != nullptr) *anomalies = stream.translator_.anomalies();
  std::string all;
  for (const v1::ToolCall& call : calls) {
    EXPECT_TRUE(call.type().empty() || call.type() == "function") << call.type();
    all += call.id() + ":" + call.function().name() + "(" + call.function().arguments() + ") ";
  }
  return all;
}

// `index` as it stands in the JSON; "" for none, of id and name too.
std::string Fragment(const std::string& index, const std::string& id, const std::string& name,
                     const std::string& arguments, bool has_arguments = true) {
  std::string json = "{";
  const auto add = [&json](const std::string& member) {
    json += (json.back() == '{' ? "" : ",") + member;
  };
  if (!index.empty()) add("\"index\":" + index);
  if (!id.empty()) add("\"id\":\"" + id + "\",\"type\":\"function\"");
  std::string function = name.empty() ? "" : "\"name\":\"" + name + "\"";
  if (has_arguments) {
    function += std::string(function.empty() ? "" : ",") + "\"arguments\":\"";
    for (const char c : arguments) function += c == '"' ? "\\\"" : std::string(1, c);
    function += "\"";
  }
  add("\"function\":{" + function + "}");
  return json + "}";
}

constexpr char kBoth[] = R"(A:f({"x":1}) B:g({"y":2}) )";

TEST(StreamToolCallsTest, TwoCallsWhateverTheirIndices) {
  struct Case {
    const char *first, *second;
    bool whole;
  };
  for (const Case& c : std::vector<Case>{{"0", "1", true},
                                         {"0", "1", false},
                                         {"0", "0", true},
                                         {"0", "0", false},
                                         {"", "", true},
                                         {"", "", false},
                                         {"null", "null", false},
                                         {"\"0\"", "\"1\"", false},
                                         {"1", "2", false},
                                         {"0.0", "1.0", true},
                                         {"7", "7", false}}) {
    SCOPED_TRACE(std::string(c.first) + " " + c.second);
    if (c.whole) {
      const std::string a = Fragment(c.first, "A", "f", R"({"x":1})");
      const std::string b = Fragment(c.second, "B", "g", R"({"y":2})");
      EXPECT_EQ(Joined({a, b}), kBoth);
      EXPECT_EQ(Joined({a + "," + b}), kBoth);
    } else {
      EXPECT_EQ(
          Joined({Fragment(c.first, "A", "f", R"({"x":)"), Fragment(c.first, "", "", "1}"),
                  Fragment(c.second, "B", "g", R"({"y":)"), Fragment(c.second, "", "", "2}")}),
          kBoth);
    }
  }
}

TEST(StreamToolCallsTest, InterleavedByIndexOrById) {
  EXPECT_EQ(Joined({Fragment("0", "A", "f", R"({"x":)"), Fragment("1", "B", "g", R"({"y":)"),
                    Fragment("0", "", "", "1}"), Fragment("1", "", "", "2}")}),
            kBoth);
  EXPECT_EQ(Joined({Fragment("0", "A", "f", R"({"x":)"), Fragment("0", "B", "g", R"({"y":)"),
                    Fragment("0", "A", "", "1}"), Fragment("0", "B", "", "2}")}),
            kBoth);
}

TEST(StreamToolCallsTest, WithoutIdsANewNameBeginsACall) {
  EXPECT_EQ(Joined({Fragment("0", "", "f", R"({"x":)"), Fragment("0", "", "", "1}"),
                    Fragment("0", "", "g", R"({"y":2})")}),
            R"(:f({"x":1}) :g({"y":2}) )");
  EXPECT_EQ(Joined({Fragment("", "", "f", R"({"x":1})"), Fragment("", "", "f", R"({"x":2})")}),
            R"(:f({"x":1}) :f({"x":2}) )");
}

TEST(StreamToolCallsTest, RepeatedIdsNamesAndTypesComeOnce) {
  EXPECT_EQ(Joined({Fragment("0", "A", "f", "{"), Fragment("0", "A", "f", "\"x\":1"),
                    Fragment("0", "A", "f", "}")}),
            "A:f({\"x\":1}) ");
  EXPECT_EQ(Joined({Fragment("", "", "f", "{"), Fragment("", "", "f", "\"x\":1}")}),
            ":f({\"x\":1}) ");
}

TEST(StreamToolCallsTest, NamesInPieces) {
  EXPECT_EQ(Joined({Fragment("0", "A", "get_", "", false), Fragment("0", "", "weather", "", false),
                    Fragment("0", "", "", "{\"x\":1}")}),
            "A:get_weather({\"x\":1}) ");
  EXPECT_EQ(Joined({Fragment("0", "A", "f", "", false)}), "A:f() ");
  EXPECT_EQ(Joined({Fragment("0", "A", "f", "", false), Fragment("0", "A", "f", "{}")}),
            "A:f({}) ");
}

TEST(StreamToolCallsTest, AnEmptyObjectBeforeTheArguments) {
  EXPECT_EQ(Joined({Fragment("0", "A", "f", "{}"), Fragment("0", "", "", "{\"x\""),
                    Fragment("0", "", "", ":1}")}),
            "A:f({\"x\":1}) ");
  EXPECT_EQ(Joined({Fragment("0", "A", "f", "{}")}), "A:f({}) ");
  EXPECT_EQ(Joined({Fragment("0", "A", "f", "{}"), Fragment("1", "B", "g", "{\"y\":2}")}),
            "A:f({}) B:g({\"y\":2}) ");
}

TEST(StreamToolCallsTest, ArgumentsAsAnObject) {
  EXPECT_EQ(Joined({R"({"index":0,"id":"A","function":{"name":"f","arguments":{"x": 1}}})"}),
            "A:f({\"x\": 1}) ");
}

TEST(StreamToolCallsTest, WhatDifferedIsCountedAndKept) {
  int anomalies = 0;
  Joined({Fragment("0", "A", "f", "{\"x\":1}"), Fragment("1", "B", "g", "{\"y\":2}")}, &anomalies);
  EXPECT_EQ(anomalies, 0);
  Stream stream;
  stream.Choices(R"({"index":0,"delta":{"tool_calls":[)" + Fragment("5", "A", "f", "{\"x\"") +
                 "]}}");
  stream.Choices(R"({"index":0,"delta":{"tool_calls":[)" + Fragment("5", "", "", ":1}") + "]}}");
  EXPECT_EQ(stream.messages[0].choices(0).delta().tool_calls(0).extra_json(), "{\"index\":5}");
  EXPECT_FALSE(stream.messages[1].choices(0).delta().tool_calls(0).has_extra_json());
  EXPECT_EQ(stream.translator_.anomalies(), 2);
}

TEST(StreamToolCallsTest, MoreCallsThanAnyModelMakesCostBoundedMemory) {
  std::vector<std::string> deltas;
  for (int i = 0; i < 3000; ++i) {
    deltas.push_back(Fragment(std::to_string(i), "c" + std::to_string(i), "f", "{\"x\":1}"));
  }
  const std::string all = Joined(deltas);
  EXPECT_NE(all.find("c2999:f({\"x\":1})"), std::string::npos);
}

}  // namespace
}  // namespace sparkgate::translate

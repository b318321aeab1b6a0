// Neighbours of the cases: what stands in an answer's JSON.
#include "tests/field/rows.h"

namespace sparkgate::tolerance {
namespace {

constexpr char kOkHi[] = "OK / 0 assistant 'Hi' stop";

// The same members of a message, in one delta and in Chat's answer.
Replay InBoth(const std::string& name, const std::string& members, const std::string& seen,
              const std::string& finish = "stop") {
  return Stream(name, Role() + Delta(members) + Finish(finish) + kDone, seen)
      .Chat(Message(members, finish));
}

std::vector<Replay> RawValues() {
  const std::string escape = "\x1B[1mH\x01i\x1F";
  return {
      InBoth("raw control characters in reasoning",
             "\"reasoning_content\":\"" + escape + "\",\"content\":\"Hi\"",
             "OK / 0 assistant reasoning~'" + escape + "' 'Hi' stop"),
      InBoth("raw control characters in a member without a field",
             "\"content\":\"Hi\",\"note\":\"a\tb\"",
             std::string(kOkHi) + " / message extra {\"note\":\"a\\u0009b\"}"),
      InBoth("a NUL in arguments",
             "\"tool_calls\":[{\"index\":0,\"id\":\"A\",\"type\":\"function\",\"function\":{"
             "\"name\":\"f\",\"arguments\":\"{\\\"x\\\":\\\"" +
                 std::string(1, '\0') + "\\\"}\"}}]",
             "OK / 0 assistant call0(A function f '{\"x\":\"" + std::string(1, '\0') +
                 "\"}') tool_calls",
             "tool_calls"),
      Stream(
          "infinity in usage",
          Hi() + Finish() +
              Event(R"({"choices":[],"usage":{"prompt_tokens":Infinity,"completion_tokens":2}})") +
              kDone,
          std::string(kOkHi) + " / usage 0+2=0")
          .Chat(Message(R"("content":"Hi")", "stop",
                        R"(,"usage":{"prompt_tokens":-Infinity,"completion_tokens":2})")),
      Stream("words that look like numbers stay words",
             Text("NaN") + Text(", Infinity") + Finish() + kDone,
             "OK / 0 assistant 'NaN, Infinity' stop")
          .Chat(Message(R"("content":"NaN, Infinity","x":NaN)")),
  };
}

std::vector<Replay> ContentParts() {
  const auto extra = [](const std::string& parts) {
    return " / message extra {\"content\":" + parts + "}";
  };
  const std::string strings = R"(["H","i"])";
  const std::string output = R"([{"type":"output_text","text":"Hi","annotations":[]}])";
  const std::string bare = R"([{"text":"H"},{"text":"i"}])";
  const std::string picture =
      R"([{"type":"text","text":"Hi"},{"type":"image_url","image_url":{"url":"u"}}])";
  const std::string thinking =
      R"([{"type":"reasoning","reasoning":"hm"},{"type":"text","text":"Hi"}])";
  return {
      InBoth("parts that are strings", "\"content\":" + strings, kOkHi + extra(strings)),
      InBoth("parts of another type of text", "\"content\":" + output, kOkHi + extra(output)),
      InBoth("parts without a type", "\"content\":" + bare, kOkHi + extra(bare)),
      InBoth("a picture among parts", "\"content\":" + picture, kOkHi + extra(picture)),
      InBoth("reasoning among parts", "\"content\":" + thinking,
             "OK / 0 assistant reasoning~'hm' 'Hi' stop" + extra(thinking)),
  };
}

std::string Call(const std::string& begin, const std::string& name, const std::string& arguments) {
  return "{" + begin + R"("type":"function","function":{"name":")" + name + R"(","arguments":")" +
         arguments + R"("}})";
}

std::vector<Replay> ParallelCalls() {
  const std::string both =
      "OK / 0 assistant call0(A function f '{}') call1(B function g '{}') tool_calls";
  const auto in_both = [](const std::string& name, const std::string& first,
                          const std::string& second, const std::string& seen) {
    return InBoth(name, "\"tool_calls\":[" + first + "," + second + "]", seen, "tool_calls");
  };
  const auto split = [](const std::string& name, const std::string& first,
                        const std::string& second, const std::string& seen) {
    return Stream(name,
                  Role() + Delta("\"tool_calls\":[" + first + "]") +
                      Delta("\"tool_calls\":[" + second + "]") + Finish("tool_calls") + kDone,
                  seen);
  };
  const std::string a = R"("id":"A",)", b = R"("id":"B",)";
  return {
      in_both("calls counted from one", Call(R"("index":1,)" + a, "f", "{}"),
              Call(R"("index":2,)" + b, "g", "{}"),
              "OK / 0 assistant call0(A function f '{}' extra {\"index\":1}) "
              "call1(B function g '{}' extra {\"index\":2}) tool_calls"),
      in_both("indices as fractions", Call(R"("index":0.0,)" + a, "f", "{}"),
              Call(R"("index":1.0,)" + b, "g", "{}"), both),
      split("indices as texts, split", Call(R"("index":"0",)" + a, "f", "{}"),
            Call(R"("index":"1",)" + b, "g", "{}"), both),
      split("no index, the second under another name, without ids", Call("", "f", "{}"),
            Call("", "g", "{}"),
            "OK / 0 assistant call0( function f '{}') call1( function g '{}') tool_calls"),
  };
}

std::vector<Replay> Growing() {
  const auto whole = [](const std::string& text, const std::string& finish) {
    return Choices(R"({"index":0,"message":{"role":"assistant","content":")" + text +
                   R"("},"finish_reason":)" + finish + "}");
  };
  return {
      Stream("a message that grows by what is new alone",
             whole("H", "null") + whole("i", "\"stop\"") + kDone, kOkHi),
      Stream("a whole message behind its deltas",
             Hi() + Choices(R"({"index":0,"message":{"content":"Hi"},"finish_reason":"stop"})") +
                 kDone,
             kOkHi),
      Stream("a completion as the only event, without an end mark",
             Event(Message(R"("content":"Hi")")), kOkHi),
      Stream(
          "a completion as an event, with a call",
          Event(Message("\"tool_calls\":[" + Call(R"("id":"A",)", "f", "{}") + "]", "tool_calls")) +
              kDone,
          "OK / 0 assistant call0(A function f '{}') tool_calls"),
  };
}

std::vector<Replay> LastEvents() {
  return {
      Stream("the last event, the end mark, without its blank line",
             Hi() + Finish() + "data: [DONE]", kOkHi),
      Stream("carriage returns, the last without a blank line",
             Hi() + "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\r",
             kOkHi),
      Stream("the last event without a blank or a finish reason",
             Role() + R"(data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]})",
             Truncated(" / 0 assistant 'Hi' -")),
  };
}

}  // namespace

std::vector<Replay> BodyNeighbours() {
  std::vector<Replay> all;
  for (const auto& part : {RawValues(), ContentParts(), ParallelCalls(), Growing(), LastEvents()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

}  // namespace sparkgate::tolerance

// What the deltas of streams, and the messages of Chat's answers, look like.
#include "tests/tolerance/replay.h"

namespace sparkgate::tolerance {
namespace {

constexpr char kOkHi[] = "OK / 0 assistant 'Hi' stop";
constexpr char kOkHiUsage[] = "OK / 0 assistant 'Hi' stop / usage 1+2=3";
constexpr char kGrin[] = "\xF0\x9F\x98\x80";
constexpr char kLone[] = "\xEF\xBF\xBD";

std::string Ended() { return Finish() + kDone; }

std::vector<Replay> Roles() {
  return {
      Stream("07 role missing", Text("Hi") + Ended(), kOkHi),
      Stream("07 role null", Delta(R"("role":null,"content":"Hi")") + Ended(), kOkHi),
      Stream("07 role with text", Delta(R"("role":"assistant","content":"Hi")") + Ended(), kOkHi),
      Stream("07 role on every delta",
             Delta(R"("role":"assistant","content":"H")") +
                 Delta(R"("role":"assistant","content":"i")") + Ended(),
             kOkHi),
      Stream("07 role with content null",
             Delta(R"("role":"assistant","content":null)") + Text("Hi") + Ended(), kOkHi)
          .Chat(Message(R"("content":"Hi","tool_calls":null,"reasoning_content":null)")),
      Stream("07 role with empty content",
             Delta(R"("role":"assistant","content":"")") + Text("Hi") + Ended(), kOkHi),
      Stream("07 no content at all", Role() + Ended(), "OK / 0 assistant stop"),
      Stream("07 empty content is an answer", Role() + Text("") + Ended(),
             "OK / 0 assistant '' stop"),
      Stream(
          "07 delta null and missing",
          Choices(R"({"index":0,"delta":null})") + Choices(R"({"index":0})") + Text("Hi") + Ended(),
          kOkHi),
      Stream("07 index missing",
             Choices(R"({"delta":{"content":"Hi"}})") +
                 Choices(R"({"delta":{},"finish_reason":"stop"})") + kDone,
             kOkHi),
      Stream("07 finish reason empty, then set",
             Choices(R"({"index":0,"delta":{"content":"Hi"},"finish_reason":""})") + Ended(),
             kOkHi),
      Stream("07 reasoning, then text",
             Role() + Delta(R"("reasoning_content":"hm")") + Text("Hi") + Ended(),
             "OK / 0 assistant reasoning~'hm' 'Hi' stop")
          .Chat(Message(R"("content":"Hi","reasoning_content":"hm")")),
  };
}

std::vector<Replay> OnTheFinishChunk() {
  return {
      Stream("07 text on the finish chunk",
             Role() + Text("H") + Finish("stop", 0, R"("content":"i")") + kDone, kOkHi),
      Stream("07 all in one chunk",
             Finish("stop", 0, R"("role":"assistant","content":"Hi")") + kDone, kOkHi),
      Stream(
          "07 arguments on the finish chunk",
          Delta(
              R"("tool_calls":[{"index":0,"id":"c","type":"function","function":{"name":"f","arguments":"{"}}])") +
              Finish("tool_calls", 0,
                     R"("tool_calls":[{"index":0,"function":{"arguments":"}"}}])") +
              kDone,
          "OK / 0 assistant call0(c function f '{}') tool_calls"),
      Stream("07 usage on the finish chunk",
             Hi() +
                 Choices(R"({"index":0,"delta":{},"finish_reason":"stop"})",
                         std::string(",") + kUsage) +
                 kDone,
             kOkHiUsage),
      Stream("07 usage null on every chunk",
             Choices(R"({"index":0,"delta":{"content":"Hi"}})", R"(,"usage":null)") +
                 Choices(R"({"index":0,"delta":{},"finish_reason":"stop"})", R"(,"usage":null)") +
                 kDone,
             kOkHi),
      Stream("07 trailing chunk with no choices", Hi() + Finish() + Usage() + kDone, kOkHiUsage),
      Stream("07 trailing chunk with no choices, a clean end, no DONE", Hi() + Finish() + Usage(),
             kOkHiUsage),
      Stream(
          "07 trailing chunk with one empty choice",
          Hi() + Finish() + Choices(R"({"index":0,"delta":{}})", std::string(",") + kUsage) + kDone,
          kOkHiUsage),
      Stream(
          "07 trailing chunk with one empty choice, finish reason null",
          Hi() + Finish() +
              Choices(
                  R"({"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null})",
                  std::string(",") + kUsage) +
              kDone,
          kOkHiUsage),
      Stream("07 usage before the text", Choices("", std::string(",") + kUsage) + Hi() + Ended(),
             kOkHiUsage),
      Stream("07 usage on every chunk as a running total",
             Choices(R"({"index":0,"delta":{"content":"Hi"}})",
                     R"(,"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2})") +
                 Choices(R"({"index":0,"delta":{},"finish_reason":"stop"})",
                         std::string(",") + kUsage) +
                 kDone,
             kOkHiUsage),
  };
}

std::string TwentyHeaders() {
  std::string lines;
  for (int i = 0; i < 20; ++i) lines += "x-vendor-" + std::to_string(i) + ": value\r\n";
  return lines;
}

std::vector<Replay> Envelopes() {
  const auto at = [](int created, const std::string& choice) {
    return Event(R"({"id":"c","created":)" + std::to_string(created) +
                 R"(,"model":"m","choices":[)" + choice + "]}");
  };
  return {
      Stream("08 created changes",
             at(1, R"({"index":0,"delta":{"content":"H"}})") +
                 at(2, R"({"index":0,"delta":{"content":"i"}})") +
                 at(3, R"({"index":0,"delta":{},"finish_reason":"stop"})") + kDone,
             kOkHi),
      Stream("08 id missing, model null, no object",
             Event(R"({"model":null,"choices":[{"index":0,"delta":{"content":"Hi"}}]})") +
                 Event(R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})") + kDone,
             kOkHi),
      Stream(
          "08 unknown keys at every level",
          Event(
              R"({"id":"c","choices":[{"index":0,"b":2,"delta":{"content":"Hi","provider_specific_fields":{"x":1.10}}}],"timings":{"ms":1}})") +
              Ended(),
          R"(OK / 0 assistant 'Hi' stop / choice extra {"b":2} / message extra {"provider_specific_fields":{"x":1.10}} / extra {"timings":{"ms":1}})")
          .Chat(
              R"({"id":"c","choices":[{"index":0,"b":2,"message":{"role":"assistant","content":"Hi","provider_specific_fields":{"x":1.10}},"finish_reason":"stop"}],"timings":{"ms":1}})"),
      Stream("08 a header with an empty value, and twenty of a vendor", Hi() + Ended(), kOkHi)
          .Headers("Access-Control-Allow-Origin:\r\nServer:\r\n" + TwentyHeaders()),
      Stream("08 the same header twice, and one of 8 KiB", Hi() + Ended(), kOkHi)
          .Headers("x-request-id: a\r\nx-request-id: b\r\nx-long: " + std::string(8192, 'x') +
                   "\r\n"),
      Stream("08 type in capitals and with parameters", Hi() + Ended(), kOkHi)
          .Type("Text/Event-Stream; charset=UTF-8; x=\"y\""),
      Stream("08 events with other fields, and no space behind the colon",
             "event: message\nid: 1\nretry: 1000\ndata:" +
                 std::string(R"({"choices":[{"index":0,"delta":{"content":"Hi"}}]})") + "\n\n" +
                 Ended(),
             kOkHi),
  };
}

std::string Calls(const std::string& calls) { return Delta("\"tool_calls\":[" + calls + "]"); }
std::string FinishTools() { return Finish("tool_calls") + kDone; }

std::vector<Replay> Tools() {
  const std::string first =
      R"({"index":0,"id":"c","type":"function","function":{"name":"f","arguments":"{\"a\""}})";
  const std::string one = R"(OK / 0 assistant call0(c function f '{"a":1}') tool_calls)";
  return {
      Stream("09 id and name once",
             Role() + Calls(first) + Calls(R"({"index":0,"function":{"arguments":":1}"}})") +
                 FinishTools(),
             one)
          .Chat(Message(
              R"("content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}])",
              "tool_calls")),
      Stream(
          "09 name null after the first",
          Calls(first) +
              Calls(
                  R"({"index":0,"id":null,"type":null,"function":{"name":null,"arguments":":1}"}})") +
              FinishTools(),
          one),
      Stream(
          "09 id, type and name on every delta",
          Calls(first) +
              Calls(
                  R"({"index":0,"id":"c","type":"function","function":{"name":"f","arguments":":1}"}})") +
              FinishTools(),
          one),
      Stream(
          "09 index missing",
          Calls(R"({"id":"c","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}})") +
              FinishTools(),
          one),
      Stream(
          "09 arguments as an object",
          Calls(
              R"({"index":0,"id":"c","type":"function","function":{"name":"f","arguments":{"a": 1.10}}})") +
              FinishTools(),
          R"(OK / 0 assistant call0(c function f '{"a": 1.10}') tool_calls)")
          .Chat(Message(
              R"("tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":{"a": 1.10}}}])",
              "tool_calls")),
      Stream("09 function as text",
             Calls(R"({"index":0,"id":"c","type":"function","function":"f"})") + FinishTools(),
             "OK / 0 assistant call0(c function f '') tool_calls"),
      Stream(
          "09 two parallel calls in one delta",
          Calls(
              R"({"index":0,"id":"c","type":"function","function":{"name":"f","arguments":"{}"}},{"index":1,"id":"d","type":"function","function":{"name":"g","arguments":""}})") +
              Calls(R"({"index":1,"function":{"arguments":"[]"}})") + FinishTools(),
          "OK / 0 assistant call0(c function f '{}') call1(d function g '[]') tool_calls")
          .Chat(Message(
              R"("tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"d","type":"function","function":{"name":"g","arguments":"[]"}}])",
              "tool_calls")),
      Stream(
          "09 two parallel calls, interleaved",
          Calls(
              R"({"index":1,"id":"d","type":"function","function":{"name":"g","arguments":"["}})") +
              Calls(first) + Calls(R"({"index":1,"function":{"arguments":"]"}})") +
              Calls(R"({"index":0,"function":{"arguments":":1}"}})") + FinishTools(),
          R"(OK / 0 assistant call0(d function g '[]' extra {"index":1}) )"
          R"(call1(c function f '{"a":1}' extra {"index":0}) tool_calls)"),
      Stream(
          "09 arguments that end as invalid JSON",
          Calls(
              R"({"index":0,"id":"c","type":"function","function":{"name":"f","arguments":"{\"a\": \"Par"}})") +
              Finish("length") + kDone,
          R"(OK / 0 assistant call0(c function f '{"a": "Par') length)")
          .Chat(Message(
              R"("tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"a\": \"Par"}}])",
              "length")),
      Stream("09 tool_choice required is ignored", Hi() + Ended(), kOkHi)
          .Endpoint(
              R"(,"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"required")"),
      Stream("09 text, then a call",
             Role() + Text("Hi") + Calls(first) +
                 Calls(R"({"index":0,"function":{"arguments":":1}"}})") + FinishTools(),
             R"(OK / 0 assistant 'Hi' call0(c function f '{"a":1}') tool_calls)"),
      Stream("09 tool calls null and empty",
             Delta(R"("content":"Hi","tool_calls":null)") + Delta(R"("tool_calls":[])") + Ended(),
             kOkHi),
      Stream(
          "09 half a character at the end of arguments",
          Calls(
              R"({"index":0,"id":"c","type":"function","function":{"name":"f","arguments":"\ud83d"}})") +
              Calls(R"({"index":0,"function":{"arguments":"\ude00"}})") + FinishTools(),
          std::string("OK / 0 assistant call0(c function f '") + kGrin + "') tool_calls"),
  };
}

std::vector<Replay> Halves() {
  const auto ok = [](const std::string& text) { return "OK / 0 assistant '" + text + "' stop"; };
  return {
      Stream("11 a pair cut over two chunks",
             Role() + Text("a\\ud83d") + Text("\\ude00b") + Ended(),
             ok(std::string("a") + kGrin + "b"))
          .Chat(Message(R"("content":"a\ud83d\ude00b")")),
      Stream("11 a pair cut over two chunks, the second with the finish",
             Role() + Text("\\ud83d") + Finish("stop", 0, R"("content":"\ude00")") + kDone,
             ok(kGrin)),
      Stream("11 a pair cut around a role, a comment and usage",
             Text("\\ud83d") + ": ping\n\n" + Usage() + Text("\\ude00") + Ended(),
             ok(kGrin) + " / usage 1+2=3"),
      Stream("11 every character cut, one UTF-16 unit per chunk",
             Text("\\ud83d") + Text("\\ude00") + Text("\\ud83c") + Text("\\udf0d") + Ended(),
             ok(std::string(kGrin) + "\xF0\x9F\x8C\x8D")),
      Stream("11 the first half alone, then text", Text("a\\ud83d") + Text("b") + Ended(),
             ok(std::string("a") + kLone + "b"))
          .Chat(Message(R"("content":"a\ud83db")")),
      Stream("11 the first half alone at the end", Text("a\\ud83d") + Ended(),
             ok(std::string("a") + kLone)),
      Stream("11 the second half alone", Text("\\ude00b") + Ended(), ok(std::string(kLone) + "b")),
      Stream("11 half a pair, then the cut", Text("a\\ud83d"),
             Truncated(std::string(" / 0 assistant 'a") + kLone + "' -")),
      Stream("11 half a pair in reasoning",
             Delta(R"("reasoning_content":"\ud83d")") + Delta(R"("reasoning_content":"\ude00")") +
                 Text("Hi") + Ended(),
             std::string("OK / 0 assistant reasoning~'") + kGrin + "' 'Hi' stop"),
      Stream("11 halves of two choices, interleaved",
             Text("\\ud83d", 0) + Text("\\ud83c", 1) + Text("\\ude00", 0) + Text("\\udf0d", 1) +
                 Finish() + Finish("stop", 1) + kDone,
             std::string("OK / 0 assistant '") + kGrin +
                 "' stop / 1 assistant '\xF0\x9F\x8C\x8D' stop")
          .Endpoint(R"(,"n":2)"),
      Stream("11 bytes that are no UTF-8", Text("a\xFF") + Text("b") + Ended(),
             ok(std::string("a") + kLone + "b"))
          .Chat(Message("\"content\":\"a\xFF"
                        "b\"")),
      Stream("11 a lone half in a member without a field",
             Delta(R"("content":"Hi","x":"\ud83d")") + Ended(),
             R"(OK / 0 assistant 'Hi' stop / message extra {"x":"\ufffd"})"),
  };
}

std::vector<Replay> SeveralChoices() {
  const std::string both = "OK / 0 assistant 'a' stop / 1 assistant 'b' stop";
  return {
      Stream("15 interleaved, role and finish per choice",
             Role(0) + Role(1) + Text("a", 0) + Text("b", 1) + Finish("stop", 1) +
                 Finish("stop", 0) + kDone,
             both)
          .Endpoint(R"(,"n":2)")
          .Chat(
              R"({"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"a"},"finish_reason":"stop"},{"index":1,"message":{"role":"assistant","content":"b"},"finish_reason":"stop"}]})"),
      Stream("15 one whole choice after the other",
             Role(0) + Text("a", 0) + Finish("stop", 0) + Role(1) + Text("b", 1) +
                 Finish("stop", 1) + kDone,
             both)
          .Endpoint(R"(,"n":2)"),
      Stream(
          "15 one whole choice after the other, a clean end, no DONE",
          Role(0) + Text("a", 0) + Finish("stop", 0) + Role(1) + Text("b", 1) + Finish("stop", 1),
          both)
          .Endpoint(R"(,"n":2)"),
      Stream(
          "15 both in every chunk",
          Choices(R"({"index":0,"delta":{"content":"a"}},{"index":1,"delta":{"content":"b"}})") +
              Choices(
                  R"({"index":1,"delta":{},"finish_reason":"stop"},{"index":0,"delta":{},"finish_reason":"stop"})") +
              kDone,
          both)
          .Endpoint(R"(,"n":2)"),
      Stream("15 ignored: one choice comes, DONE", Hi() + Ended(), kOkHi).Endpoint(R"(,"n":2)"),
      Stream("15 ignored: one choice comes, a clean end without DONE is a cut", Hi() + Finish(),
             Truncated(" / 0 assistant 'Hi' stop"))
          .Endpoint(R"(,"n":2)"),
      Stream("15 max_tokens 0 is taken as 1", Text("H") + Finish("length") + kDone,
             "OK / 0 assistant 'H' length")
          .Endpoint(R"(,"max_tokens":0)"),
  };
}

}  // namespace

std::vector<Replay> DeltaRows() {
  std::vector<Replay> rows;
  for (const auto& part :
       {Roles(), OnTheFinishChunk(), Envelopes(), Tools(), Halves(), SeveralChoices()}) {
    rows.insert(rows.end(), part.begin(), part.end());
  }
  return rows;
}

}  // namespace sparkgate::tolerance

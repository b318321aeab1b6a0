// Neighbours of the cases: signs of life, ends, values, places, errors and types; and the list of
// all rows.
#include "tests/field/rows.h"

namespace sparkgate::tolerance {
namespace {

using support::Chunk;
using support::Connection;
using After = Replay::After;

constexpr char kOkHi[] = "OK / 0 assistant 'Hi' stop";

std::string Data(const std::string& data) { return "data: " + data + "\n\n"; }

std::vector<Replay> SignsOfLife() {
  std::vector<Replay> rows;
  for (const char* data : {": OPENROUTER PROCESSING", "\"\"", "null", "ping", "keep-alive", "[]",
                           "12", "true", "queue position 3", "\"waiting\""}) {
    rows.push_back(Stream(std::string("a line of life: ") + data,
                          Data(data) + Role() + Data(data) + Text("Hi") + Finish() + Data(data) +
                              Usage() + Data(data) + kDone,
                          std::string(kOkHi) + " / usage 1+2=3"));
  }
  rows.push_back(Stream("words, then the end mark alone",
                        Role() + Text("Hi") + Data("upstream is overloaded") + kDone,
                        StreamError("INTERNAL", " / 0 assistant 'Hi' -"))
                     .Says("upstream is overloaded"));
  rows.push_back(Stream("words and nothing else", Data("upstream is overloaded") + kDone,
                        StreamError("INTERNAL"))
                     .Says("upstream is overloaded"));
  rows.push_back(
      Stream("an object that is none", Hi() + Data("{oops"), Malformed(" / 0 assistant 'Hi' -")));
  rows.push_back(Stream("an error in a list", Data(R"([{"error":{"message":"no","code":429}}])"),
                        StreamError("RESOURCE_EXHAUSTED")));
  return rows;
}

// Sends the events and leaves the connection open.
Replay LeftOpen(const std::string& name, const std::string& events, const std::string& seen) {
  return Script(
             name,
             [events](Connection& connection) {
               connection.Send(support::SseHead() + Chunk(events));
               connection.WaitForPeerClose();
             },
             seen)
      .OnlyStream()
      .With(Timers::kShortEndGrace);
}

std::string Both(const std::string& text, const std::string& finish) {
  return Choices(R"({"index":0,"delta":{"content":")" + text + R"("},"finish_reason":)" + finish +
                 "}");
}

std::vector<Replay> Ends() {
  const std::string each =
      Both("a ", "\"stop\"") + Both("b ", "\"stop\"") + Both("c", "\"length\"");
  const std::string reasoning = Finish() + Delta(R"("reasoning_content":"hm")");
  return {
      LeftOpen("no end: length", Hi() + Finish("length"), "OK / 0 assistant 'Hi' length"),
      LeftOpen("no end: content with the finish reason", Role() + Both("Hi", "\"stop\""), kOkHi),
      LeftOpen("no end: usage behind it", Hi() + Finish() + Usage(),
               std::string(kOkHi) + " / usage 1+2=3"),
      LeftOpen("no end: filter results behind it",
               Hi() + Finish() + Choices(R"({"index":0,"delta":{},"content_filter_results":{}})"),
               std::string(kOkHi) + " / choice extra {\"content_filter_results\":{}}"),
      Stream("a finish reason on each, the last counts", each + kDone,
             "OK / 0 assistant 'a b c' length"),
      Stream("a finish reason on each, clean end", each, Truncated(" / 0 assistant 'a b c' -")),
      Stream("reasoning behind a finish reason", Hi() + reasoning,
             Truncated(" / 0 assistant reasoning~'hm' 'Hi' -")),
      Stream("reasoning behind a finish reason, end mark", Hi() + reasoning + kDone,
             "OK / 0 assistant reasoning~'hm' 'Hi' stop"),
      Stream("a finish reason again, without content", Hi() + Finish() + Finish() + Usage() + kDone,
             std::string(kOkHi) + " / usage 1+2=3"),
      Stream("an empty finish reason, cut", Both("Hi", "\"\""), Truncated(" / 0 assistant 'Hi' -")),
      Stream("an error behind the finish reason",
             Hi() + Finish() + Data(R"({"error":{"message":"no","code":500}})"),
             StreamError("INTERNAL", " / 0 assistant 'Hi' stop")),
      Stream("a bare error behind the finish reason",
             Hi() + Finish() + Data(R"({"message":"no","code":429})"),
             StreamError("RESOURCE_EXHAUSTED", " / 0 assistant 'Hi' stop")),
      Stream("the last event, usage, without its blank line",
             Hi() + Finish() + R"(data: {"choices":[],)" + kUsage + "}",
             std::string(kOkHi) + " / usage 1+2=3"),
      Stream("half an object as the last event", Hi() + R"(data: {"choices":[{"index":0,)",
             Truncated(" / 0 assistant 'Hi' -")),
      Stream("a lost connection behind a whole object",
             Hi() + R"(data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})",
             Truncated(" / 0 assistant 'Hi' -"))
          .Then(After::kFin),
  };
}

std::vector<Replay> Values() {
  return {
      Stream(
          "ids that say nothing",
          Event(
              R"({"id":"","created":0,"model":"","choices":[{"index":0,"delta":{"role":"","content":"Hi"}}]})") +
              Finish() + kDone,
          kOkHi),
      Stream(
          "numbers as text",
          Event(
              R"({"id":"c","created":"7","choices":[{"index":"0","delta":{"content":"Hi"},"finish_reason":"stop"}],)"
              R"("usage":{"prompt_tokens":"1","completion_tokens":2.0,"total_tokens":3e0}})") +
              kDone,
          std::string(kOkHi) + " / usage 1+2=3")
          .Chat(
              R"({"created":1740634121.35,"choices":[{"index":"0","message":{"content":"Hi"},"finish_reason":"stop"}],)"
              R"("usage":{"prompt_tokens":"1","completion_tokens":2.0,"total_tokens":3e0}})"),
      Stream(
          "usage in the choice",
          Choices(
              R"({"index":0,"delta":{"content":"Hi"},"finish_reason":"stop","usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}})") +
              kDone,
          std::string(kOkHi) + " / usage 1+2=3")
          .Chat(
              R"({"choices":[{"index":0,"message":{"content":"Hi"},"finish_reason":"stop","usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}]})"),
      Stream("an index that is none, of two",
             Choices(R"({"index":"x","delta":{"content":"Hi"}})") + kDone, Malformed())
          .Endpoint(R"(,"n":2)"),
      Stream("infinity and control characters",
             Event("{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"H\ti\"},\"x\":Infinity,"
                   "\"finish_reason\":\"stop\"}]}") +
                 kDone,
             "OK / 0 assistant 'H\ti' stop")
          .Chat("{\"choices\":[{\"index\":0,\"message\":{\"content\":\"H\ti\"},\"x\":NaN,"
                "\"finish_reason\":\"stop\"}]}"),
  };
}

std::vector<Replay> Places() {
  const std::string chat_finish = R"(,"finish_reason":"stop"}]})";
  return {
      Stream(
          "reasoning under its other name",
          Delta(R"("reasoning":"h")") + Delta(R"("reasoning":"m")") + Text("Hi") + Finish() + kDone,
          "OK / 0 assistant reasoning~'hm' 'Hi' stop")
          .Chat(Message(R"("content":"Hi","reasoning":"hm")")),
      Stream("reasoning under both names",
             Delta(R"("reasoning":"hm","reasoning_content":"hm")") + Text("Hi") + Finish() + kDone,
             "OK / 0 assistant reasoning~'hm' 'Hi' stop")
          .Chat(Message(R"("content":"Hi","reasoning":"hm","reasoning_content":"hm")")),
      Stream("text as in older completions",
             Choices(R"({"index":0,"text":"H","finish_reason":null})") +
                 Choices(R"({"index":0,"text":"i","finish_reason":"stop"})") + kDone,
             kOkHi)
          .Chat(R"({"choices":[{"index":0,"text":"Hi")" + chat_finish),
      Stream("a message with each delta",
             Choices(R"({"index":0,"delta":{"content":"H"},"message":{"content":"H"}})") +
                 Choices(R"({"index":0,"delta":{"content":"i"},"message":{"content":"Hi"}})") +
                 Finish() + kDone,
             kOkHi),
      Stream("whole answers as events, growing",
             Event(Message(R"("content":"H")", "")) + Event(Message(R"("content":"Hi")")) + kDone,
             kOkHi),
      Stream("a delta in Chat", Hi() + Finish() + kDone, kOkHi)
          .Chat(R"({"choices":[{"index":0,"delta":{"content":"Hi"})" + chat_finish),
      Stream("content that nobody looks for",
             Choices(R"({"index":0,"delta":{},"output":"Hi","finish_reason":"stop"})") + kDone,
             R"(OK / 0 assistant stop / choice extra {"output":"Hi"})")
          .Chat(R"({"choices":[{"index":0,"output":"Hi")" + chat_finish),
  };
}

std::vector<Replay> Errors() {
  const std::string invalid = "INVALID_ARGUMENT INVALID_REQUEST";
  return {
      Error("a page as a text", 400, "application/json",
            R"({"error":{"message":"<html><body><h1>Not so</h1></body></html>"}})", invalid)
          .Says("\"Not so\""),
      Error("an error within an error", 400, "application/json",
            R"({"detail":"APIError: {\"error\":{\"message\":\"not so\"}}"})", invalid)
          .Says("APIError: not so"),
      Error("an error as an event", 400, "text/event-stream",
            "data: {\"error\":{\"message\":\"not so\"}}\n\n", invalid)
          .Says("\"not so\""),
      Error("a list of errors", 400, "application/json", R"([{"message":"not so"}])", invalid)
          .Says("\"not so\""),
      Error("code and message alone", 400, "application/json", R"({"code":"C","message":"not so"})",
            invalid)
          .Says("\"not so\""),
      Error("an endpoint", 400, "application/json",
            R"({"message":"/v1/chat/completions: not so in /srv/app/main.py"})", invalid)
          .Says("/v1/chat/completions: not so in [path]"),
      Stream("event: error with code and message",
             Hi() + "id:3\nevent:error\n:HTTP_STATUS/400\n"
                    "data:{\"code\":\"InvalidParameter\",\"message\":\"not so\"}\n\n",
             StreamError("INTERNAL", " / 0 assistant 'Hi' -"))
          .Says("not so"),
  };
}

std::vector<Replay> Types() {
  std::vector<Replay> rows;
  for (const char* type : {"application/json", "text/plain", "TEXT/EVENT-STREAM", "", "a/b"}) {
    rows.push_back(
        Stream(std::string("a stream as ") + type, Hi() + Finish() + kDone, kOkHi).Type(type));
    rows.push_back(Error(std::string("an answer as ") + type, 200, type,
                         "\n " + Message(R"("content":"Hi")") + "\n", kOkHi)
                       .OnlyChat());
  }
  rows.push_back(Stream("a coding that is none", Hi() + Finish() + kDone, kOkHi)
                     .Headers("Content-Encoding: NONE, utf-8\r\n"));
  rows.push_back(Stream("gzip that is none", Hi() + Finish() + kDone, kOkHi)
                     .Headers("Content-Encoding: gzip\r\n"));
  rows.push_back(Error("a coding that cannot be undone", 200,
                       "application/json\r\nContent-Encoding: br", "\x0b\x02\x80hello\x03",
                       Malformed())
                     .Says("br"));
  rows.push_back(Error("an answer and an end mark", 200, "text/html",
                       "\n " + Message(R"("content":"Hi")") + "\n\ndata: [DONE]\n\n", kOkHi));
  rows.push_back(Error("an answer and rubbish", 200, "application/json",
                       Message(R"("content":"Hi")") + "rubbish", Malformed()));
  return rows;
}

}  // namespace

std::vector<Replay> RowsToPlay() {
  std::vector<Replay> all;
  for (const auto& part : {SignsOfLife(), Ends(), Values(), Places(), Errors(), Types(),
                           BodyNeighbours(), LifeNeighbours(), HeadNeighbours()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

}  // namespace sparkgate::tolerance

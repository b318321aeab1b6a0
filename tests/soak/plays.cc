#include "tests/soak/plays.h"

#include "tests/support/answers.h"
#include "tests/support/http_text.h"

namespace sparkgate::soak {
namespace {

using std::chrono::milliseconds;
using support::Chunk;
using support::ContentChunk;
using support::SseEvent;
using Steps = std::vector<Step>;
using Then = Step::Then;

const Step kStay{std::chrono::milliseconds(0), "", Then::kStay};
constexpr int kSlowEvents = 60;
constexpr size_t kSlowEventText = 4000;

std::string Content(std::string_view text) { return Chunk(SseEvent(ContentChunk(text))); }

std::string EndMark() {
  return Chunk(SseEvent(support::FinishChunk()) + SseEvent(support::UsageChunk()) +
               SseEvent("[DONE]"));
}

Steps Chat(std::string_view name) { return {{{}, support::ChatAnswer(AnswerText(name))}}; }

// The head, a first token, the rest a little later.
Steps Stream(std::string_view name) {
  return {{{}, support::SseHead() + Chunk(SseEvent(support::RoleChunk()))},
          {milliseconds(1), Content(AnswerText(name))},
          {milliseconds(2), Content("one") + Content("two") + Content("three")},
          {milliseconds(1), EndMark() + support::LastChunk()}};
}

// No chunk terminator: the call ends at [DONE], the connection lingers and is then closed.
Steps Unterminated(std::string_view name) {
  return {{{}, support::SseHead() + Content(AnswerText(name)) + EndMark()}, kStay};
}

Steps Large(std::string_view name) {
  std::string events = support::SseHead();
  for (int i = 0; i < kSlowEvents; ++i) events += Content(std::string(kSlowEventText, 'x'));
  return {{{}, events + Content(AnswerText(name)) + EndMark() + support::LastChunk()}};
}

Steps Flood(std::string_view) {
  std::string events;
  for (int i = 0; i < 8; ++i) events += Content(std::string(kSlowEventText, 'x'));
  return {{{}, support::SseHead()}, {milliseconds(1), events, Then::kRepeat}};
}

Steps Silent(std::string_view) { return {kStay}; }
Steps HeadOnly(std::string_view) { return {{{}, support::SseHead()}, kStay}; }
Steps Endless(std::string_view) {
  return {{{}, support::SseHead()}, {milliseconds(2), Content("tick"), Then::kRepeat}};
}
Steps OneToken(std::string_view) { return {{{}, support::SseHead() + Content("Hel")}, kStay}; }
Steps Cut(std::string_view) {
  return {{{}, support::SseHead() + Content("Hel")}, {milliseconds(1), Content("lo"), Then::kFin}};
}
Steps CutChat(std::string_view name) {
  const std::string answer = support::ChatAnswer(AnswerText(name));
  return {{{}, answer.substr(0, answer.size() - 20), Then::kFin}};
}
Steps Lost(std::string_view) { return {{{}, "", Then::kReset}}; }

constexpr char kError[] = R"({"error":{"message":"no","type":"t"}})";
Steps Limited(std::string_view) {
  return {{{}, support::JsonResponse(kError, 429, "Retry-After: 2\r\n")}};
}
Steps Failed(std::string_view) { return {{{}, support::JsonResponse(kError, 500)}}; }
Steps Overloaded(std::string_view) { return {{{}, support::JsonResponse(kError, 503)}}; }
Steps Malformed(std::string_view) {
  return {{{}, support::SseHead() + Content("Hel") + Chunk(SseEvent("{oops"))}, kStay};
}
Steps MalformedChat(std::string_view) { return {{{}, support::JsonResponse("<html>")}}; }
Steps ErrorEvent(std::string_view) {
  return {{{}, support::SseHead() + Content("Hel") + Chunk(SseEvent(kError))}, kStay};
}
Steps Held(std::string_view name) {
  return {{{}, "", Then::kHold}, {{}, support::ChatAnswer(AnswerText(name))}};
}

}  // namespace

const std::vector<Play>& Plays() {
  static const auto* const kPlays = new std::vector<Play>{
      {"chat", 310, false, Act::kNothing, Chat, {"OK"}, true},
      {"stream", 250, true, Act::kNothing, Stream, {"OK"}, true},
      {"unterminated", 20, true, Act::kNothing, Unterminated, {"OK"}, true},
      {"slow_reader", 20, true, Act::kReadSlowly, Large, {"OK"}, true},
      // CANCELLED if the caller took longer than a second to wake up.
      {"stuck_reader",
       5,
       true,
       Act::kStopReading,
       Flood,
       {"RESOURCE_EXHAUSTED SLOW_READER", "CANCELLED"}},
      {"cancel_silent", 50, false, Act::kCancel, Silent, {"CANCELLED"}},
      {"cancel_head", 50, true, Act::kCancel, HeadOnly, {"CANCELLED"}},
      {"cancel_stream", 80, true, Act::kCancel, Endless, {"CANCELLED"}},
      {"cancel_paused", 20, true, Act::kCancelUnread, Flood, {"CANCELLED"}},
      {"cut", 30, true, Act::kNothing, Cut, {"ABORTED UPSTREAM_STREAM_TRUNCATED"}},
      {"cut_chat", 20, false, Act::kNothing, CutChat, {"ABORTED UPSTREAM_STREAM_TRUNCATED"}},
      {"reset", 20, true, Act::kResetAfterFirst, OneToken, {"ABORTED UPSTREAM_STREAM_TRUNCATED"}},
      {"lost", 20, false, Act::kNothing, Lost, {"ABORTED UPSTREAM_CONNECTION_LOST"}},
      {"limited", 20, true, Act::kNothing, Limited, {"RESOURCE_EXHAUSTED RATE_LIMITED"}},
      {"failed", 20, false, Act::kNothing, Failed, {"INTERNAL UPSTREAM_INTERNAL"}},
      {"overloaded", 10, true, Act::kNothing, Overloaded, {"UNAVAILABLE UPSTREAM_OVERLOADED"}},
      {"malformed", 10, true, Act::kNothing, Malformed, {"INTERNAL UPSTREAM_PROTOCOL_ERROR"}},
      {"malformed_chat",
       10,
       false,
       Act::kNothing,
       MalformedChat,
       {"INTERNAL UPSTREAM_PROTOCOL_ERROR"}},
      {"error_event", 15, true, Act::kNothing, ErrorEvent, {"INTERNAL UPSTREAM_STREAM_ERROR"}},
      {"stalled", 5, true, Act::kNothing, OneToken, {"ABORTED UPSTREAM_STALLED"}},
      // gRPC's own timer tells the caller, without details.
      {"deadline",
       15,
       false,
       Act::kShortDeadline,
       Silent,
       {"DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED CALLER_DEADLINE"}},
  };
  return *kPlays;
}

const Play* FindPlay(std::string_view name) {
  for (const Play& play : Plays()) {
    if (play.name == name) return &play;
  }
  return name == HeldPlay().name ? &HeldPlay() : nullptr;
}

std::string AnswerText(std::string_view call_name) {
  return "answer to " + std::string(call_name) + ".";
}

const Play& HeldPlay() {
  static const auto* const kHeld = new Play{"held", 0, false, Act::kNothing, Held, {"OK"}, true};
  return *kHeld;
}

}  // namespace sparkgate::soak

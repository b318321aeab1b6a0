#include "tests/faults/moment.h"

#include "tests/support/answers.h"
#include "tests/support/http_text.h"

namespace sparkgate::faults {
namespace {

using support::Rpc;

constexpr char kDone[] = "data: [DONE]\n\n";

std::string Event(const std::string& data) { return support::SseEvent(data); }

std::string WholeBody(Rpc rpc) {
  if (rpc == Rpc::kChat) return support::ChatAnswerBody("Hello");
  return Event(support::RoleChunk()) + Event(support::ContentChunk("Hel")) +
         Event(support::ContentChunk("lo")) + Event(support::FinishChunk()) + kDone;
}

std::string StatusLine(Framing framing) {
  return framing == Framing::kClose ? "HTTP/1.0 200 OK\r\n" : "HTTP/1.1 200 OK\r\n";
}

std::string HeadOf(Framing framing, Rpc rpc) {
  const std::string type = rpc == Rpc::kChat ? "application/json" : "text/event-stream";
  std::string head = StatusLine(framing) + "Content-Type: " + type + "\r\n";
  if (framing == Framing::kChunks) head += "Transfer-Encoding: chunked\r\n";
  if (framing == Framing::kLength) {
    head += "Content-Length: " + std::to_string(WholeBody(rpc).size()) + "\r\n";
  }
  // No call may find the connection on which the last one's fault is still under way.
  return head + "Connection: close\r\n\r\n";
}

// The beginning of something: in a chunk of its own, or of a chunk that goes on.
std::string Begun(Moment moment, Framing framing, const std::string& data) {
  const bool in_chunk = framing == Framing::kChunks && moment == Moment::kInChunk;
  return in_chunk ? "400\r\n" + data : Framed(framing, data);
}

std::string ChatBody(Moment moment, Framing framing) {
  const std::string body = WholeBody(Rpc::kChat);
  if (moment == Moment::kInEvent || moment == Moment::kInChunk) {
    return Begun(moment, framing, body.substr(0, body.size() / 2));
  }
  return Framed(framing, body);
}

std::string StreamBody(Moment moment, Framing framing) {
  std::string said = Framed(framing, Event(support::RoleChunk())) +
                     Framed(framing, Event(support::ContentChunk("Hel")));
  const std::string last = Event(support::ContentChunk("lo"));
  if (moment == Moment::kInEvent || moment == Moment::kInChunk) {
    return said + Begun(moment, framing, last.substr(0, 20));
  }
  said += Framed(framing, last);
  if (moment == Moment::kBetweenEvents) return said;
  said += Framed(framing, Event(support::FinishChunk()));
  if (moment == Moment::kAfterFinish) return said;
  return said + Framed(framing, moment == Moment::kInDone ? "data: [DO" : kDone);
}

}  // namespace

std::string Framed(Framing framing, const std::string& data) {
  return framing == Framing::kChunks ? support::Chunk(data) : data;
}

std::string SaidBefore(Moment moment, Framing framing, Rpc rpc) {
  switch (moment) {
    case Moment::kBeforeRequest:
    case Moment::kBeforeAnswer:
      return "";
    case Moment::kInStatusLine:
      return StatusLine(framing).substr(0, 11);
    case Moment::kInHeaders:
      return StatusLine(framing) + "Content-Ty";
    case Moment::kAfterHeaders:
      return HeadOf(framing, rpc);
    default:
      break;
  }
  std::string said = HeadOf(framing, rpc) +
                     (rpc == Rpc::kChat ? ChatBody(moment, framing) : StreamBody(moment, framing));
  if (moment == Moment::kAfterEnd && framing == Framing::kChunks) said += support::LastChunk();
  return said;
}

std::string NameOf(Moment moment, Rpc rpc) {
  const bool chat = rpc == Rpc::kChat;
  switch (moment) {
    case Moment::kBeforeRequest:
      return "before the request is read";
    case Moment::kBeforeAnswer:
      return "before any byte";
    case Moment::kInStatusLine:
      return "inside the status line";
    case Moment::kInHeaders:
      return "inside the headers";
    case Moment::kAfterHeaders:
      return "after the headers";
    case Moment::kInEvent:
      return chat ? "inside the body" : "inside an event";
    case Moment::kInChunk:
      return "inside a chunk";
    case Moment::kBetweenEvents:
      return "between events";
    case Moment::kAfterFinish:
      return "after the finish reason";
    case Moment::kInDone:
      return "inside [DONE]";
    case Moment::kAfterDone:
      return chat ? "after the body" : "after [DONE]";
    case Moment::kAfterEnd:
      return "after the end";
  }
  return "";
}

}  // namespace sparkgate::faults

#include "simulator/stream_script.h"

#include <utility>

#include "simulator/endings.h"
#include "simulator/error_bodies.h"

namespace sparkgate::simulator {
namespace {

using Then = Step::Then;

constexpr std::chrono::milliseconds kBetweenComments{100};
constexpr char kDone[] = "[DONE]";
constexpr char kComment[] = ": keep-alive\n\n";
constexpr const char* kNoObjects[] = {": still there", "\"\"", "null", "ping"};

bool BreaksInTheMiddle(Fault fault) {
  switch (fault) {
    case Fault::kCut:
    case Fault::kHalfClose:
    case Fault::kReset:
    case Fault::kStall:
    case Fault::kErrorInStream:
    case Fault::kErrorThenDone:
    case Fault::kBareError:
    case Fault::kBadJson:
      return true;
    default:
      return false;
  }
}

Fields StreamFields(const AnswerContext& context) {
  Fields fields = context.fields;
  const std::string& type = context.plan.media_type;
  fields.emplace_back("content-type", type.empty() ? "text/event-stream" : type);
  if (!context.plan.coding.empty()) fields.emplace_back("content-encoding", context.plan.coding);
  fields.emplace_back("cache-control", "no-cache");
  const int prompt_tokens = context.answer.call.prompt_tokens;
  fields.emplace_back("fireworks-prompt-tokens", std::to_string(prompt_tokens));
  fields.emplace_back("fireworks-cached-prompt-tokens", "0");
  if (context.plan.fault == Fault::kGzip) fields.emplace_back("content-encoding", "gzip");
  if (context.plan.fault == Fault::kCloseDelimited) {
    fields.emplace_back("connection", "close");
  } else {
    fields.emplace_back("transfer-encoding", "chunked");
  }
  return fields;
}

}  // namespace

StreamScript::StreamScript(AnswerContext context)
    : plan_(context.plan),
      fields_(StreamFields(context)),
      request_id_(context.request_id),
      keep_alive_(context.keep_alive),
      chunks_(std::move(context.answer), plan_.usage, [this] {
        return Timing{plan_.headers_delay + plan_.first_token_delay,
                      std::chrono::duration_cast<std::chrono::microseconds>(
                          std::chrono::steady_clock::now() - start_)};
      }) {}

Step StreamScript::Next() {
  if (!queued_.empty()) {
    Step step = std::move(queued_.front());
    queued_.pop_front();
    return step;
  }
  return head_sent_ ? Body() : Head();
}

Step StreamScript::Head() {
  head_sent_ = true;
  const std::string head = InformationalText(plan_) + HeadText(200, fields_);
  return {plan_.headers_delay, head, plan_.fault == Fault::kSilent ? Then::kHang : Then::kContinue};
}

Step StreamScript::Body() {
  switch (plan_.fault) {
    case Fault::kComments:
      return {plan_.interval, Frame(kComment)};
    case Fault::kEmptyStream:
      return FirstOf(EndingSteps(plan_, keep_alive_, LastHttpChunk()));
    case Fault::kDoneOnly:
      return End("");
    case Fault::kGzip:
    case Fault::kGzipUndeclared:
      return WholeAsGzip();
    default:
      break;
  }
  const std::optional<Chunk> chunk = chunks_.Next();
  return chunk ? FromChunk(*chunk) : DoneFault();
}

Step StreamScript::FromChunk(const Chunk& chunk) {
  if (plan_.fault == Fault::kNoFinish && chunk.kind == Chunk::Kind::kFinish) {
    return FirstOf(EndingSteps(plan_, keep_alive_, LastHttpChunk()));
  }
  if (plan_.fault == Fault::kDoneUnfinished && chunk.kind == Chunk::Kind::kFinish &&
      chunks_.all_finished()) {
    return Body();
  }
  Step step;
  if (chunk.paced) step.wait = texts_ == 0 ? plan_.first_token_delay : plan_.interval;
  if (FaultIsDue(chunk)) {
    fault_done_ = true;
    queued_.push_front(MiddleFault(chunk));
    if (plan_.fault != Fault::kBadJson) return step;
  }
  if (chunk.kind == Chunk::Kind::kText) ++texts_;
  const bool cut_short = plan_.fault == Fault::kNoBlankLine && chunks_.at_end();
  step.bytes = Frame(cut_short ? "data: " + chunk.json : SseEvent(chunk.json));
  if (plan_.fault != Fault::kDataKeepAlives || chunk.kind != Chunk::Kind::kText) return step;
  queued_.push_front(std::move(step));
  return {{}, Frame(SseEvent(kNoObjects[texts_ % 4]))};
}

bool StreamScript::FaultIsDue(const Chunk& chunk) const {
  if (fault_done_ || !BreaksInTheMiddle(plan_.fault)) return false;
  return chunk.kind == Chunk::Kind::kFinish ||
         (chunk.kind == Chunk::Kind::kText && texts_ >= plan_.at);
}

Step StreamScript::MiddleFault(const Chunk& chunk) {
  const std::string error = Frame(SseEvent(ErrorEvent(request_id_)));
  switch (plan_.fault) {
    case Fault::kErrorInStream: {
      std::deque<Step> steps = EndingSteps(plan_, keep_alive_, error + LastHttpChunk());
      return steps.front();
    }
    case Fault::kBareError:
      return EndingSteps(plan_, keep_alive_, Frame(SseEvent(BareErrorEvent())) + LastHttpChunk())
          .front();
    case Fault::kErrorThenDone:
      return EndingSteps(plan_, keep_alive_, error + Frame(SseEvent(kDone)) + LastHttpChunk())
          .front();
    case Fault::kBadJson:
      return {{}, Frame(SseEvent(chunk.json.substr(0, chunk.json.size() / 2)))};
    default:
      return BreakStep(plan_.fault, "");
  }
}

Step StreamScript::DoneFault() {
  switch (plan_.fault) {
    case Fault::kNoDone:
    case Fault::kNoBlankLine:
      return FirstOf(EndingSteps(plan_, keep_alive_, LastHttpChunk()));
    case Fault::kNoDoneOpen:
      return {{}, "", Then::kHang, true};
    case Fault::kNoDoneComments:
      return {kBetweenComments, Frame(kComment), Then::kContinue, true};
    case Fault::kFinishCut:
    case Fault::kFinishReset:
      return BreakStep(plan_.fault, "");
    case Fault::kNoTerminator:
      return {{}, Frame(SseEvent(kDone)), Then::kCut, true};
    case Fault::kKeepOpen:
      queued_ = EndingSteps(plan_, keep_alive_, LastHttpChunk());
      queued_.front().wait = plan_.delay;
      return {{}, Frame(SseEvent(kDone)), Then::kContinue, true};
    default:
      return End("");
  }
}

Step StreamScript::End(std::string before) {
  before += Frame(SseEvent(kDone));
  if (plan_.fault == Fault::kTrailers) {
    before += LastHttpChunk({{"x-sim-trailer", "late"}, {"x-request-id", "not-this-one"}});
  } else if (plan_.fault != Fault::kCloseDelimited) {
    before += LastHttpChunk();
  }
  return FirstOf(EndingSteps(plan_, keep_alive_, std::move(before)));
}

Step StreamScript::WholeAsGzip() {
  std::string all;
  while (const auto chunk = chunks_.Next()) all += SseEvent(chunk->json);
  all += SseEvent(kDone);
  return FirstOf(EndingSteps(plan_, keep_alive_, HttpChunk(GzipText(all)) + LastHttpChunk()));
}

Step StreamScript::FirstOf(std::deque<Step> steps) {
  queued_ = std::move(steps);
  Step first = std::move(queued_.front());
  queued_.pop_front();
  return first;
}

std::string StreamScript::Frame(const std::string& text) const {
  return plan_.fault == Fault::kCloseDelimited ? text : HttpChunk(text);
}

}  // namespace sparkgate::simulator

// A streamed answer.
#include <memory>
#include <optional>
#include <utility>

#include "simulator/chunk_source.h"
#include "simulator/errors.h"
#include "simulator/script.h"

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
  Fields fields = AnswerFields(context, "text/event-stream");
  fields.emplace_back("cache-control", "no-cache");
  const int prompt_tokens = context.answer.request.prompt_tokens;
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

class Stream {
 public:
  explicit Stream(AnswerContext context);
  Step Next();

 private:
  Step Head();
  Step Body();
  Step FromChunk(const Chunk& chunk);
  Step MiddleFault(const Chunk& chunk);
  Step Done();
  Step Complete();
  Step WholeAsGzip();
  Step Ending(std::string last);
  std::string Frame(const std::string& text) const;
  bool FaultIsDue(const Chunk& chunk) const;

  const Plan plan_;
  const Fields fields_;
  const std::string request_id_;
  const bool keep_alive_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  ChunkSource chunks_;
  std::deque<Step> queued_;  // Decided already; these come first.
  bool head_sent_ = false;
  bool fault_done_ = false;
  int texts_ = 0;
};

Stream::Stream(AnswerContext context)
    : plan_(context.plan),
      fields_(StreamFields(context)),
      request_id_(context.request_id),
      keep_alive_(context.keep_alive),
      chunks_(std::move(context.answer), plan_.usage, [this] {
        return Timing{plan_.headers_delay + plan_.first_token_delay,
                      std::chrono::duration_cast<std::chrono::microseconds>(
                          std::chrono::steady_clock::now() - start_)};
      }) {}

Step Stream::Next() {
  if (!queued_.empty()) {
    Step step = std::move(queued_.front());
    queued_.pop_front();
    return step;
  }
  return head_sent_ ? Body() : Head();
}

Step Stream::Head() {
  head_sent_ = true;
  const std::string head = InformationalText(plan_) + HeadText(200, fields_);
  return {plan_.headers_delay, head, plan_.fault == Fault::kSilent ? Then::kHang : Then::kContinue};
}

Step Stream::Body() {
  switch (plan_.fault) {
    case Fault::kComments:
      return {plan_.interval, Frame(kComment)};
    case Fault::kEmptyStream:
      return Ending(LastHttpChunk());
    case Fault::kDoneOnly:
      return Complete();
    case Fault::kGzip:
    case Fault::kGzipUndeclared:
      return WholeAsGzip();
    default:
      break;
  }
  const std::optional<Chunk> chunk = chunks_.Next();
  return chunk ? FromChunk(*chunk) : Done();
}

Step Stream::FromChunk(const Chunk& chunk) {
  if (plan_.fault == Fault::kNoFinish && chunk.kind == Chunk::Kind::kFinish) {
    return Ending(LastHttpChunk());
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

bool Stream::FaultIsDue(const Chunk& chunk) const {
  if (fault_done_ || !BreaksInTheMiddle(plan_.fault)) return false;
  return chunk.kind == Chunk::Kind::kFinish ||
         (chunk.kind == Chunk::Kind::kText && texts_ >= plan_.at);
}

Step Stream::MiddleFault(const Chunk& chunk) {
  const std::string error = Frame(SseEvent(ErrorEvent(request_id_)));
  switch (plan_.fault) {
    case Fault::kErrorInStream:
      return Ending(error + LastHttpChunk());
    case Fault::kBareError:
      return Ending(Frame(SseEvent(BareErrorEvent())) + LastHttpChunk());
    case Fault::kErrorThenDone:
      return Ending(error + Frame(SseEvent(kDone)) + LastHttpChunk());
    case Fault::kBadJson:
      return {{}, Frame(SseEvent(chunk.json.substr(0, chunk.json.size() / 2)))};
    default:
      return BreakStep(plan_.fault);
  }
}

Step Stream::Done() {
  switch (plan_.fault) {
    case Fault::kNoDone:
    case Fault::kNoBlankLine:
      return Ending(LastHttpChunk());
    case Fault::kNoDoneOpen:
      return {{}, "", Then::kHang, true};
    case Fault::kNoDoneComments:
      return {kBetweenComments, Frame(kComment), Then::kContinue, true};
    case Fault::kFinishCut:
    case Fault::kFinishReset:
      return BreakStep(plan_.fault);
    case Fault::kNoTerminator:
      return {{}, Frame(SseEvent(kDone)), Then::kCut, true};
    case Fault::kKeepOpen:
      queued_ = EndingSteps(plan_, keep_alive_, LastHttpChunk());
      queued_.front().wait = plan_.delay;
      return {{}, Frame(SseEvent(kDone)), Then::kContinue, true};
    default:
      return Complete();
  }
}

Step Stream::Complete() {
  std::string last = Frame(SseEvent(kDone));
  if (plan_.fault == Fault::kTrailers) {
    last += LastHttpChunk({{"x-sim-trailer", "late"}, {"x-request-id", "not-this-one"}});
  } else if (plan_.fault != Fault::kCloseDelimited) {
    last += LastHttpChunk();
  }
  return Ending(std::move(last));
}

Step Stream::WholeAsGzip() {
  std::string all;
  while (const auto chunk = chunks_.Next()) all += SseEvent(chunk->json);
  all += SseEvent(kDone);
  return Ending(HttpChunk(GzipText(all)) + LastHttpChunk());
}

// The first of the steps that end the answer; the others are queued.
Step Stream::Ending(std::string last) {
  queued_ = EndingSteps(plan_, keep_alive_, std::move(last));
  Step first = std::move(queued_.front());
  queued_.pop_front();
  return first;
}

std::string Stream::Frame(const std::string& text) const {
  return plan_.fault == Fault::kCloseDelimited ? text : HttpChunk(text);
}

}  // namespace

Script StreamScript(AnswerContext context) {
  return [stream = std::make_shared<Stream>(std::move(context))] { return stream->Next(); };
}

}  // namespace sparkgate::simulator

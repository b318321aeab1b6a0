#include "simulator/answer_script.h"

#include <algorithm>
#include <utility>

#include "simulator/answer_parts.h"
#include "simulator/completion_body.h"
#include "simulator/endings.h"
#include "simulator/error_bodies.h"
#include "simulator/stream_script.h"

namespace sparkgate::simulator {
namespace {

using Then = Step::Then;

// As long as streaming it would have taken: the choices run side by side.
Timing UnaryTiming(const AnswerContext& context) {
  int longest = 0;
  for (const ChoiceAnswer& choice : context.answer.choices) {
    longest = std::max(longest, choice.completion_tokens);
  }
  Timing timing;
  timing.to_first_token = context.plan.first_token_delay;
  timing.processing = timing.to_first_token + context.plan.interval * longest;
  return timing;
}

Fields UnaryFields(const AnswerContext& context, const Timing& timing) {
  Fields fields = context.fields;
  const std::string& type = context.plan.media_type;
  fields.emplace_back("content-type", type.empty() ? "application/json" : type);
  if (!context.plan.coding.empty()) fields.emplace_back("content-encoding", context.plan.coding);
  for (const Metric& metric : PerfMetrics(context.answer, timing)) {
    fields.emplace_back("fireworks-" + metric.name, metric.value);
  }
  fields.emplace_back("fireworks-sampling-options", R"({"temperature":1.0,"top_p":1.0})");
  return fields;
}

std::string UnaryBody(const AnswerContext& context, const Timing& timing) {
  switch (context.plan.fault) {
    case Fault::kEmptyStream:
      return "";
    case Fault::kDoneOnly:
      return R"({"id":"chatcmpl-none","object":"chat.completion","created":1,"model":"m",)"
             R"("choices":[]})";
    case Fault::kErrorInStream:
    case Fault::kErrorThenDone:
      return ErrorEvent(context.request_id);
    case Fault::kBareError:
      return BareErrorEvent();
    case Fault::kBadJson:
      return "{malformed json: <<<sim>>>";
    default:
      return CompletionBody(context.answer, timing);
  }
}

bool BreaksOff(Fault fault) {
  switch (fault) {
    case Fault::kCut:
    case Fault::kHalfClose:
    case Fault::kReset:
    case Fault::kFinishCut:
    case Fault::kFinishReset:
    case Fault::kStall:
    case Fault::kNoTerminator:
    case Fault::kSilent:
    case Fault::kComments:
      return true;
    default:
      return false;
  }
}

// Head and half of the body (or the head alone), then the fault.
std::deque<Step> BrokenSteps(const Plan& plan, std::chrono::microseconds wait,
                             const std::string& head, const std::string& body) {
  const bool head_only = plan.fault == Fault::kSilent || plan.fault == Fault::kComments;
  Step first{wait, head + body.substr(0, head_only ? 0 : body.size() / 2)};
  const Fault fault = plan.fault == Fault::kNoTerminator ? Fault::kCut : plan.fault;
  return {std::move(first), BreakStep(fault, "")};
}

std::deque<Step> UnarySteps(const AnswerContext& context) {
  const Plan& plan = context.plan;
  const Timing timing = UnaryTiming(context);
  Fields fields = UnaryFields(context, timing);
  std::string body = UnaryBody(context, timing);
  if (plan.fault == Fault::kGzip) fields.emplace_back("content-encoding", "gzip");
  if (plan.fault == Fault::kGzip || plan.fault == Fault::kGzipUndeclared) body = GzipText(body);
  if (plan.fault == Fault::kTrailers) {
    fields.emplace_back("transfer-encoding", "chunked");
    body = HttpChunk(body) + LastHttpChunk({{"x-sim-trailer", "late"}});
  } else if (plan.fault == Fault::kCloseDelimited) {
    fields.emplace_back("connection", "close");
  } else {
    fields.emplace_back("content-length", std::to_string(body.size()));
  }
  if (plan.fault == Fault::kOtherMediaType) {
    auto type = std::find_if(fields.begin(), fields.end(),
                             [](const auto& field) { return field.first == "content-type"; });
    if (!context.answer.call.stream) type->second = "text/event-stream";
  }
  const std::string head = InformationalText(plan) + HeadText(200, fields);
  const auto wait = plan.headers_delay + timing.processing;
  if (BreaksOff(plan.fault)) return BrokenSteps(plan, wait, head, body);
  std::deque<Step> steps = EndingSteps(plan, context.keep_alive, head + body);
  steps.front().wait = wait;
  return steps;
}

}  // namespace

std::unique_ptr<Script> MakeAnswerScript(AnswerContext context) {
  const Plan plan = context.plan;
  std::unique_ptr<Script> script;
  if (context.answer.call.stream && plan.fault != Fault::kOtherMediaType) {
    script = std::make_unique<StreamScript>(std::move(context));
  } else {
    script = std::make_unique<FixedScript>(UnarySteps(context));
  }
  if (plan.fault == Fault::kDrop) {
    return std::make_unique<LimitedScript>(std::move(script), 0, Then::kCut);
  }
  if (!plan.byte || (plan.fault != Fault::kCut && plan.fault != Fault::kReset)) return script;
  const Then then = plan.fault == Fault::kCut ? Then::kCut : Then::kReset;
  return std::make_unique<LimitedScript>(std::move(script), *plan.byte, then);
}

}  // namespace sparkgate::simulator

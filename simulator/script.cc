#include "simulator/script.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "simulator/errors.h"

namespace sparkgate::simulator {
namespace {

using Then = Step::Then;

// RST discards bytes that are still on their way, so it waits until they have arrived.
constexpr std::chrono::milliseconds kBeforeReset{20};

constexpr char kUnasked[] =
    R"({"id":"chatcmpl-unasked","object":"chat.completion","created":1,"model":"sim/unasked",)"
    R"("choices":[{"index":0,"message":{"role":"assistant","content":"Nobody asked for this."},)"
    R"("finish_reason":"stop"}]})";

// Steps that are known beforehand; the last one does not continue.
Script FixedScript(std::deque<Step> steps) {
  return [steps = std::move(steps)]() mutable {
    Step step = std::move(steps.front());
    steps.pop_front();
    return step;
  };
}

// Another script, ended after exactly `left` bytes if it would send more.
Script LimitedScript(Script inner, int64_t left, Then then) {
  return [inner = std::move(inner), left, then, over = false]() mutable -> Step {
    if (over) return {kBeforeReset, "", then};
    Step step = inner();
    const auto size = static_cast<int64_t>(step.bytes.size());
    if (size < left) {
      left -= size;
      return step;
    }
    over = true;
    step.bytes.resize(static_cast<size_t>(left));
    return {step.wait, std::move(step.bytes)};
  };
}

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
  const bool other_type = context.plan.fault == Fault::kOtherMediaType;
  const bool as_stream = other_type && !context.answer.request.stream;
  Fields fields = AnswerFields(context, as_stream ? "text/event-stream" : "application/json");
  for (const Metric& metric : PerfMetrics(context.answer, timing)) {
    fields.emplace_back("fireworks-" + metric.name, metric.value);
  }
  fields.emplace_back("fireworks-sampling-options", R"({"temperature":1.0,"top_p":1.0})");
  if (context.plan.fault == Fault::kGzip) fields.emplace_back("content-encoding", "gzip");
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
  return {std::move(first), BreakStep(fault)};
}

std::deque<Step> UnarySteps(const AnswerContext& context) {
  const Plan& plan = context.plan;
  const Timing timing = UnaryTiming(context);
  Fields fields = UnaryFields(context, timing);
  std::string body = UnaryBody(context, timing);
  if (plan.fault == Fault::kGzip || plan.fault == Fault::kGzipUndeclared) body = GzipText(body);
  if (plan.fault == Fault::kTrailers) {
    fields.emplace_back("transfer-encoding", "chunked");
    body = HttpChunk(body) + LastHttpChunk({{"x-sim-trailer", "late"}});
  } else if (plan.fault == Fault::kCloseDelimited) {
    fields.emplace_back("connection", "close");
  } else {
    fields.emplace_back("content-length", std::to_string(body.size()));
  }
  const std::string head = InformationalText(plan) + HeadText(200, fields);
  const auto wait = plan.headers_delay + timing.processing;
  if (BreaksOff(plan.fault)) return BrokenSteps(plan, wait, head, body);
  std::deque<Step> steps = EndingSteps(plan, context.keep_alive, head + body);
  steps.front().wait = wait;
  return steps;
}

}  // namespace

Script SimpleScript(std::string response, bool keep_alive) {
  return FixedScript({{{}, std::move(response), keep_alive ? Then::kKeep : Then::kClose, true}});
}

Script AnswerScript(AnswerContext context) {
  const Plan plan = context.plan;
  const bool streams = context.answer.request.stream && plan.fault != Fault::kOtherMediaType;
  Script script = streams ? StreamScript(std::move(context)) : FixedScript(UnarySteps(context));
  if (plan.fault == Fault::kDrop) return LimitedScript(std::move(script), 0, Then::kCut);
  if (!plan.byte || (plan.fault != Fault::kCut && plan.fault != Fault::kReset)) return script;
  const Then then = plan.fault == Fault::kCut ? Then::kCut : Then::kReset;
  return LimitedScript(std::move(script), *plan.byte, then);
}

Fields AnswerFields(const AnswerContext& context, const char* media_type) {
  const Plan& plan = context.plan;
  Fields fields = context.fields;
  fields.emplace_back("content-type", plan.media_type.empty() ? media_type : plan.media_type);
  if (!plan.coding.empty()) fields.emplace_back("content-encoding", plan.coding);
  return fields;
}

std::string InformationalText(const Plan& plan) {
  if (plan.fault != Fault::kInformational) return "";
  return HeadText(100, {}) + HeadText(103, {{"link", "</style.css>; rel=preload"}});
}

std::deque<Step> EndingSteps(const Plan& plan, bool keep_alive, std::string last) {
  const Then end = keep_alive ? Then::kKeep : Then::kClose;
  switch (plan.fault) {
    case Fault::kSecondResponse: {
      std::string unasked = ResponseText(200, {{"content-type", "application/json"}}, kUnasked);
      if (plan.delay.count() == 0) return {{{}, last + unasked, end, true}};
      return {{{}, std::move(last), Then::kContinue, true},
              {plan.delay, std::move(unasked), end, true}};
    }
    case Fault::kLate408: {
      const Fields fields = {{"content-type", "text/plain"}, {"connection", "close"}};
      return {{{}, std::move(last), Then::kContinue, true},
              {plan.delay, ResponseText(408, fields, "Request Timeout\n"), Then::kClose, true}};
    }
    case Fault::kCloseDelimited:
      return {{{}, std::move(last), Then::kClose, true}};
    default:
      return {{{}, std::move(last), end, true}};
  }
}

Step BreakStep(Fault fault) {
  switch (fault) {
    case Fault::kCut:
    case Fault::kFinishCut:
      return {{}, "", Then::kCut};
    case Fault::kHalfClose:
      return {{}, "", Then::kHalfClose};
    case Fault::kReset:
    case Fault::kFinishReset:
      return {kBeforeReset, "", Then::kReset};
    default:
      return {{}, "", Then::kHang};
  }
}

}  // namespace sparkgate::simulator

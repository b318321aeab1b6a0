#include "simulator/endings.h"

#include <utility>

#include "simulator/wire.h"

namespace sparkgate::simulator {
namespace {

using Then = Step::Then;

// Sent right behind other bytes, RST would throw them away on the way.
constexpr std::chrono::milliseconds kBeforeReset{20};

constexpr char kUnasked[] =
    R"({"id":"chatcmpl-unasked","object":"chat.completion","created":1,"model":"sim/unasked",)"
    R"("choices":[{"index":0,"message":{"role":"assistant","content":"Nobody asked for this."},)"
    R"("finish_reason":"stop"}]})";

Step After(std::chrono::microseconds wait, std::string bytes, Then then) {
  return {wait, std::move(bytes), then, true};
}

}  // namespace

std::deque<Step> EndingSteps(const Plan& plan, bool keep_alive, std::string last) {
  const Then end = keep_alive ? Then::kKeep : Then::kClose;
  switch (plan.fault) {
    case Fault::kSecondResponse: {
      std::string unasked = ResponseText(200, {{"content-type", "application/json"}}, kUnasked);
      if (plan.delay.count() == 0) return {After({}, last + unasked, end)};
      return {After({}, std::move(last), Then::kContinue),
              After(plan.delay, std::move(unasked), end)};
    }
    case Fault::kLate408:
      return {After({}, std::move(last), Then::kContinue),
              After(plan.delay,
                    ResponseText(408, {{"content-type", "text/plain"}, {"connection", "close"}},
                                 "Request Timeout\n"),
                    Then::kClose)};
    case Fault::kCloseDelimited:
      return {After({}, std::move(last), Then::kClose)};
    default:
      return {After({}, std::move(last), end)};
  }
}

Step BreakStep(Fault fault, std::string before) {
  switch (fault) {
    case Fault::kCut:
    case Fault::kFinishCut:
      return {{}, std::move(before), Then::kCut};
    case Fault::kHalfClose:
      return {{}, std::move(before), Then::kHalfClose};
    case Fault::kReset:
    case Fault::kFinishReset:
      return {kBeforeReset, std::move(before), Then::kReset};
    default:
      return {{}, std::move(before), Then::kHang};
  }
}

std::string InformationalText(const Plan& plan) {
  if (plan.fault != Fault::kInformational) return "";
  return HeadText(100, {}) + HeadText(103, {{"link", "</style.css>; rel=preload"}});
}

}  // namespace sparkgate::simulator

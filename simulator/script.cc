#include "simulator/script.h"

#include <utility>

namespace sparkgate::simulator {
namespace {

// Bytes on their way are lost when RST overtakes them; so the reset waits until they have arrived.
constexpr std::chrono::milliseconds kBeforeReset{20};

}  // namespace

Step FixedScript::Next() {
  Step step = std::move(steps_.front());
  steps_.pop_front();
  return step;
}

Step LimitedScript::Next() {
  if (over_) return {kBeforeReset, "", then_, false};
  Step step = inner_->Next();
  const auto size = static_cast<int64_t>(step.bytes.size());
  if (size < left_) {
    left_ -= size;
    return step;
  }
  step.bytes.resize(static_cast<size_t>(left_));
  step.then = Step::Then::kContinue;
  step.generation_over = false;
  over_ = true;
  return step;
}

std::unique_ptr<Script> SimpleScript(std::string response, bool keep_alive) {
  Step step;
  step.bytes = std::move(response);
  step.then = keep_alive ? Step::Then::kKeep : Step::Then::kClose;
  step.generation_over = true;
  return std::make_unique<FixedScript>(std::deque<Step>{std::move(step)});
}

}  // namespace sparkgate::simulator

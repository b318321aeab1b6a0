// How a complete answer ends, and what comes after it that should not.
#ifndef SPARKGATE_SIMULATOR_ENDINGS_H_
#define SPARKGATE_SIMULATOR_ENDINGS_H_

#include <deque>
#include <string>

#include "simulator/plan.h"
#include "simulator/script.h"

namespace sparkgate::simulator {

// `last` are the bytes that complete the answer.
std::deque<Step> EndingSteps(const Plan& plan, bool keep_alive, std::string last);

// The steps that break off in the middle for the faults that do so; `before` was not sent yet.
Step BreakStep(Fault fault, std::string before);

// What precedes the status line of the answer proper.
std::string InformationalText(const Plan& plan);

}  // namespace sparkgate::simulator

#endif  // SPARKGATE_SIMULATOR_ENDINGS_H_

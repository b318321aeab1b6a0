// One answer as the body of a call without `stream`.
#ifndef SPARKGATE_SIMULATOR_COMPLETION_BODY_H_
#define SPARKGATE_SIMULATOR_COMPLETION_BODY_H_

#include <string>

#include "simulator/answer.h"
#include "simulator/answer_parts.h"

namespace sparkgate::simulator {

std::string CompletionBody(const Answer& answer, const Timing& timing);

}  // namespace sparkgate::simulator

#endif  // SPARKGATE_SIMULATOR_COMPLETION_BODY_H_

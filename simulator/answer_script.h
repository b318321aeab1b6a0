// The steps that answer a call with a completion, whole or streamed, with the plan's fault in it.
#ifndef SPARKGATE_SIMULATOR_ANSWER_SCRIPT_H_
#define SPARKGATE_SIMULATOR_ANSWER_SCRIPT_H_

#include <memory>
#include <string>

#include "simulator/answer.h"
#include "simulator/plan.h"
#include "simulator/script.h"
#include "simulator/wire.h"

namespace sparkgate::simulator {

struct AnswerContext {
  Plan plan;
  Answer answer;
  Fields fields;           // Of every answer: request id, rate limits.
  std::string request_id;  // For errors inside of a stream.
  bool keep_alive = true;  // What the caller wants of its connection.
};

// Streams if the call asked for it. Not for plans that answer with an error status.
std::unique_ptr<Script> MakeAnswerScript(AnswerContext context);

}  // namespace sparkgate::simulator

#endif  // SPARKGATE_SIMULATOR_ANSWER_SCRIPT_H_

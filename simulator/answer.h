// The whole answer to one call, before it is put into chunks or into one body. Pure.
#ifndef SPARKGATE_SIMULATOR_ANSWER_H_
#define SPARKGATE_SIMULATOR_ANSWER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "simulator/call_request.h"
#include "simulator/plan.h"

namespace sparkgate::simulator {

struct ToolCallAnswer {
  std::string id;
  std::string name;
  std::string arguments;
};

struct ChoiceAnswer {
  std::string reasoning;
  std::string content;
  size_t echoed = 0;  // Bytes at the start of `content` that are the prompt.
  std::vector<ToolCallAnswer> tool_calls;
  std::string finish_reason = "stop";
  int completion_tokens = 0;
};

struct Answer {
  std::string id;
  std::string model;
  int64_t created = 0;  // Unix seconds.
  std::vector<ChoiceAnswer> choices;
  CallRequest call;
  bool split_surrogates = false;
  Dialect dialect = Dialect::kPlain;

  int CompletionTokens() const;
};

// `body` is the request as received (for Content::kEchoRequest), `id` the answer's id.
Answer MakeAnswer(const CallRequest& call, const Plan& plan, const std::string& body,
                  const std::string& id, int64_t created);

}  // namespace sparkgate::simulator

#endif  // SPARKGATE_SIMULATOR_ANSWER_H_

#ifndef SPARKGATE_CLIENT_ACCUMULATOR_H_
#define SPARKGATE_CLIENT_ACCUMULATOR_H_

#include <map>
#include <vector>

#include "client/extra_joiner.h"
#include "sparkgate/v1/response.pb.h"

namespace sparkgate::client {

// Joins the increments of one stream to the answer that Chat would have returned, so that its
// messages can be appended to the next request: what the upstream added to a message, to its tool
// calls and to their functions is joined too. Not for several threads at once.
class Accumulator {
 public:
  void Add(const v1::StreamChatResponse& message);

  // What has arrived so far; whole once the stream has ended with OK. Choices are in order of
  // index; an answer to which the upstream gave no role is the assistant's.
  const v1::ChatResponse& response();

 private:
  // The extra_json of one call and of its function.
  struct CallExtras {
    ExtraJoiner call;
    ExtraJoiner function;
  };
  struct MessageExtras {
    ExtraJoiner message;
    std::vector<CallExtras> calls;  // one for each of the message
  };

  static void AddChoice(const v1::StreamChoice& from, MessageExtras* extras, v1::Choice* to);
  static void AddDelta(const v1::ChatMessage& delta, MessageExtras* extras,
                       v1::ChatMessage* message);
  static void AddToolCall(const v1::ToolCall& fragment, MessageExtras* extras,
                          v1::ChatMessage* message);
  v1::Choice* ChoiceFor(int index);

  v1::ChatResponse response_;
  std::map<int, MessageExtras> extras_;  // by the choice's index
};

}  // namespace sparkgate::client

#endif  // SPARKGATE_CLIENT_ACCUMULATOR_H_

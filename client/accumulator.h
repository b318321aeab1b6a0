#ifndef SPARKGATE_CLIENT_ACCUMULATOR_H_
#define SPARKGATE_CLIENT_ACCUMULATOR_H_

#include "sparkgate/v1/response.pb.h"

namespace sparkgate::client {

// Joins the increments of one stream to the answer that Chat would have returned, so that its
// messages can be appended to the next request. Not for several threads at once.
class Accumulator {
 public:
  void Add(const v1::StreamChatResponse& message);

  // What has arrived so far; whole once the stream has ended with OK. Choices are in order of
  // index; an answer to which the upstream gave no role is the assistant's.
  const v1::ChatResponse& response() const { return response_; }

 private:
  v1::Choice* ChoiceFor(int index);

  v1::ChatResponse response_;
};

}  // namespace sparkgate::client

#endif  // SPARKGATE_CLIENT_ACCUMULATOR_H_

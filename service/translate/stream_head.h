#ifndef SPARKGATE_SERVICE_TRANSLATE_STREAM_HEAD_H_
#define SPARKGATE_SERVICE_TRANSLATE_STREAM_HEAD_H_

#include <string>

#include "sparkgate/v1/response.pb.h"

namespace sparkgate::translate {

// What stands beside the choices of a stream's chunks: repeated in each of them by the upstream,
// sent once by us (unknown members when they change). Keeps what is new until a message can carry
// it.
class StreamHead {
 public:
  // Takes id, created, model, prompt_token_ids and extra_json out of `chunk`. False, with nothing
  // taken, if what waits already would be lost: attach it to a message first.
  bool Absorb(v1::StreamChatResponse* chunk);

  // Whether `message` has room for what waits.
  bool Fits(const v1::StreamChatResponse& message) const;
  // Moves what waits into `message`.
  void Attach(v1::StreamChatResponse* message);
  bool empty() const { return !waiting_; }

  // Ids and models that changed in mid-stream.
  int anomalies() const { return anomalies_; }

 private:
  // `value` is the first one that says something; from now on it is `known`.
  bool IsNew(const std::string& value, std::string* known);

  v1::StreamChatResponse fields_;  // no choices
  bool waiting_ = false;
  bool has_created_ = false;
  std::string id_, model_;  // the first ones
  std::string extra_;       // the last one
  int anomalies_ = 0;
};

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_STREAM_HEAD_H_

#ifndef SPARKGATE_SERVICE_TRANSLATE_STREAM_HEAD_H_
#define SPARKGATE_SERVICE_TRANSLATE_STREAM_HEAD_H_

#include <string>

#include "sparkgate/v1/response.pb.h"

namespace sparkgate::translate {

// What stands beside the choices of a stream's chunks: repeated in each of them by the upstream,
// sent once, or when it changes, by us. Keeps what is new until a message can carry it.
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

  // Ids that changed in mid-stream.
  int oddities() const { return oddities_; }

 private:
  v1::StreamChatResponse fields_;  // no choices
  bool waiting_ = false;
  bool has_id_ = false, has_created_ = false;
  std::string id_, model_, extra_;  // the last ones that were taken
  int oddities_ = 0;
};

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_STREAM_HEAD_H_

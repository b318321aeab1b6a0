#ifndef SPARKGATE_SERVICE_CALL_OUTBOX_H_
#define SPARKGATE_SERVICE_CALL_OUTBOX_H_

#include <cstddef>
#include <deque>
#include <string>

#include "sparkgate/v1/response.pb.h"

namespace sparkgate::call {

// Messages that wait for the caller, bounded by bytes. What waits is merged: increments of the same
// choice become one message, which costs no delay, since they could not have left earlier.
class Outbox {
 public:
  // `limit` in bytes of serialised messages. `merge` off keeps one message per upstream chunk.
  Outbox(size_t limit, bool merge) : limit_(limit), merge_(merge) {}

  void Add(v1::StreamChatResponse message);

  // The oldest message, serialised. Not when empty.
  std::string Take();

  void Clear();

  bool empty() const { return messages_.empty(); }
  size_t bytes() const { return bytes_; }
  // The upstream has to wait / may go on.
  bool full() const { return bytes_ >= limit_; }
  bool half_empty() const { return bytes_ <= limit_ / 2; }

 private:
  struct Waiting {
    v1::StreamChatResponse message;
    size_t bytes;
  };

  const size_t limit_;
  const bool merge_;
  std::deque<Waiting> messages_;
  size_t bytes_ = 0;
};

}  // namespace sparkgate::call

#endif  // SPARKGATE_SERVICE_CALL_OUTBOX_H_

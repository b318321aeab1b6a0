#ifndef SPARKGATE_SERVICE_CALL_OUTBOX_H_
#define SPARKGATE_SERVICE_CALL_OUTBOX_H_

#include <cstddef>
#include <deque>
#include <string>

#include "sparkgate/v1/response.pb.h"

namespace sparkgate::call {

// Messages that wait for the caller, bounded by the memory that they take. What waits is merged:
// increments of the same choice become one message, which costs no delay, since they could not have
// left earlier. Only the last one, into which more may be merged, is kept as a message; a message
// of a few bytes takes a kilobyte in that form. What is merged stays below 32 KiB: gRPC holds a
// whole message, beside what waits here, until its reader has taken all of it.
//
// Owned by a call; its loop's thread.
class Outbox {
 public:
  // `limit` in bytes. `merge` off keeps one message per upstream chunk.
  Outbox(size_t limit, bool merge) : limit_(limit), merge_(merge) {}

  void Add(v1::StreamChatResponse message);

  // The oldest message, serialised. Not when empty.
  std::string Take();

  void Clear();

  bool empty() const { return earlier_.empty() && !has_last_; }
  // Of all messages serialised, with what a string and its allocation take.
  size_t bytes() const { return bytes_; }
  // The upstream has to wait / may go on.
  bool full() const { return bytes_ >= limit_; }
  bool half_empty() const { return bytes_ <= limit_ / 2; }

 private:
  static constexpr size_t kMostMerged = 32 * 1024;
  static constexpr size_t kEach = sizeof(std::string) + 16;

  void SerializeLast();

  const size_t limit_;
  const bool merge_;
  std::deque<std::string> earlier_;  // serialised
  bool has_last_ = false;
  v1::StreamChatResponse last_;
  size_t last_bytes_ = 0;  // the sum of its parts: a little more than it takes serialised
  size_t bytes_ = 0;
};

}  // namespace sparkgate::call

#endif  // SPARKGATE_SERVICE_CALL_OUTBOX_H_

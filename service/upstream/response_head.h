#ifndef SPARKGATE_SERVICE_UPSTREAM_RESPONSE_HEAD_H_
#define SPARKGATE_SERVICE_UPSTREAM_RESPONSE_HEAD_H_

#include <cstddef>
#include <string_view>

#include "service/upstream/transfer.h"

namespace sparkgate::upstream {

// Puts the head of the final response together from libcurl's header lines, which also come for
// every 1xx before it and for the trailers after the body.
class ResponseHead {
 public:
  enum class Event {
    kNothing,
    kComplete,  // once: take the head
    kTooLarge,  // over the limit, everything counted
    kRefused,   // see refusal()
  };

  explicit ResponseHead(size_t max_bytes) : max_bytes_(max_bytes) {}

  // One line with its end of line.
  Event OnLine(std::string_view line);

  // After kComplete.
  Head Take() { return std::move(head_); }

  // Why the head is kRefused: a Transfer-Encoding that libcurl would undo by itself, or lengths
  // that differ (RFC 9112, 6.3).
  const std::string& refusal() const { return refusal_; }

  // The body's end is told in two ways: one of them is an attack or a mistake, and what follows on
  // the connection may be anybody's.
  bool doubtful() const { return framed_ && (!length_.empty() || http_1_0_); }

  bool complete() const { return complete_; }
  // The end of the body is told by chunks, or the status has no body. Whether a Content-Length
  // tells it is for libcurl to say: it also takes some for none.
  bool framed() const { return framed_; }

 private:
  Event OnEnd();
  void OnField(std::string_view line);
  void OnContentLength(std::string_view value);

  size_t max_bytes_;
  size_t bytes_ = 0;
  bool complete_ = false;
  bool framed_ = false;
  bool http_1_0_ = false;
  std::string length_;   // of Content-Length
  std::string refusal_;  // "": none
  Head head_;
};

}  // namespace sparkgate::upstream

#endif  // SPARKGATE_SERVICE_UPSTREAM_RESPONSE_HEAD_H_

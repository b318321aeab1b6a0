#ifndef SPARKGATE_SERVICE_UPSTREAM_RETRY_RULE_H_
#define SPARKGATE_SERVICE_UPSTREAM_RETRY_RULE_H_

#include <curl/curl.h>

#include <cstdint>

namespace sparkgate::upstream {

// What is known about one attempt that failed: libcurl's code and what the kernel said about the
// connection that the request went out on.
struct AttemptFacts {
  CURLcode code = CURLE_OK;
  bool reused = false;   // on a kept connection
  bool refused = false;  // our own check found the kept connection not silent; nothing was sent
  bool begun = false;    // the request was begun on a connection
  bool any_response = false;     // a byte of it came, a 1xx included
  long os_errno = 0;             // libcurl's last one of this attempt
  int64_t body_bytes = 0;        // of the request
  int64_t uploaded_bytes = 0;    // as libcurl counts; right for CURLE_SEND_ERROR alone
  bool acks_known = false;       // the next three were read
  bool queue_was_empty = false;  // nothing unacknowledged before the request
  uint64_t acked_before = 0;
  uint64_t acked_at_close = 0;
};

// True only if the upstream cannot have seen the whole request, so that sending it again pays for
// nothing twice:
// - no connection was made, or our check refused it;
// - writing failed before the body was out;
// - the peer ended the connection without a reset and had acknowledged not one byte: its FIN
// carries
//   an acknowledgement, so those bytes had not reached its kernel. After a reset that proves
//   nothing.
inline bool CertainlyNotSeen(const AttemptFacts& facts) {
  if (facts.any_response) return false;
  if (facts.refused || !facts.begun) return true;
  switch (facts.code) {
    case CURLE_SEND_ERROR:
      return facts.uploaded_bytes < facts.body_bytes;
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_FAIL_REWIND:
      return facts.os_errno == 0 && facts.acks_known && facts.queue_was_empty &&
             facts.acked_before == facts.acked_at_close;
    default:
      return false;
  }
}

// The race between a kept connection's idle timeout and our request: repeated at once, once, on a
// fresh connection. On a fresh connection the same failure is the upstream's state, not a race.
inline bool SendAgainAtOnce(const AttemptFacts& facts, bool was_sent_again) {
  const bool race = facts.refused || (facts.reused && facts.begun);
  return race && !was_sent_again && CertainlyNotSeen(facts);
}

}  // namespace sparkgate::upstream

#endif  // SPARKGATE_SERVICE_UPSTREAM_RETRY_RULE_H_

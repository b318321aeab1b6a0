#ifndef SPARKGATE_SERVICE_UPSTREAM_RETRY_RULE_H_
#define SPARKGATE_SERVICE_UPSTREAM_RETRY_RULE_H_

#include <curl/curl.h>

#include <cstdint>
#include <string_view>

#include "service/upstream/transfer.h"

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
// - the peer ended the connection without a reset and had acknowledged not one byte: its
//   FIN carries an acknowledgement, so those bytes had not reached its kernel. After a reset that
//   proves nothing.
bool CertainlyNotSeen(const AttemptFacts& facts);

// The race between a kept connection's idle timeout and our request: repeated at once, once, on a
// fresh connection. On a fresh connection the same failure is the upstream's state, not a race.
bool SendAgainAtOnce(const AttemptFacts& facts, bool was_sent_again);

// The one place where libcurl's codes become endings. `framed`: the response had a length of its
// own (chunks, Content-Length or none by its status), so that CURLE_OK means complete; without it
// libcurl says CURLE_OK to every close, also to a cut one. `error_text` is libcurl's.
TransferEnd::How OutcomeOf(const AttemptFacts& facts, bool framed, std::string_view error_text);

}  // namespace sparkgate::upstream

#endif  // SPARKGATE_SERVICE_UPSTREAM_RETRY_RULE_H_

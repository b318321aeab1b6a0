#include "service/upstream/retry_rule.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <ostream>
#include <string>

namespace sparkgate::upstream {
namespace {

using How = TransferEnd::How;

// A request of 427 bytes, 100 of them body, begun on a kept connection that then failed.
AttemptFacts Kept(CURLcode code, long os_errno, uint64_t acked) {
  AttemptFacts facts;
  facts.code = code;
  facts.reused = true;
  facts.begun = true;
  facts.os_errno = os_errno;
  facts.body_bytes = 100;
  facts.acks_known = true;
  facts.queue_was_empty = true;
  facts.acked_before = 1000;
  facts.acked_at_close = 1000 + acked;
  return facts;
}

AttemptFacts Fresh(AttemptFacts facts) {
  facts.reused = false;
  return facts;
}

AttemptFacts Uploaded(AttemptFacts facts, int64_t bytes) {
  facts.uploaded_bytes = bytes;
  return facts;
}

AttemptFacts Answered(AttemptFacts facts) {
  facts.any_response = true;
  return facts;
}

AttemptFacts AcksUnknown(AttemptFacts facts) {
  facts.acks_known = false;
  return facts;
}

AttemptFacts QueueWasBusy(AttemptFacts facts) {
  facts.queue_was_empty = false;
  return facts;
}

AttemptFacts NotBegun(CURLcode code) {
  AttemptFacts facts;
  facts.code = code;
  return facts;
}

AttemptFacts RefusedByCheck() {
  AttemptFacts facts = NotBegun(CURLE_ABORTED_BY_CALLBACK);
  facts.reused = true;
  facts.refused = true;
  return facts;
}

struct Case {
  std::string name;
  AttemptFacts facts;
  bool not_seen;
  bool again;  // at once, if it was not yet
  How how;     // if it is not sent again
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class Rule : public testing::TestWithParam<Case> {};

TEST_P(Rule, Holds) {
  const Case& c = GetParam();
  EXPECT_EQ(CertainlyNotSeen(c.facts), c.not_seen);
  EXPECT_EQ(SendAgainAtOnce(c.facts, false), c.again);
  EXPECT_FALSE(SendAgainAtOnce(c.facts, true));
  EXPECT_EQ(OutcomeOf(c.facts, false, ""), c.how);
}

INSTANTIATE_TEST_SUITE_P(
    Matrix, Rule,
    testing::Values(
        Case{"B: FIN before we write", Kept(CURLE_SEND_ERROR, EPIPE, 0), true, true, How::kNotSeen},
        Case{"B': FIN and request cross", Kept(CURLE_SEND_FAIL_REWIND, 0, 0), true, true,
             How::kNotSeen},
        Case{"B' with an empty reply", Kept(CURLE_GOT_NOTHING, 0, 0), true, true, How::kNotSeen},
        Case{"B' with a receive error", Kept(CURLE_RECV_ERROR, 0, 0), true, true, How::kNotSeen},
        Case{"D: head arrived, then closed", Kept(CURLE_SEND_ERROR, ECONNRESET, 300), true, true,
             How::kNotSeen},
        Case{"whole body out, then a send error", Uploaded(Kept(CURLE_SEND_ERROR, EPIPE, 0), 100),
             false, false, How::kLost},
        Case{"E: read, then FIN", Kept(CURLE_SEND_FAIL_REWIND, 0, 427), false, false, How::kLost},
        Case{"E' over TLS", Kept(CURLE_SEND_FAIL_REWIND, 0, 469), false, false, How::kLost},
        Case{"a part acknowledged", Kept(CURLE_SEND_FAIL_REWIND, 0, 1), false, false, How::kLost},
        Case{"F: read, then RST", Kept(CURLE_SEND_FAIL_REWIND, ECONNRESET, 427), false, false,
             How::kLost},
        Case{"F': a reset proves nothing", Kept(CURLE_SEND_FAIL_REWIND, ECONNRESET, 0), false,
             false, How::kLost},
        Case{"G: fresh, read, FIN", Fresh(Kept(CURLE_GOT_NOTHING, 0, 427)), false, false,
             How::kLost},
        Case{"H: fresh, read, RST", Fresh(Kept(CURLE_RECV_ERROR, ECONNRESET, 427)), false, false,
             How::kLost},
        Case{"fresh, nothing acknowledged", Fresh(Kept(CURLE_GOT_NOTHING, 0, 0)), true, false,
             How::kNotSeen},
        Case{"fresh, send error", Fresh(Kept(CURLE_SEND_ERROR, EPIPE, 0)), true, false,
             How::kNotSeen},
        Case{"no TCP_INFO", AcksUnknown(Kept(CURLE_GOT_NOTHING, 0, 0)), false, false, How::kLost},
        Case{"something was in the queue", QueueWasBusy(Kept(CURLE_GOT_NOTHING, 0, 0)), false,
             false, How::kLost},
        Case{"a response byte", Answered(Kept(CURLE_GOT_NOTHING, 0, 0)), false, false, How::kCut},
        Case{"a response byte, send error", Answered(Kept(CURLE_SEND_ERROR, EPIPE, 0)), false,
             false, How::kCut},
        Case{"waiting bytes", RefusedByCheck(), true, true, How::kNotConnected},
        Case{"partial file", Kept(CURLE_PARTIAL_FILE, 0, 0), false, false, How::kLost},
        Case{"http2", Kept(CURLE_HTTP2, 0, 0), false, false, How::kLost},
        Case{"name", NotBegun(CURLE_COULDNT_RESOLVE_HOST), true, false, How::kNotConnected},
        Case{"proxy's name", NotBegun(CURLE_COULDNT_RESOLVE_PROXY), true, false,
             How::kNotConnected},
        Case{"refused", NotBegun(CURLE_COULDNT_CONNECT), true, false, How::kNotConnected},
        Case{"connect time", NotBegun(CURLE_OPERATION_TIMEDOUT), true, false, How::kNotConnected},
        Case{"handshake", NotBegun(CURLE_SSL_CONNECT_ERROR), true, false, How::kNotConnected},
        Case{"reset while connecting", NotBegun(CURLE_RECV_ERROR), true, false, How::kNotConnected},
        Case{"certificate", NotBegun(CURLE_PEER_FAILED_VERIFICATION), true, false,
             How::kCertificateRefused},
        Case{"no CA file", NotBegun(CURLE_SSL_CACERT_BADFILE), true, false,
             How::kCertificateRefused}));

TEST(OutcomeOf, ASuccessIsCompleteOnlyWithFraming) {
  const AttemptFacts facts = Answered(Kept(CURLE_OK, 0, 427));
  EXPECT_EQ(OutcomeOf(facts, true, ""), How::kComplete);
  EXPECT_EQ(OutcomeOf(facts, false, ""), How::kClosed);
}

TEST(OutcomeOf, WhatIsNoHttp) {
  for (CURLcode code : {CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_OUT_OF_MEMORY,
                        CURLE_BAD_CONTENT_ENCODING}) {
    EXPECT_EQ(OutcomeOf(Answered(Kept(code, 0, 427)), false, ""), How::kProtocol) << code;
  }
}

TEST(OutcomeOf, ABadChunkIsToldFromALossByItsText) {
  const AttemptFacts facts = Answered(Kept(CURLE_RECV_ERROR, 0, 427));
  EXPECT_EQ(OutcomeOf(facts, true, "Illegal or missing hexadecimal sequence in chunked-encoding"),
            How::kProtocol);
  EXPECT_EQ(OutcomeOf(facts, true, "Recv failure: Connection reset by peer"), How::kCut);
}

}  // namespace
}  // namespace sparkgate::upstream

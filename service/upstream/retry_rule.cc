#include "service/upstream/retry_rule.h"

#include <optional>

namespace sparkgate::upstream {
namespace {

using How = TransferEnd::How;

struct Row {
  CURLcode code;
  How how;
};

// Codes that say how it ended whenever they come. All others depend on how far the attempt got.
constexpr Row kRows[] = {
    {CURLE_PEER_FAILED_VERIFICATION, How::kCertificateRefused},
    {CURLE_SSL_CACERT_BADFILE, How::kCertificateRefused},
    {CURLE_SSL_ISSUER_ERROR, How::kCertificateRefused},
    {CURLE_SSL_PINNEDPUBKEYNOTMATCH, How::kCertificateRefused},
    {CURLE_SSL_INVALIDCERTSTATUS, How::kCertificateRefused},
    {CURLE_UNSUPPORTED_PROTOCOL, How::kProtocol},  // HTTP/0.9: no status line
    {CURLE_WEIRD_SERVER_REPLY, How::kProtocol},
    {CURLE_OUT_OF_MEMORY, How::kProtocol},  // a header line over 100 KB; a live process has memory
    {CURLE_BAD_CONTENT_ENCODING, How::kProtocol},
};

std::optional<How> OfCode(CURLcode code) {
  for (const Row& row : kRows) {
    if (row.code == code) return row.how;
  }
  return std::nullopt;
}

// A chunk without a length has the code of a lost connection; only the text tells them apart.
bool IsBadChunk(const AttemptFacts& facts, std::string_view error_text) {
  return facts.code == CURLE_RECV_ERROR &&
         error_text.find("chunked-encoding") != std::string_view::npos;
}

}  // namespace

bool CertainlyNotSeen(const AttemptFacts& facts) {
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

bool SendAgainAtOnce(const AttemptFacts& facts, bool was_sent_again) {
  const bool race = facts.refused || (facts.reused && facts.begun);
  return race && !was_sent_again && CertainlyNotSeen(facts);
}

How OutcomeOf(const AttemptFacts& facts, bool framed, std::string_view error_text) {
  if (facts.code == CURLE_OK) return framed ? How::kComplete : How::kClosed;
  if (IsBadChunk(facts, error_text)) return How::kProtocol;
  if (const auto how = OfCode(facts.code)) return *how;
  if (facts.any_response) return How::kCut;
  if (!facts.begun) return How::kNotConnected;
  return CertainlyNotSeen(facts) ? How::kNotSeen : How::kLost;
}

}  // namespace sparkgate::upstream

#include "service/upstream/transfer_outcome.h"

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

How OutcomeOf(const AttemptFacts& facts, bool framed, std::string_view error_text) {
  if (facts.code == CURLE_OK) return framed ? How::kComplete : How::kClosed;
  if (IsBadChunk(facts, error_text)) return How::kProtocol;
  if (const auto how = OfCode(facts.code)) return *how;
  if (facts.any_response) return How::kCut;
  if (!facts.begun) return How::kNotConnected;
  return CertainlyNotSeen(facts) ? How::kNotSeen : How::kLost;
}

}  // namespace sparkgate::upstream

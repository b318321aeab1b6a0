#include "service/translate/signs_of_life.h"

#include "absl/strings/match.h"

namespace sparkgate::translate {
namespace {

constexpr size_t kMaxWords = 1024;

bool IsKeepAlive(std::string_view data) {
  if (data.front() == ':') return true;
  for (const std::string_view word : {"\"\"", "null", "true", "false", "[]", "ping", "pong",
                                      "keepalive", "keep-alive", "heartbeat"}) {
    if (absl::EqualsIgnoreCase({data.data(), data.size()}, {word.data(), word.size()})) return true;
  }
  return false;
}

}  // namespace

void SignsOfLife::Add(std::string_view data) {
  if (words_.empty() && !IsKeepAlive(data)) words_ = data.substr(0, kMaxWords);
}

}  // namespace sparkgate::translate

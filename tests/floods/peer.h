#ifndef SPARKGATE_TESTS_FLOODS_PEER_H_
#define SPARKGATE_TESTS_FLOODS_PEER_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "tests/support/gate.h"

namespace sparkgate::floods {

// A peer that sends what it is told to, byte by byte. While it sends it takes what comes, unless it
// is one that does not read. One thread.
class Peer {
 public:
  enum class Manners { kReads, kNeverReads };
  enum class Settings { kConfirmed, kIgnored };

  // Connects to 127.0.0.1; sends nothing.
  explicit Peer(int port, Manners manners = Manners::kReads);
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  // The preface and SETTINGS. A server's own settings hold once its peer confirms them: one who
  // does not is bound by HTTP/2's defaults alone, which are no limits.
  Peer& Greet(Settings settings = Settings::kConfirmed);

  // False once the connection is over, or when nothing was taken for `patience`.
  bool Send(std::string_view bytes, std::chrono::milliseconds patience = support::kPatience);

  // Bytes that Send was given and the server did not take.
  size_t unsent() const { return unsent_; }

  // "open" if PINGs are answered; else how the connection ended, as in AwaitEnd, or "silent". Once.
  std::string State();
  // "ended" or "ended, GOAWAY 11 too_many_pings"; "open" when that did not happen in time.
  std::string AwaitEnd(std::chrono::milliseconds patience = support::kPatience);
  // "status 12", or "RST 2" if that came first; "nothing" if the connection ended or time was up
  // before.
  std::string AwaitStream(uint32_t stream, std::chrono::milliseconds patience = support::kPatience);
  // How a stream ended so far; "" if it has not.
  std::string Stream(uint32_t stream) const;

  int frames(uint8_t type) const;  // received of this type

 private:
  bool Wait(bool write, std::chrono::steady_clock::time_point until);
  void Receive();
  void TakeFrames();
  void TakeFrame(uint8_t type, uint8_t flags, uint32_t stream, std::string_view payload);

  int fd_;
  Manners manners_;
  bool ended_ = false;
  size_t unsent_ = 0;
  std::string received_;  // the start of a frame
  std::optional<std::string> goaway_;
  std::map<uint32_t, std::string> streams_;  // ended
  std::map<uint8_t, int> frames_;
  int pongs_ = 0;
};

}  // namespace sparkgate::floods

#endif  // SPARKGATE_TESTS_FLOODS_PEER_H_

#ifndef SPARKGATE_TESTS_SUPPORT_SCRIPTED_CONNECTION_H_
#define SPARKGATE_TESTS_SUPPORT_SCRIPTED_CONNECTION_H_

#include <openssl/ssl.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/gate.h"

namespace sparkgate::support {

// A request as it came. Header names in lower case.
struct ReceivedRequest {
  int connection = 0;  // counted from 0 in the order of accepting
  std::string method;
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  // The first value of this name, "" if there is none.
  std::string_view Header(std::string_view lower_case_name) const;
};

struct PeerClose {
  enum class Kind { kFin, kReset, kTimeout };
  int connection = 0;
  Kind kind = Kind::kTimeout;
  std::chrono::steady_clock::time_point when;
};

// What a connection tells its server; the server's own.
class ConnectionLog {
 public:
  virtual ~ConnectionLog() = default;
  virtual void OnRequest(const ReceivedRequest& request) = 0;
  virtual void OnPeerClose(const PeerClose& close) = 0;
};

// The server's end of one connection, played by a script on the connection's own thread. Every wait
// ends after kPatience. After Close, Reset or the peer's end the calls do nothing and say so.
class Connection {
 public:
  // Takes the descriptor. `ssl` may be null; else its handshake is done.
  Connection(int index, int fd, SSL* ssl, ConnectionLog* log);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int index() const { return index_; }  // of this connection, from 0
  int peer_port() const { return peer_port_; }
  int port() const { return port_; }                           // our own
  uint64_t bytes_received() const { return bytes_received_; }  // of plain text

  // Exactly one request, whole; what lies behind it stays for the next call. nullopt at the end.
  std::optional<ReceivedRequest> ReadRequest();
  // Only up to the blank line, the body stays in the kernel. Not recorded as a request.
  std::optional<ReceivedRequest> ReadHead();
  // True as soon as there is something to read, the peer's end included. Looks below TLS.
  bool WaitForBytes(std::chrono::microseconds patience);
  // Exactly this many bytes, fewer at the end. Takes no more off the socket, so that Unread() is
  // right behind it.
  std::string ReadBytes(size_t count);

  // False if the peer is gone.
  bool Send(std::string_view bytes);
  // Each piece by itself, with a pause that lets it be read by itself. The pause is pace, no more.
  bool SendSlowly(const std::vector<std::string>& pieces,
                  std::chrono::microseconds pause = std::chrono::microseconds(500));
  // Past TLS, straight onto the socket.
  bool SendBelowTls(std::string_view bytes);
  bool SendChunk(std::string_view data);
  bool SendLastChunk(std::string_view trailers = "");

  // Drops what still comes until the peer closes. Looks below TLS: a close_notify is just bytes.
  PeerClose WaitForPeerClose(std::chrono::milliseconds patience = kPatience);

  // FIN (TLS: close_notify before it). A socket with unread bytes says RST instead: read first.
  void Close();
  // TLS cut: FIN without close_notify. As Close without TLS.
  void CloseWithoutNotify();
  void Reset();
  // FIN, and goes on reading (TLS: with or without close_notify before it).
  void HalfClose(bool notify = true);

  // From now on the kernel drops what comes, as if the network had lost it: it stays unacknowledged
  // at the peer, while our own packets still go out. It does so because the receive buffer is
  // overfull; so first leave at least 16 KiB unread (ReadHead of a request with a large body). A
  // small packet may still slip in: begin with one of kDroppedForSure bytes, the rest behind it is
  // then lost too. Waits until `unread` bytes are there; false if they do not come.
  static constexpr size_t kDroppedForSure = 16 * 1024;
  bool StopReceiving(size_t unread);

  // Bytes that came and have not been read by anybody.
  size_t Unread() const;

  // Small buffers, to see back-pressure after few bytes.
  void SetSendBuffer(int bytes);

  // From any thread: ends whatever the script waits for.
  void Interrupt();

 private:
  std::optional<ReceivedRequest> ParseHead(size_t step);
  bool ReadBody(ReceivedRequest* request);
  bool Fill(size_t most);  // reads some more into buffer_; false at the end
  void NotePeerClose(PeerClose::Kind kind);
  void CloseFd();

  const int index_;
  SSL* const ssl_;
  ConnectionLog* const log_;
  int peer_port_ = 0;
  int port_ = 0;
  std::atomic<uint64_t> bytes_received_{0};
  std::string buffer_;  // read, but not yet asked for
  bool peer_close_noted_ = false;
  bool silent_ = false;  // our FIN is out
  std::mutex fd_mutex_;  // Interrupt against the closing of the descriptor
  int fd_;
};

}  // namespace sparkgate::support

#endif  // SPARKGATE_TESTS_SUPPORT_SCRIPTED_CONNECTION_H_

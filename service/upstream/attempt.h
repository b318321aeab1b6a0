#ifndef SPARKGATE_SERVICE_UPSTREAM_ATTEMPT_H_
#define SPARKGATE_SERVICE_UPSTREAM_ATTEMPT_H_

#include <curl/curl.h>

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "service/event_loop/loop.h"
#include "service/upstream/curl_options.h"
#include "service/upstream/response_head.h"
#include "service/upstream/retry_rule.h"
#include "service/upstream/socket_tracker.h"
#include "service/upstream/transfer.h"

namespace sparkgate::upstream {

class CurlClient;
class CurlTransfer;

// One request on one connection: an easy handle and libcurl's callbacks. Owned by the client while
// libcurl has it, because it may outlive its transfer: it then lingers, or waits to be removed.
class Attempt {
 public:
  enum class State {
    kRunning,    // its transfer hears of everything
    kLingering,  // the answer was complete for the call; the framing's end is awaited
    kRemoving,   // ends as soon as libcurl has returned; callbacks tell libcurl to stop
  };

  Attempt(CurlClient* client, CurlTransfer* transfer, std::string body);

  // What an easy handle that attempts of `client` will use is told once.
  static void SetCallbacks(CURL* easy, CurlClient* client);

 private:
  friend class CurlClient;
  friend class CurlTransfer;

  // How it ended, completed by what libcurl knows then.
  struct Result {
    AttemptFacts facts;
    bool connected = false;  // the TCP connection stood
    TransferEnd end;
  };
  Result ResultOf(CURLcode code) const;

  // libcurl's callbacks; `data` is the attempt.
  static curl_socket_t OnOpenSocket(void* data, curlsocktype purpose, curl_sockaddr* address);
  static int OnPrerequest(void* data, char* remote_ip, char* local_ip, int remote_port,
                          int local_port);
  static size_t OnRead(char* buffer, size_t size, size_t count, void* data);
  static size_t OnHeader(char* line, size_t size, size_t count, void* data);
  static size_t OnWrite(char* bytes, size_t size, size_t count, void* data);

  // What these do. False, or another size than that of `bytes`, ends the attempt.
  bool TakeConnection(const SocketTracker::Ends& ends);
  bool TakeHeader(std::string_view line);
  size_t TakeBody(std::string_view bytes);

  void SetOptions();
  bool IsInOnePiece() const;
  bool BodyIsSent() const;
  bool MayHaveWrittenBody() const;
  bool RefusesRestart();
  void FreeBodyIfSent();
  void Linger();
  bool MayLingerOn(size_t bytes);
  void ApplyPause();
  void CountBytes(size_t count);
  bool HadItsShare() const;

  CurlClient* const client_;
  CurlTransfer* transfer_;  // null unless kRunning
  State state_ = State::kRunning;
  std::list<std::unique_ptr<Attempt>>::iterator place_;  // in the client's list

  HeaderSlist headers_;  // libcurl reads the first three as long as it has the handle
  HeaderSlist resolve_;
  char error_text_[CURL_ERROR_SIZE] = "";
  EasyHandle easy_;

  std::string body_;  // freed when it was sent and the head of the response is there
  const size_t body_bytes_;
  size_t body_read_ = 0;     // by libcurl, of one that is not in one piece with the head
  long written_before_ = 0;  // CURLINFO_REQUEST_SIZE when the request was begun on its connection
  AttemptFacts facts_;
  // libcurl, with a part of the body written, wanted another connection for the same attempt: it
  // would have made one only to fail with CURLE_SEND_FAIL_REWIND, so it was refused.
  bool restart_refused_ = false;
  bool ended_well_ = false;  // as libcurl has it
  ResponseHead head_;
  std::string own_fault_;  // why a callback of ours refused to go on

  bool curl_paused_ = false;  // by the sink, or because it had its share of a turn
  uint64_t turn_ = 0;
  size_t bytes_of_turn_ = 0;
  size_t lingered_bytes_ = 0;
  std::optional<event_loop::Timer> linger_timer_;
};

}  // namespace sparkgate::upstream

#endif  // SPARKGATE_SERVICE_UPSTREAM_ATTEMPT_H_

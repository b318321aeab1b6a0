#ifndef SPARKGATE_SERVICE_UPSTREAM_CURL_TRANSFER_H_
#define SPARKGATE_SERVICE_UPSTREAM_CURL_TRANSFER_H_

#include <curl/curl.h>

#include <optional>
#include <string>
#include <vector>

#include "service/upstream/attempt.h"
#include "service/upstream/transfer.h"

namespace sparkgate::upstream {

class CurlClient;

// A request over all its attempts, as its call holds it.
//
//            Start            the last attempt ended        sink told
//   kQueued ───────▶ kRunning ───────────────────────▶ kEnding ───────▶ kOver
//                     │    ▲                                              ▲
//                     └────┘ next address, or sent again     Linger ──────┘
//
// In kRunning it has an attempt; destroying it there aborts that.
class CurlTransfer final : public Transfer {
 public:
  CurlTransfer(CurlClient* client, Request request, TransferSink* sink);
  ~CurlTransfer() override;

  void Pause() override;
  void Resume() override;
  void Linger(bool dirty) override;
  Request TakeRequest() override;
  bool MayHaveBeenSeen() const override;

 private:
  friend class Attempt;
  friend class CurlClient;
  enum class State { kQueued, kRunning, kEnding, kOver };

  void Begin(bool fresh_connection);
  void SetOptions(const Attempt& attempt, bool fresh_connection) const;
  std::optional<std::string> AddressEntry();
  void OnAttemptDone(CURLcode code);
  bool TryNextAddress(const Attempt::Result& result);
  void EndLater(TransferEnd::How how, int attempts, std::string detail);
  void Forget();  // the client is gone
  void TellEnd();
  // What was put off to a turn of its own.
  void RunStep();

  CurlClient* client_;  // null: it is gone
  TransferSink* const sink_;
  Request request_;  // its body is with the attempt while there is one
  State state_ = State::kQueued;
  Attempt* attempt_ = nullptr;  // the client's
  bool paused_ = false;         // by its sink
  bool has_step_ = false;       // is in the client's steps_
  TransferEnd end_;             // in kEnding

  bool last_attempt_begun_ = false;
  int attempts_ = 0;         // requests begun on a connection
  bool sent_again_ = false;  // by us
  // Of the upstream's name, in the order in which they are tried.
  std::vector<std::string> addresses_;
  size_t address_ = 0;         // the one that is
  bool has_all_time_ = false;  // it answers, only its TLS is slow
};

}  // namespace sparkgate::upstream

#endif  // SPARKGATE_SERVICE_UPSTREAM_CURL_TRANSFER_H_

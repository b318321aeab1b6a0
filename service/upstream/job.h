#ifndef SPARKGATE_SERVICE_UPSTREAM_JOB_H_
#define SPARKGATE_SERVICE_UPSTREAM_JOB_H_

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "service/event_loop/loop.h"
#include "service/upstream/curl_wrappers.h"
#include "service/upstream/response_head.h"
#include "service/upstream/retry_rule.h"
#include "service/upstream/transfer.h"

namespace sparkgate::upstream {

class Pool;
struct Job;

// What the caller holds. It and its job know each other until one of them ends.
class JobHandle final : public Transfer {
 public:
  explicit JobHandle(Job* job);
  ~JobHandle() override;

  void Pause() override;
  void Resume() override;
  void Linger(bool dirty) override;
  Request TakeRequest() override;
  bool MayHaveBeenSeen() const override;

 private:
  friend class Pool;
  Job* job_;  // null: has ended, or lingers
};

// A request inside the pool, over all its attempts. The pool's own; libcurl's callbacks get it as
// their argument. Only Pool and the callbacks in job_callbacks.cc touch it.
struct Job {
  Job(Pool* owner, Request wanted, TransferSink* receiver, size_t max_header_bytes)
      : pool(owner), sink(receiver), request(std::move(wanted)), head(max_header_bytes) {}

  Pool* const pool;
  JobHandle* handle = nullptr;  // null: nobody wants to hear of it any more
  TransferSink* sink;           // null with the handle
  Request request;
  size_t body_bytes = 0;  // the body itself is freed early
  std::list<std::unique_ptr<Job>>::iterator place;

  std::vector<std::string>
      addresses;              // of the upstream's name, in the order in which they are tried
  size_t address = 0;         // the one that is
  bool has_all_time = false;  // it answers, only its TLS is slow

  // Of the attempt that runs.
  EasyHandle easy;
  HeaderSlist headers;
  HeaderSlist resolve;
  char error_text[CURL_ERROR_SIZE] = "";
  bool in_multi = false;
  size_t body_sent = 0;
  AttemptFacts facts;
  // libcurl, with a part of the body written, wanted another connection for the same attempt: it
  // would have made one only to fail with CURLE_SEND_FAIL_REWIND, so it was refused.
  bool restart_refused = false;
  ResponseHead head;
  bool head_told = false;

  int attempts = 0;          // requests begun on a connection
  bool sent_again = false;   // by us
  bool to_begin = false;     // libcurl was busy when it was started
  bool gone = false;         // to be removed as soon as libcurl has returned
  bool lingering = false;    // waits for its framing's end, for the connection's sake
  bool paused = false;       // by its sink
  bool curl_paused = false;  // libcurl was told; also when it had its share of a turn
  bool in_callback = false;
  bool in_steps = false;
  std::string own_fault;           // why our callback refused to go on
  std::optional<TransferEnd> end;  // not yet told

  uint64_t turn = 0;
  size_t bytes_of_turn = 0;
  size_t lingered_bytes = 0;
  std::unique_ptr<event_loop::Timer> linger_timer;
};

}  // namespace sparkgate::upstream

#endif  // SPARKGATE_SERVICE_UPSTREAM_JOB_H_

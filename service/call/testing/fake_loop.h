#ifndef SPARKGATE_SERVICE_CALL_TESTING_FAKE_LOOP_H_
#define SPARKGATE_SERVICE_CALL_TESTING_FAKE_LOOP_H_

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "service/call/call.h"
#include "service/call/call_loop.h"
#include "service/call/response_writer.h"
#include "service/upstream/transfer.h"

namespace sparkgate::call {

// A caller's side that records what it is told. Writes are acknowledged by the test, or inside
// Write.
class FakeWriter final : public ResponseWriter {
 public:
  void SendInitialMetadata(const HeaderList& metadata) override {
    ++metadata_sent;
    wrong |= metadata_sent > 1 || !written.empty() || finished;
  }
  void Write(std::string message) override {
    wrong |= write_out || finished.has_value();
    written.push_back(std::move(message));
    write_out = true;
    if (acknowledge_inside) acknowledge_inside();
  }
  void Finish(const CallEnd& end, std::optional<std::string> last_message) override {
    wrong |= finished.has_value() || (last_message && write_out);
    if (last_message) written.push_back(*std::move(last_message));
    finished = end;
  }
  void Cancel() override {
    wrong |= !finished;
    ++cancels;
  }
  void Abandon() override {
    wrong |= cancels == 0;
    ++abandons;
  }

  std::function<void()> acknowledge_inside;
  std::vector<std::string> written;
  bool write_out = false;
  std::optional<CallEnd> finished;
  int metadata_sent = 0;
  int cancels = 0;
  int abandons = 0;
  bool wrong = false;  // a verb that must not come here
};

// A loop for one call, stepped by the test.
class FakeLoop final : public CallLoop {
 public:
  class FakeTransfer final : public upstream::Transfer {
   public:
    explicit FakeTransfer(FakeLoop* loop) : loop_(loop) { loop_->transfer = this; }
    ~FakeTransfer() override { loop_->transfer = nullptr; }
    void Pause() override {
      loop_->wrong |= paused;
      paused = true;
    }
    void Resume() override {
      loop_->wrong |= !paused;
      paused = false;
    }
    void Linger(bool dirty) override {
      ++loop_->lingered;
      loop_->lingered_dirty = dirty;
    }
    upstream::Request TakeRequest() override { return loop_->last_request; }
    bool MayHaveBeenSeen() const override { return loop_->request_left; }
    bool paused = false;

   private:
    FakeLoop* const loop_;
  };

  Clock::time_point Now() const override { return now; }
  void SetTimer(Clock::time_point when) override { timer = when; }
  void WantTurnEnd() override { turn_end_wanted = true; }
  std::unique_ptr<upstream::Transfer> StartTransfer(upstream::Request request,
                                                    upstream::TransferSink*) override {
    ++started;
    last_request = std::move(request);
    return std::make_unique<FakeTransfer>(this);
  }
  void Offload(uint64_t, size_t, std::function<void()> work, std::function<void()> done) override {
    jobs.emplace_back(std::move(work), std::move(done));
  }
  void Free() override {
    ++freed;
    call.reset();
  }

  // Ends turns until nobody wants another one.
  void EndTurns() {
    while (call && std::exchange(turn_end_wanted, false)) call->OnTurnEnd();
  }
  bool TimerArmed() const { return timer != Clock::time_point::max(); }
  void FireTimer() {
    now = std::max(now, timer);
    timer = Clock::time_point::max();
    call->OnTimer();
  }
  void RunJob() {
    auto [work, done] = std::move(jobs.front());
    jobs.pop_front();
    work();
    if (call) done();
  }

  std::unique_ptr<Call> call;
  FakeTransfer* transfer = nullptr;  // null: none, or over
  Clock::time_point now{std::chrono::hours(1)};
  Clock::time_point timer = Clock::time_point::max();
  bool turn_end_wanted = false;
  std::deque<std::pair<std::function<void()>, std::function<void()>>> jobs;
  upstream::Request last_request;
  bool request_left = true;  // false: transfers still connect
  int started = 0;
  int lingered = 0;
  bool lingered_dirty = false;
  int freed = 0;
  bool wrong = false;
};

}  // namespace sparkgate::call

#endif  // SPARKGATE_SERVICE_CALL_TESTING_FAKE_LOOP_H_

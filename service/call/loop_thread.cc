#include "service/call/loop_thread.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "service/call/call_loop.h"
#include "service/call/stream_call.h"
#include "service/call/unary_call.h"

namespace sparkgate::call {

// A call with its timer and its place at the turn's end.
class LoopThread::Entry final : public CallLoop, public event_loop::TurnEnd {
 public:
  Entry(LoopThread* thread, uint64_t id, OnOver on_over)
      : thread_(thread),
        id_(id),
        on_over_(std::move(on_over)),
        timer_(&thread->loop_, [this] { call_->OnTimer(); }) {}

  Call* MakeCall(ResponseWriter* writer, const CallLimits& limits, CallRequest request) {
    if (request.stream) {
      call_ = std::make_unique<StreamCall>(this, writer, limits, std::move(request));
    } else {
      call_ = std::make_unique<UnaryCall>(this, writer, limits, std::move(request));
    }
    return call_.get();
  }
  Call* call() const { return call_.get(); }

  Clock::time_point Now() const override { return thread_->loop_.Now(); }
  void SetTimer(Clock::time_point when) override {
    if (when == Clock::time_point::max()) {
      timer_.Disarm();
    } else {
      timer_.ArmAt(when);
    }
  }
  void WantTurnEnd() override { thread_->loop_.AtTurnEnd(this); }
  void OnTurnEnd() override { call_->OnTurnEnd(); }
  std::unique_ptr<upstream::Transfer> StartTransfer(upstream::Request request,
                                                    upstream::TransferSink* sink) override {
    return thread_->client_->Start(std::move(request), sink);
  }
  void Offload(uint64_t connection, size_t bytes, std::function<void()> work,
               std::function<void()> done) override;
  void Free() override;

 private:
  LoopThread* const thread_;
  const uint64_t id_;  // never used twice, unlike an address
  OnOver on_over_;
  event_loop::Timer timer_;
  // Set when the call is freed, read by workers: work for nobody is not begun.
  const std::shared_ptr<std::atomic<bool>> gone_ = std::make_shared<std::atomic<bool>>(false);
  std::unique_ptr<Call> call_;
};

void LoopThread::Entry::Offload(uint64_t connection, size_t bytes, std::function<void()> work,
                                std::function<void()> done) {
  thread_->workers_->Post(connection, bytes,
                          [thread = thread_, id = id_, gone = gone_, work = std::move(work),
                           done = std::move(done)]() mutable {
                            if (gone->load()) return;
                            work();
                            thread->Post([thread, id, done = std::move(done)] {
                              if (thread->entries_.count(id) > 0) done();
                            });
                          });
}

void LoopThread::Entry::Free() {
  const auto found = thread_->entries_.find(id_);
  const std::unique_ptr<Entry> self = std::move(found->second);
  thread_->entries_.erase(found);
  thread_->TidyUpBehindPeak();
  gone_->store(true);
  const CallSummary summary = call_->summary();
  call_.reset();
  on_over_(summary);
}

LoopThread::LoopThread(const upstream::ClientOptions& client, const upstream::Resolver* resolver,
                       WorkerPool* workers)
    : workers_(workers) {
  thread_ = std::thread([this, client, resolver] {
    client_ = std::make_unique<upstream::CurlClient>(&loop_, client, resolver);
    loop_.Run();
    client_.reset();
  });
}

LoopThread::~LoopThread() {
  loop_.Stop();
  thread_.join();
}

Call* LoopThread::Add(ResponseWriter* writer, const CallLimits& limits, CallRequest request,
                      OnOver on_over) {
  const uint64_t id = next_id_++;
  auto& entry = entries_[id];
  entry = std::make_unique<Entry>(this, id, std::move(on_over));
  Call* const call = entry->MakeCall(writer, limits, std::move(request));
  most_entries_ = std::max(most_entries_, entries_.size());
  if (draining_) call->OnDrain();
  return call;
}

// The workers tidy up half a second after a job, whatever that was.
void LoopThread::TidyUpBehindPeak() {
  constexpr size_t kPeak = 64;
  if (most_entries_ < kPeak || entries_.size() > most_entries_ / 4) return;
  most_entries_ = entries_.size();
  workers_->Post(/*owner=*/0, /*bytes=*/0, [] {});
}

void LoopThread::DrainCalls() {
  draining_ = true;
  // A forced ending may bring other calls' completions with it, but frees none: Done is always
  // posted.
  std::vector<Call*> calls;
  calls.reserve(entries_.size());
  for (const auto& [id, entry] : entries_) calls.push_back(entry->call());
  for (Call* call : calls) call->OnDrain();
}

}  // namespace sparkgate::call

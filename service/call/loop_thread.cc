#include "service/call/loop_thread.h"

#include <atomic>
#include <utility>
#include <vector>

namespace sparkgate::call {

// A call with its timer and its place at the turn's end.
class LoopThread::Entry final : public event_loop::TurnEnd {
 public:
  Entry(event_loop::Loop* loop, uint64_t id, std::unique_ptr<Call> call, OnOver on_over)
      : id(id),
        call(std::move(call)),
        on_over(std::move(on_over)),
        timer(loop, [this] { this->call->OnTimer(); }) {}

  void OnTurnEnd() override { call->OnTurnEnd(); }

  const uint64_t id;  // never used twice, unlike an address
  // Set when the call is freed, read by workers: work for nobody is not begun.
  const std::shared_ptr<std::atomic<bool>> gone = std::make_shared<std::atomic<bool>>(false);
  std::unique_ptr<Call> call;
  OnOver on_over;
  event_loop::Timer timer;
};

LoopThread::Entry* LoopThread::EntryOf(const Call* call) {
  return static_cast<Entry*>(call->loop_data);
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

void LoopThread::Add(std::unique_ptr<Call> call, OnOver on_over) {
  Call* const added = call.get();
  const uint64_t id = next_id_++;
  auto entry = std::make_unique<Entry>(&loop_, id, std::move(call), std::move(on_over));
  added->loop_data = entry.get();
  entries_.emplace(id, std::move(entry));
  calls_open_.fetch_add(1, std::memory_order_relaxed);
  if (draining_) added->OnDrain();
  added->OnStarted();
}

void LoopThread::DrainCalls() {
  draining_ = true;
  // A forced ending may bring other calls' completions with it, but frees none: Done is always
  // posted.
  std::vector<Call*> calls;
  calls.reserve(entries_.size());
  for (const auto& [id, entry] : entries_) calls.push_back(entry->call.get());
  for (Call* call : calls) call->OnDrain();
}

void LoopThread::SetTimer(Call* call, Clock::time_point when) {
  event_loop::Timer& timer = EntryOf(call)->timer;
  if (when == Clock::time_point::max()) {
    timer.Disarm();
  } else {
    timer.ArmAt(when);
  }
}

void LoopThread::WantTurnEnd(Call* call) { loop_.AtTurnEnd(EntryOf(call)); }

std::unique_ptr<upstream::Transfer> LoopThread::StartTransfer(upstream::Request request,
                                                              upstream::TransferSink* sink) {
  return client_->Start(std::move(request), sink);
}

void LoopThread::Offload(Call* call, size_t bytes, std::function<void()> work,
                         std::function<void()> done) {
  const uint64_t id = EntryOf(call)->id;
  workers_->Post(call->connection(), bytes,
                 [this, id, gone = EntryOf(call)->gone, work = std::move(work),
                  done = std::move(done)]() mutable {
                   if (gone->load()) return;
                   work();
                   loop_.Post([this, id, done = std::move(done)] {
                     if (entries_.count(id) > 0) done();
                   });
                 });
}

void LoopThread::Free(Call* call) {
  const auto found = entries_.find(EntryOf(call)->id);
  const std::unique_ptr<Entry> entry = std::move(found->second);
  entries_.erase(found);
  entry->gone->store(true);
  const CallSummary summary = call->summary();
  const OnOver on_over = std::move(entry->on_over);
  entry->call.reset();
  calls_open_.fetch_sub(1, std::memory_order_relaxed);
  on_over(summary);
}

}  // namespace sparkgate::call

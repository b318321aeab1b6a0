#include "service/event_loop/loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace sparkgate::event_loop {
namespace {

constexpr std::chrono::milliseconds kLongTurn{5};
constexpr int kMostEvents = 256;  // a turn; what is left over is ready in the next one
constexpr uint64_t kInboxTag = std::numeric_limits<uint64_t>::max();

int RequireFd(int fd, const char* what) {
  if (fd >= 0) return fd;
  std::perror(what);  // no loop without them: out of descriptors at the start
  std::abort();
}

}  // namespace

class Loop::Impl {
 public:
  Impl();
  ~Impl();

  void Run();
  void Post(Task task);
  bool OnThisThread() const { return thread_.load() == std::this_thread::get_id(); }
  Clock::time_point now() const { return now_; }
  void AskForStop() { stop_ = true; }
  Counts counts() const;

  void Enqueue(Loop* loop, TurnEnd* item);
  void Unlink(TurnEnd* item);

  void Watch(int fd, uint32_t events, FdHandler* handler);
  void Forget(int fd);
  void Closed(int fd);

  void Arm(Timer* timer, Clock::time_point when);
  void Remove(Timer* timer);

 private:
  struct Watched {
    FdHandler* handler = nullptr;  // null: not watched
    bool in_epoll = false;         // also if it is not watched, until something happens on it
    uint32_t events = 0;           // that epoll waits for
    uint32_t generation = 0;       // tells a ready event of an earlier owner of this number
  };
  struct TurnEndList {
    TurnEnd* first = nullptr;
    TurnEnd* last = nullptr;
  };

  int Wait(epoll_event* events);
  int WaitLimitMs() const;
  void RunInbox();
  void RunReady(const epoll_event* events, int count);
  void RunDueTimers();
  void RunTurnEnds();
  void CountTurn(Clock::time_point end);

  void Place(Timer* timer, int index);
  void SiftUp(Timer* timer);
  void SiftDown(Timer* timer);

  const int epoll_fd_;
  const int event_fd_;

  std::mutex inbox_mutex_;
  std::vector<Task> inbox_;  // guarded by inbox_mutex_
  bool asleep_ = false;      // guarded by inbox_mutex_: nobody has written to event_fd_ yet
  std::vector<Task> taken_;  // of this turn

  std::atomic<std::thread::id> thread_{};
  Clock::time_point now_ = Clock::now();
  bool stop_ = false;
  bool firing_ = false;
  std::vector<Timer*> heap_;  // by queued_, the earliest first
  std::vector<Watched> watched_;
  TurnEndList waiting_;  // of this turn
  TurnEndList running_;

  std::atomic<uint64_t> turns_{0};
  std::atomic<uint64_t> long_turns_{0};
  std::atomic<uint64_t> wakeups_{0};
};

Loop::Impl::Impl()
    : epoll_fd_(RequireFd(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      event_fd_(RequireFd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;  // each write to it is an event, so that nobody has to read it
  event.data.u64 = kInboxTag;
  RequireFd(epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, event_fd_, &event), "epoll_ctl");
}

Loop::Impl::~Impl() {
  close(event_fd_);
  close(epoll_fd_);
}

void Loop::Impl::Run() {
  thread_ = std::this_thread::get_id();
  stop_ = false;
  epoll_event events[kMostEvents];
  now_ = Clock::now();
  while (!stop_) {
    const int ready = Wait(events);
    now_ = Clock::now();
    RunInbox();
    RunReady(events, ready);
    RunDueTimers();
    RunTurnEnds();
    CountTurn(Clock::now());
  }
  thread_ = std::thread::id();
}

void Loop::Impl::CountTurn(Clock::time_point end) {
  turns_.fetch_add(1, std::memory_order_relaxed);
  if (end - now_ > kLongTurn) long_turns_.fetch_add(1, std::memory_order_relaxed);
  now_ = end;
}

Loop::Counts Loop::Impl::counts() const {
  return {turns_.load(), long_turns_.load(), wakeups_.load()};
}

int Loop::Impl::WaitLimitMs() const {
  if (waiting_.first != nullptr) return 0;
  if (heap_.empty()) return -1;
  const auto left = heap_.front()->queued_ - now_;
  if (left <= Clock::duration::zero()) return 0;
  // Rounded up: woken too early the loop would spin until the timer is due.
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  return static_cast<int>(std::min<int64_t>(ms, 3600 * 1000));
}

int Loop::Impl::Wait(epoll_event* events) {
  int limit = WaitLimitMs();
  if (limit != 0) {
    std::lock_guard<std::mutex> lock(inbox_mutex_);
    if (inbox_.empty()) {
      asleep_ = true;
    } else {
      limit = 0;
    }
  }
  const int ready = epoll_wait(epoll_fd_, events, kMostEvents, limit);
  return std::max(ready, 0);  // EINTR is a turn without sockets
}

void Loop::Impl::Post(Task task) {
  bool wake = false;
  {
    std::lock_guard<std::mutex> lock(inbox_mutex_);
    inbox_.push_back(std::move(task));
    std::swap(wake, asleep_);
  }
  if (!wake) return;
  const uint64_t one = 1;
  // Cannot fail but by overflow, in some hundred thousand years.
  [[maybe_unused]] const ssize_t written = write(event_fd_, &one, sizeof(one));
}

void Loop::Impl::RunInbox() {
  {
    std::lock_guard<std::mutex> lock(inbox_mutex_);
    asleep_ = false;
    taken_.swap(inbox_);
  }
  for (Task& task : taken_) {
    task();
    task = nullptr;  // what it holds ends with it, not with the turn
  }
  taken_.clear();
}

void Loop::Impl::RunReady(const epoll_event* events, int count) {
  for (int i = 0; i < count; ++i) {
    const uint64_t tag = events[i].data.u64;
    if (tag == kInboxTag) {
      wakeups_.fetch_add(1);
      continue;
    }
    const auto fd = static_cast<uint32_t>(tag);
    Watched& watched = watched_[fd];
    if (!watched.in_epoll || watched.generation != tag >> 32) continue;
    if (watched.handler == nullptr) {
      epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, static_cast<int>(fd), nullptr);
      watched.in_epoll = false;
      continue;
    }
    watched.handler->OnReady(static_cast<int>(fd), events[i].events);
  }
}

void Loop::Impl::Watch(int fd, uint32_t events, FdHandler* handler) {
  const auto index = static_cast<size_t>(fd);
  if (index >= watched_.size()) watched_.resize(index + 64);
  Watched& watched = watched_[index];
  watched.handler = handler;
  if (watched.in_epoll && watched.events == events) return;
  const int operation = watched.in_epoll ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  if (!watched.in_epoll) ++watched.generation;
  watched.in_epoll = true;
  watched.events = events;
  epoll_event event{};
  event.events = events;
  event.data.u64 = static_cast<uint64_t>(watched.generation) << 32 | index;
  epoll_ctl(epoll_fd_, operation, fd, &event);
}

void Loop::Impl::Forget(int fd) {
  const auto index = static_cast<size_t>(fd);
  if (index < watched_.size()) watched_[index].handler = nullptr;
}

// The system takes a descriptor that is closed out of epoll by itself.
void Loop::Impl::Closed(int fd) {
  const auto index = static_cast<size_t>(fd);
  if (index >= watched_.size()) return;
  watched_[index].handler = nullptr;
  watched_[index].in_epoll = false;
}

void Loop::Impl::Place(Timer* timer, int index) {
  heap_[static_cast<size_t>(index)] = timer;
  timer->heap_index_ = index;
}

void Loop::Impl::SiftUp(Timer* timer) {
  int index = timer->heap_index_;
  while (index > 0) {
    const int parent = (index - 1) / 2;
    Timer* above = heap_[static_cast<size_t>(parent)];
    if (above->queued_ <= timer->queued_) break;
    Place(above, index);
    index = parent;
  }
  Place(timer, index);
}

void Loop::Impl::SiftDown(Timer* timer) {
  const int size = static_cast<int>(heap_.size());
  int index = timer->heap_index_;
  for (int child = 2 * index + 1; child < size; child = 2 * index + 1) {
    const auto at = static_cast<size_t>(child);
    if (child + 1 < size && heap_[at + 1]->queued_ < heap_[at]->queued_) ++child;
    Timer* below = heap_[static_cast<size_t>(child)];
    if (timer->queued_ <= below->queued_) break;
    Place(below, index);
    index = child;
  }
  Place(timer, index);
}

void Loop::Impl::Arm(Timer* timer, Clock::time_point when) {
  // A timer that arms itself anew for now fires in the next turn, or the turn would never end.
  if (firing_) when = std::max(when, now_ + Clock::duration(1));
  timer->armed_ = true;
  timer->when_ = when;
  if (timer->heap_index_ >= 0 && when >= timer->queued_) return;  // noticed when it comes up
  timer->queued_ = when;
  if (timer->heap_index_ < 0) {
    timer->heap_index_ = static_cast<int>(heap_.size());
    heap_.push_back(timer);
  }
  SiftUp(timer);
}

void Loop::Impl::Remove(Timer* timer) {
  if (timer->heap_index_ < 0) return;
  const int index = std::exchange(timer->heap_index_, -1);
  Timer* last = heap_.back();
  heap_.pop_back();
  if (last == timer) return;
  Place(last, index);
  SiftUp(last);
  SiftDown(last);
}

void Loop::Impl::RunDueTimers() {
  firing_ = true;
  while (!heap_.empty() && heap_.front()->queued_ <= now_) {
    Timer* timer = heap_.front();
    if (timer->armed_ && timer->when_ > now_) {  // was pushed on meanwhile
      timer->queued_ = timer->when_;
      SiftDown(timer);
      continue;
    }
    Remove(timer);
    if (!std::exchange(timer->armed_, false)) continue;
    const std::function<void()> on_fire =
        timer->on_fire_;  // a copy: the call may destroy the timer
    on_fire();
  }
  firing_ = false;
}

void Loop::Impl::Enqueue(Loop* loop, TurnEnd* item) {
  if (item->queued_on_ != nullptr) return;
  item->queued_on_ = loop;
  item->previous_ = waiting_.last;
  item->next_ = nullptr;
  (waiting_.last != nullptr ? waiting_.last->next_ : waiting_.first) = item;
  waiting_.last = item;
}

void Loop::Impl::Unlink(TurnEnd* item) {
  for (TurnEndList* list : {&waiting_, &running_}) {
    if (list->first == item) list->first = item->next_;
    if (list->last == item) list->last = item->previous_;
  }
  if (item->previous_ != nullptr) item->previous_->next_ = item->next_;
  if (item->next_ != nullptr) item->next_->previous_ = item->previous_;
  item->queued_on_ = nullptr;
}

void Loop::Impl::RunTurnEnds() {
  running_ = std::exchange(waiting_, TurnEndList());
  while (running_.first != nullptr) {
    TurnEnd* item = running_.first;
    Unlink(item);
    item->OnTurnEnd();
  }
}

Timer::Timer(Loop* loop, std::function<void()> on_fire)
    : loop_(loop), on_fire_(std::move(on_fire)) {}

Timer::~Timer() { loop_->impl_->Remove(this); }

void Timer::ArmAt(Clock::time_point when) { loop_->impl_->Arm(this, when); }

void Timer::ArmIn(Clock::duration delay) { ArmAt(loop_->Now() + delay); }

// Stays in the heap until it comes up: disarming is as frequent as arming.
void Timer::Disarm() { armed_ = false; }

TurnEnd::~TurnEnd() {
  if (queued_on_ != nullptr) queued_on_->impl_->Unlink(this);
}

Loop::Loop() : impl_(std::make_unique<Impl>()) {}
Loop::~Loop() = default;

void Loop::Run() { impl_->Run(); }

void Loop::Stop() {
  Post([this] { impl_->AskForStop(); });
}

void Loop::Post(Task task) { impl_->Post(std::move(task)); }
bool Loop::OnThisThread() const { return impl_->OnThisThread(); }
Loop::Clock::time_point Loop::Now() const { return impl_->now(); }
void Loop::AtTurnEnd(TurnEnd* item) { impl_->Enqueue(this, item); }
void Loop::Watch(int fd, uint32_t events, FdHandler* handler) { impl_->Watch(fd, events, handler); }
void Loop::Forget(int fd) { impl_->Forget(fd); }
void Loop::Closed(int fd) { impl_->Closed(fd); }
Loop::Counts Loop::counts() const { return impl_->counts(); }

}  // namespace sparkgate::event_loop

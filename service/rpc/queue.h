#ifndef SPARKGATE_SERVICE_RPC_QUEUE_H_
#define SPARKGATE_SERVICE_RPC_QUEUE_H_

#include <grpc/grpc.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/impl/codegen/completion_queue_tag.h>
#include <grpcpp/server_builder.h>

#include <atomic>
#include <memory>
#include <thread>
#include <utility>

namespace sparkgate::rpc {

// What a completion queue gives back: one operation of one call.
class Tag {
 public:
  virtual ~Tag() = default;
  // Any thread that pulls tags: the queue's own, or a loop's. May delete the tag.
  virtual void OnTag(bool ok) = 0;
};

// The process's one completion queue, with one thread blocked in it for new calls, cancellations
// and late completions. A loop's own operations mostly complete on the loop itself, inside Do: a
// thread that has to be woken costs more than everything it does (docs/adr/0001).
class Queue {
 public:
  explicit Queue(std::unique_ptr<grpc::ServerCompletionQueue> queue) : queue_(std::move(queue)) {}

  grpc::ServerCompletionQueue* get() { return queue_.get(); }

  // After the server was started.
  void Start() {
    thread_ = std::thread([this] { Run(); });
  }

  // Objects with tags that may still come, those that wait for a call included. An operation begun
  // after the queue was shut down ends the process, so there must be none left by then. Any thread.
  void AddUser() { users_.fetch_add(1, std::memory_order_relaxed); }
  void RemoveUser() { users_.fetch_sub(1, std::memory_order_release); }
  int users() const { return users_.load(std::memory_order_acquire); }

  // After the server was shut down and the last user has gone.
  void ShutdownAndJoin() {
    queue_->Shutdown();
    if (thread_.joinable()) thread_.join();
  }

  // Runs `operation`, which begins one operation of a call, and handles what it completed at once.
  // For threads that otherwise do not wait on the queue: the loops. Not to be nested: `operation`
  // and what calls this must be the last thing a caller does.
  //
  // As CompletionQueue::DoThenAsyncNext, but for the look into gRPC's sockets (an epoll_wait) that
  // comes with that if nothing was completed.
  template <typename Operation>
  void DoAndComplete(Operation&& operation) {
    grpc_completion_queue_thread_local_cache_init(queue_->cq());
    operation();
    void* completed = nullptr;
    int succeeded = 0;
    if (grpc_completion_queue_thread_local_cache_flush(queue_->cq(), &completed, &succeeded) == 0) {
      return;
    }
    void* tag = nullptr;
    bool ok = succeeded != 0;
    if (!static_cast<grpc::internal::CompletionQueueTag*>(completed)->FinalizeResult(&tag, &ok)) {
      return;
    }
    static_cast<Tag*>(tag)->OnTag(ok);
  }

  // The same for the operation that ends a call, which mostly completes two: itself, and the call's
  // done tag. It may be another call's that is handled instead; if that ends with it, its own
  // second one is left to the queue's thread, so that many calls that end at once do not fill the
  // stack.
  template <typename Operation>
  void FinishAndComplete(Operation&& operation) {
    DoAndComplete(std::forward<Operation>(operation));
    if (takes_second_) return;
    takes_second_ = true;
    void* tag = nullptr;
    bool ok = false;
    if (queue_->AsyncNext(&tag, &ok, gpr_time_0(GPR_CLOCK_MONOTONIC)) == Status::GOT_EVENT) {
      static_cast<Tag*>(tag)->OnTag(ok);
    }
    takes_second_ = false;
  }

 private:
  using Status = grpc::CompletionQueue::NextStatus;

  void Run() {
    void* tag = nullptr;
    bool ok = false;
    while (queue_->Next(&tag, &ok)) static_cast<Tag*>(tag)->OnTag(ok);
  }

  inline static thread_local bool takes_second_ = false;  // a FinishAndComplete, further up

  std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  std::thread thread_;
  std::atomic<int> users_{0};
};

}  // namespace sparkgate::rpc

#endif  // SPARKGATE_SERVICE_RPC_QUEUE_H_

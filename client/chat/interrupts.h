#ifndef SPARKGATE_CLIENT_CHAT_INTERRUPTS_H_
#define SPARKGATE_CLIENT_CHAT_INTERRUPTS_H_

#include <functional>
#include <mutex>
#include <thread>

namespace sparkgate::client {

// Ctrl-C (SIGINT) as events of the program. A thread of its own waits for the signal, so that what
// it calls may take locks, which a signal handler may not.
//
// Made once, before any other thread, because it blocks SIGINT and threads inherit that. A process
// that was started with SIGINT ignored (nohup, `&` in a script) keeps ignoring it.
class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  // From now on Ctrl-C calls `handler`, on the watching thread and under a lock; when ClearHandler
  // returns it is not running and will not be called again.
  void SetHandler(std::function<void()> handler);
  void ClearHandler();

  // An event descriptor that is readable once Ctrl-C came while there was no handler, until Take().
  int event() const { return event_; }
  void Take();

 private:
  void Watch();
  void OnInterrupt();

  int signals_ = -1;
  int event_ = -1;
  int stop_ = -1;
  std::mutex mutex_;
  std::function<void()> handler_;
  std::thread watcher_;
};

}  // namespace sparkgate::client

#endif  // SPARKGATE_CLIENT_CHAT_INTERRUPTS_H_

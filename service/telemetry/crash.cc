#include "service/telemetry/crash.h"

#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstring>

namespace sparkgate::telemetry {
namespace {

struct FatalSignal {
  int number;
  const char* name;
};

constexpr FatalSignal kFatalSignals[] = {{SIGSEGV, "SIGSEGV"},
                                         {SIGBUS, "SIGBUS"},
                                         {SIGFPE, "SIGFPE"},
                                         {SIGILL, "SIGILL"},
                                         {SIGABRT, "SIGABRT"}};
constexpr int kMostFrames = 64;
constexpr size_t kStackBytes = 64 * 1024;
constexpr unsigned kMostSeconds = 5;

char program_name[64];
alignas(16) char handler_stack[kStackBytes];  // the thread's own may be what overflowed
std::atomic_flag dying = ATOMIC_FLAG_INIT;

// Everything below runs in a signal handler: no allocation, no locks, no stdio.

void Print(const char* text) {
  const ssize_t written = write(STDERR_FILENO, text, std::strlen(text));
  static_cast<void>(written);
}

void Unblock(int signal) {
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, signal);
  pthread_sigmask(SIG_UNBLOCK, &one, nullptr);
}

void DieBy(int signal) {
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  sigaction(signal, &action, nullptr);
  Unblock(signal);
  raise(signal);
  _exit(128 + signal);
}

// Unwinding takes locks of the loader: if the process died inside one, the alarm ends it.
void SetAlarm() {
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  sigaction(SIGALRM, &action, nullptr);
  Unblock(SIGALRM);
  alarm(kMostSeconds);
}

void OnFatalSignal(int signal) {
  if (dying.test_and_set()) {
    while (true) pause();  // another thread is at it, and will end this one too
  }
  SetAlarm();
  Print("*** ");
  Print(program_name);
  Print(" died of ");
  for (const FatalSignal& fatal : kFatalSignals) {
    if (fatal.number == signal) Print(fatal.name);
  }
  Print("; stack (addr2line or gdb name the lines):\n");
  void* frames[kMostFrames];
  backtrace_symbols_fd(frames, backtrace(frames, kMostFrames), STDERR_FILENO);
  DieBy(signal);
}

}  // namespace

void InstallCrashHandler(const char* program) {
  std::strncpy(program_name, program, sizeof(program_name) - 1);
  void* frame[1];
  backtrace(frame, 1);  // loads the unwinder now: in the handler that would allocate

  stack_t stack = {};
  stack.ss_sp = handler_stack;
  stack.ss_size = sizeof(handler_stack);
  sigaltstack(&stack, nullptr);

  struct sigaction action = {};
  action.sa_handler = &OnFatalSignal;
  action.sa_flags = SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  for (const FatalSignal& fatal : kFatalSignals) sigaction(fatal.number, &action, nullptr);
}

bool ForbidCoreDumps() {
  // 1, not 0: with a pipe as core pattern the kernel ignores 0 and takes 1 for "none".
  const rlimit none = {1, 1};
  const bool limited = setrlimit(RLIMIT_CORE, &none) == 0;
  return prctl(PR_SET_DUMPABLE, 0) == 0 && limited;
}

}  // namespace sparkgate::telemetry

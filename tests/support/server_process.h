#ifndef SPARKGATE_TESTS_SUPPORT_SERVER_PROCESS_H_
#define SPARKGATE_TESTS_SUPPORT_SERVER_PROCESS_H_

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/support/gate.h"

namespace sparkgate::support {

// True when the tests are built as the program ships; only then may they be strict about time.
#if defined(__OPTIMIZE__) && !defined(SPARKGATE_SANITIZED)
inline constexpr bool kTimesCount = true;
#else
inline constexpr bool kTimesCount = false;
#endif

#ifdef SPARKGATE_SANITIZED
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

// So many repetitions, fewer under sanitizers.
constexpr int Thinned(int whole, int under_sanitizers) {
  return kSanitized ? under_sanitizers : whole;
}

// A program that a test starts, with all that it prints. The test's thread only, but for the
// output.
class ChildProcess {
 public:
  using Environment = std::vector<std::string>;  // "NAME=value", on top of the test's own

  // Starts it at once. `argv[0]` is the path of the program.
  explicit ChildProcess(std::vector<std::string> argv, const Environment& environment = {});
  // Kills it if it still runs.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }
  bool running();

  // Waits for a line of standard output with this text, and gives what follows the text in that
  // line; nullopt if none came in time or the program ended.
  std::optional<std::string> AwaitLine(std::string_view text,
                                       std::chrono::milliseconds patience = kPatience);

  void Signal(int number);
  // The exit code, 128 + n after signal n; nullopt if it did not end in time.
  std::optional<int> Wait(std::chrono::milliseconds patience = kPatience);
  // After Wait.
  bool dumped_core() const { return dumped_core_; }

  // Up to now; whole after Wait.
  std::string output() const;
  std::string errors() const;

 private:
  void ReadPipe(int fd, std::string* text);
  void JoinReaders();

  pid_t pid_ = -1;
  int pid_fd_ = -1;
  std::optional<int> exit_code_;
  bool dumped_core_ = false;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::string output_;  // guarded by mutex_
  std::string errors_;  // guarded by mutex_
  int pipes_open_ = 2;  // guarded by mutex_
  std::thread output_reader_;
  std::thread errors_reader_;
};

// What the kernel counts for a process.
struct ProcessCounts {
  long resident_kib = 0;
  long peak_resident_kib = 0;  // since it was started
  int threads = 0;
  int descriptors = 0;        // −1 if they may not be counted: allow_core was not set
  long context_switches = 0;  // voluntary ones of the threads that live
  double cpu_seconds = 0;
};
ProcessCounts CountsOf(pid_t pid);

// The real server in front of a test's upstream, on a port of its own.
//
// Its end is a test as well: SIGTERM must lead to exit code 0 without a sanitizer's report, and no
// line that it printed may hold a secret.
class ServerProcess {
 public:
  struct Options {
    std::string upstream_url;  // with its path prefix, if there is one
    std::string ca_file;       // "": none
    std::vector<std::string> flags;
    // A program that runs the server's command line in its place: {"/usr/bin/prlimit", …}.
    std::vector<std::string> run_by;
    bool key_by_file = false;  // else by FIREWORKS_API_KEY
    bool no_key = false;
    std::string key;          // "": kMadeUpKey
    bool wait = true;         // for the ready line
    bool allow_core = false;  // lets the test count descriptors
    std::string drain_delay = "0s";
    std::string drain_grace = "5s";
  };

  explicit ServerProcess(const Options& options);
  // In front of this URL, else all defaults.
  explicit ServerProcess(const std::string& upstream_url, std::vector<std::string> flags = {});
  // Ends it as Stop does, if nobody has.
  ~ServerProcess();

  int port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  ChildProcess& process() { return *process_; }
  ProcessCounts counts() { return CountsOf(process_->pid()); }

  void Terminate();  // SIGTERM
  // Waits for the end and checks all that was printed. The exit code; −1 if it did not end.
  int WaitForEnd(std::chrono::milliseconds patience = kPatience);
  // SIGTERM, and expects exit code 0.
  void Stop();
  // The test ended the process in a way of its own and has looked at what it printed.
  void Abandon() { ended_ = true; }

 private:
  void CheckOutput();

  std::unique_ptr<ChildProcess> process_;
  int port_ = 0;
  bool ended_ = false;
};

}  // namespace sparkgate::support

#endif  // SPARKGATE_TESTS_SUPPORT_SERVER_PROCESS_H_

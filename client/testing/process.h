#ifndef SPARKGATE_CLIENT_TESTING_PROCESS_H_
#define SPARKGATE_CLIENT_TESTING_PROCESS_H_

#include <sys/types.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace sparkgate::client {

// A program under test, fed and read by the test. Waits end after 60 seconds, with what had come by
// then. The destructor kills what still runs. One thread.
class Process {
 public:
  enum class Io {
    kPipes,     // three pipes
    kTerminal,  // one terminal for all three: everything arrives in out()
  };
  using Environment = std::map<std::string, std::string>;

  // `arguments[0]` is the program's path. The environment is this process's without SPARKGATE_* and
  // NO_COLOR, and with `environment`.
  Process(const std::vector<std::string>& arguments, Io io, const Environment& environment = {});
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void Send(const std::string& text);
  void CloseInput();
  void Signal(int signal);

  // Reads until out() (or err()) holds `text` behind what earlier calls have found. false: the
  // program ended or time ran out first.
  bool WaitForOut(const std::string& text);
  bool WaitForErr(const std::string& text);

  // Reads to the end. Returns the exit code; 1000 + N for signal N.
  int Wait();

  const std::string& out() const { return out_; }
  const std::string& err() const { return err_; }

 private:
  bool WaitFor(const std::string& text, const std::string& in, size_t* from);
  bool ReadMore();
  void ReadFrom(int* fd, std::string* to);

  pid_t pid_ = -1;
  int in_fd_ = -1;
  int out_fd_ = -1;
  int err_fd_ = -1;
  std::string out_;
  std::string err_;
  size_t out_seen_ = 0;
  size_t err_seen_ = 0;
};

}  // namespace sparkgate::client

#endif  // SPARKGATE_CLIENT_TESTING_PROCESS_H_

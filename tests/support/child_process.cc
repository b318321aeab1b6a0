#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include "tests/support/server_process.h"

extern char** environ;

namespace sparkgate::support {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

void Require(bool ok, const char* what) {
  if (ok) return;
  std::perror(what);
  std::abort();
}

// The test's environment with these on top.
std::vector<std::string> MergedEnvironment(const ChildProcess::Environment& added) {
  std::vector<std::string> merged = added;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::string_view name = text.substr(0, text.find('=') + 1);
    bool replaced = false;
    for (const std::string& own : added) replaced |= own.compare(0, name.size(), name) == 0;
    if (!replaced) merged.emplace_back(text);
  }
  return merged;
}

std::vector<char*> Pointers(std::vector<std::string>* texts) {
  std::vector<char*> pointers;
  for (std::string& text : *texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Standard output and error into the pipes, and no signal blocked or ignored that the test's own
// threads block or ignore.
pid_t Spawn(std::vector<std::string> argv, std::vector<std::string> environment, int out, int err) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  sigset_t defaults;
  sigfillset(&defaults);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  pid_t pid = -1;
  errno = posix_spawn(&pid, argv[0].c_str(), &actions, &attributes, Pointers(&argv).data(),
                      Pointers(&environment).data());
  Require(errno == 0, argv[0].c_str());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return pid;
}

int CodeOf(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

long Field(const std::string& status, const char* name) {
  const size_t at = status.find(name);
  return at == std::string::npos ? 0 : std::atol(status.c_str() + at + std::strlen(name));
}

int CountEntries(const std::string& path) {
  DIR* const folder = opendir(path.c_str());
  if (folder == nullptr) return -1;
  int count = -2;  // . and ..
  while (readdir(folder) != nullptr) ++count;
  closedir(folder);
  return count;
}

long SwitchesOf(const std::string& tasks) {
  DIR* const folder = opendir(tasks.c_str());
  if (folder == nullptr) return 0;
  long sum = 0;
  while (const dirent* entry = readdir(folder)) {
    if (entry->d_name[0] == '.') continue;
    sum += Field(ReadFile(tasks + "/" + entry->d_name + "/status"), "\nvoluntary_ctxt_switches:");
  }
  closedir(folder);
  return sum;
}

double CpuSecondsOf(const std::string& stat) {
  // Fields 14 and 15, counted from behind the name, which may hold blanks.
  std::istringstream fields(stat.substr(stat.rfind(')') + 1));
  std::string skipped;
  for (int i = 3; i < 14; ++i) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

}  // namespace

ChildProcess::ChildProcess(std::vector<std::string> argv, const Environment& environment) {
  int out[2];
  int err[2];
  Require(pipe2(out, O_CLOEXEC) == 0, "pipe2");
  Require(pipe2(err, O_CLOEXEC) == 0, "pipe2");
  pid_ = Spawn(std::move(argv), MergedEnvironment(environment), out[1], err[1]);
  close(out[1]);
  close(err[1]);
  pid_fd_ = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  output_reader_ = std::thread([this, fd = out[0]] { ReadPipe(fd, &output_); });
  errors_reader_ = std::thread([this, fd = err[0]] { ReadPipe(fd, &errors_); });
}

ChildProcess::~ChildProcess() {
  if (!exit_code_) {
    Signal(SIGKILL);
    Wait();
  }
  JoinReaders();
  if (pid_fd_ >= 0) close(pid_fd_);
}

void ChildProcess::ReadPipe(int fd, std::string* text) {
  char bytes[16 * 1024];
  ssize_t count;
  while ((count = read(fd, bytes, sizeof(bytes))) > 0 || (count < 0 && errno == EINTR)) {
    if (count < 0) continue;
    std::lock_guard<std::mutex> lock(mutex_);
    text->append(bytes, static_cast<size_t>(count));
    changed_.notify_all();
  }
  close(fd);
  std::lock_guard<std::mutex> lock(mutex_);
  --pipes_open_;
  changed_.notify_all();
}

void ChildProcess::JoinReaders() {
  if (output_reader_.joinable()) output_reader_.join();
  if (errors_reader_.joinable()) errors_reader_.join();
}

bool ChildProcess::running() { return !exit_code_ && !Wait(milliseconds(0)); }

std::optional<std::string> ChildProcess::AwaitLine(std::string_view text, milliseconds patience) {
  std::unique_lock<std::mutex> lock(mutex_);
  std::optional<std::string> rest;
  const auto find = [&] {
    const size_t at = output_.find(text);
    const size_t end = at == std::string::npos ? at : output_.find('\n', at);
    if (end == std::string::npos) return pipes_open_ == 0;
    rest = output_.substr(at + text.size(), end - at - text.size());
    return true;
  };
  changed_.wait_for(lock, patience, find);
  return rest;
}

void ChildProcess::Signal(int number) {
  if (!exit_code_) kill(pid_, number);
}

std::optional<int> ChildProcess::Wait(milliseconds patience) {
  if (exit_code_) return exit_code_;
  const auto until = steady_clock::now() + patience;
  while (true) {
    const auto left = std::chrono::duration_cast<milliseconds>(until - steady_clock::now());
    pollfd ended{pid_fd_, POLLIN, 0};
    const int ready = poll(&ended, 1, static_cast<int>(std::max<int64_t>(0, left.count())));
    if (ready > 0) break;
    if (left.count() <= 0) return std::nullopt;
  }
  int status = 0;
  Require(waitpid(pid_, &status, 0) == pid_, "waitpid");
  exit_code_ = CodeOf(status);
  dumped_core_ = WIFSIGNALED(status) && WCOREDUMP(status);
  JoinReaders();
  return exit_code_;
}

std::string ChildProcess::output() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return output_;
}

std::string ChildProcess::errors() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return errors_;
}

ProcessCounts CountsOf(pid_t pid) {
  const std::string folder = "/proc/" + std::to_string(pid);
  const std::string status = ReadFile(folder + "/status");
  ProcessCounts counts;
  counts.resident_kib = Field(status, "VmRSS:");
  counts.peak_resident_kib = Field(status, "VmHWM:");
  counts.threads = static_cast<int>(Field(status, "Threads:"));
  counts.descriptors = CountEntries(folder + "/fd");
  counts.context_switches = SwitchesOf(folder + "/task");
  counts.cpu_seconds = CpuSecondsOf(ReadFile(folder + "/stat"));
  return counts;
}

}  // namespace sparkgate::support

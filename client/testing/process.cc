#include "client/testing/process.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>

namespace sparkgate::client {
namespace {

constexpr int kPatienceMs = 60'000;

std::vector<std::string> MakeEnvironment(const Process::Environment& environment) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::string name = text.substr(0, text.find('='));
    if (name.rfind("SPARKGATE_", 0) == 0 || name == "NO_COLOR") continue;
    if (environment.count(name) == 0) all.push_back(text);
  }
  for (const auto& [name, value] : environment) all.push_back(name + "=" + value);
  return all;
}

// Points into `texts`, which outlives it.
std::vector<char*> Pointers(std::vector<std::string>* texts) {
  std::vector<char*> pointers;
  for (std::string& text : *texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

Process::Process(const std::vector<std::string>& arguments, Io io, const Environment& environment) {
  std::vector<std::string> argument_texts = arguments;
  std::vector<std::string> environment_texts = MakeEnvironment(environment);
  const std::vector<char*> argv = Pointers(&argument_texts);
  const std::vector<char*> envp = Pointers(&environment_texts);
  if (io == Io::kTerminal) {
    pid_ = forkpty(&out_fd_, nullptr, nullptr, nullptr);
    if (pid_ == 0) {
      execve(argv[0], argv.data(), envp.data());
      _exit(127);
    }
    in_fd_ = dup(out_fd_);
    return;
  }
  int in[2], out[2], err[2];
  if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0)
    abort();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  posix_spawn_file_actions_adddup2(&actions, err[1], 2);
  if (posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), envp.data()) != 0) pid_ = -1;
  posix_spawn_file_actions_destroy(&actions);
  for (const int fd : {in[0], out[1], err[1]}) close(fd);
  in_fd_ = in[1];
  out_fd_ = out[0];
  err_fd_ = err[0];
}

Process::~Process() {
  CloseInput();
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  for (const int fd : {out_fd_, err_fd_}) {
    if (fd >= 0) close(fd);
  }
}

void Process::Send(const std::string& text) {
  for (size_t at = 0; at < text.size();) {
    const ssize_t size = write(in_fd_, text.data() + at, text.size() - at);
    if (size <= 0) return;
    at += static_cast<size_t>(size);
  }
}

void Process::CloseInput() {
  if (in_fd_ >= 0) close(in_fd_);
  in_fd_ = -1;
}

void Process::Signal(int signal) {
  if (pid_ > 0) kill(pid_, signal);
}

void Process::ReadFrom(int* fd, std::string* to) {
  char buffer[4096];
  const ssize_t size = read(*fd, buffer, sizeof buffer);
  if (size > 0) {
    to->append(buffer, static_cast<size_t>(size));
    return;
  }
  // A terminal whose other side is gone reads as EIO.
  close(*fd);
  *fd = -1;
}

bool Process::ReadMore() {
  pollfd fds[] = {{out_fd_, POLLIN, 0}, {err_fd_, POLLIN, 0}};
  if (out_fd_ < 0 && err_fd_ < 0) return false;
  if (poll(fds, 2, kPatienceMs) <= 0) return false;
  if (fds[0].revents != 0) ReadFrom(&out_fd_, &out_);
  if (fds[1].revents != 0) ReadFrom(&err_fd_, &err_);
  return true;
}

bool Process::WaitFor(const std::string& text, const std::string& in, size_t* from) {
  size_t at;
  while ((at = in.find(text, *from)) == std::string::npos) {
    if (!ReadMore()) return false;
  }
  *from = at + text.size();
  return true;
}

bool Process::WaitForOut(const std::string& text) { return WaitFor(text, out_, &out_seen_); }
bool Process::WaitForErr(const std::string& text) { return WaitFor(text, err_, &err_seen_); }

int Process::Wait() {
  while (ReadMore()) {
  }
  int status = 0;
  if (pid_ <= 0) return -1;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

}  // namespace sparkgate::client

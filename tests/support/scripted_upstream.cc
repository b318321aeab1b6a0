#include "tests/support/scripted_upstream.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace sparkgate::support {
namespace {

// Enough for OpenSSL and the sanitizers; untouched pages cost nothing.
constexpr size_t kStackBytes = 512 * 1024;

constexpr char kLoopback[] = "127.0.0.1";

void Require(bool ok, const char* what) {
  if (ok) return;
  std::perror(what);
  std::abort();
}

// `port`: 0 takes a free one, and is then that one.
int BoundSocket(const std::string& text, int* port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  Require(fd >= 0, "socket");
  // What was there before may have left ports in TIME_WAIT.
  const int reuse = *port != 0 ? 1 : 0;
  Require(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse) == 0, "setsockopt");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(*port));
  Require(inet_pton(AF_INET, text.c_str(), &address.sin_addr) == 1, "inet_pton");
  socklen_t size = sizeof(address);
  Require(bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0, "bind");
  Require(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0, "getsockname");
  *port = ntohs(address.sin_port);
  return fd;
}

void RaiseFileLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

// One connection and its thread. Stays in the list until the server ends.
struct ScriptedUpstream::Runner {
  ScriptedUpstream* server = nullptr;
  int index = 0;
  int fd = -1;
  pthread_t thread{};
  std::unique_ptr<Connection> connection;  // guarded by the server's mutex
};

ScriptedUpstream::ScriptedUpstream(Script script)
    : ScriptedUpstream(std::move(script), kLoopback, 0) {}

ScriptedUpstream::ScriptedUpstream(Script script, const std::string& address, int port)
    : script_(std::move(script)) {
  Listen(address, port);
}

ScriptedUpstream::ScriptedUpstream(Script script, Certificate certificate)
    : script_(std::move(script)), context_(MakeServerContext(certificate)) {
  Listen(kLoopback, 0);
}

ScriptedUpstream::~ScriptedUpstream() {
  StopListening();
  {
    std::lock_guard<std::mutex> lock(mutex_);
    for (auto& runner : runners_) {
      if (runner->connection != nullptr) {
        runner->connection->Interrupt();
      } else {
        shutdown(runner->fd, SHUT_RDWR);  // still in its handshake
      }
    }
  }
  for (auto& runner : runners_) pthread_join(runner->thread, nullptr);
}

std::string ScriptedUpstream::base_url() const { return base_url("127.0.0.1"); }

std::string ScriptedUpstream::base_url(const std::string& host) const {
  return (tls() ? "https://" : "http://") + host + ":" + std::to_string(port_);
}

void ScriptedUpstream::Listen(const std::string& address, int port) {
  signal(SIGPIPE, SIG_IGN);
  RaiseFileLimit();
  port_ = port;
  listen_fd_ = BoundSocket(address, &port_);
  Require(listen(listen_fd_, 4096) == 0, "listen");
  accept_thread_ = std::thread([this] { AcceptLoop(); });
}

void ScriptedUpstream::StopListening() {
  if (stopping_.exchange(true)) return;
  shutdown(listen_fd_, SHUT_RDWR);  // wakes accept
  accept_thread_.join();
  close(listen_fd_);
}

void ScriptedUpstream::AcceptLoop() {
  while (!stopping_) {
    const int fd = accept4(listen_fd_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0) {
      Adopt(fd);
    } else if (errno != EINTR && errno != ECONNABORTED) {
      return;
    }
  }
}

void ScriptedUpstream::Adopt(int fd) {
  auto runner = std::make_unique<Runner>();
  runner->server = this;
  runner->fd = fd;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackBytes);

  std::lock_guard<std::mutex> lock(mutex_);
  runner->index = accepted_++;
  ++open_;
  Require(pthread_create(&runner->thread, &attributes, RunnerMain, runner.get()) == 0,
          "pthread_create");
  pthread_attr_destroy(&attributes);
  runners_.push_back(std::move(runner));
  changed_.notify_all();
}

void* ScriptedUpstream::RunnerMain(void* runner) {
  auto* self = static_cast<Runner*>(runner);
  self->server->Serve(self);
  return nullptr;
}

void ScriptedUpstream::Serve(Runner* runner) {
  SSL* ssl = nullptr;
  bool shaken = true;
  if (context_ != nullptr) {
    ssl = SSL_new(context_.get());
    SSL_set_fd(ssl, runner->fd);
    shaken = SSL_accept(ssl) == 1;
  }
  ConnectionLog* const log = this;
  auto connection = std::make_unique<Connection>(runner->index, runner->fd, ssl, log);
  Connection* const raw = connection.get();
  {
    std::lock_guard<std::mutex> lock(mutex_);
    runner->connection = std::move(connection);
    if (!shaken) ++handshakes_failed_;
    changed_.notify_all();
  }
  if (shaken) script_(*raw);
  if (shaken) {
    raw->Close();
  } else {
    raw->CloseWithoutNotify();
  }
  std::lock_guard<std::mutex> lock(mutex_);
  --open_;
  changed_.notify_all();
}

void ScriptedUpstream::OnRequest(const ReceivedRequest& request) {
  std::lock_guard<std::mutex> lock(mutex_);
  requests_.push_back(request);
  changed_.notify_all();
}

void ScriptedUpstream::OnPeerClose(const PeerClose& close) {
  std::lock_guard<std::mutex> lock(mutex_);
  closes_.push_back(close);
  changed_.notify_all();
}

int ScriptedUpstream::connections_accepted() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return accepted_;
}

int ScriptedUpstream::connections_open() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return open_;
}

int ScriptedUpstream::handshakes_failed() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return handshakes_failed_;
}

std::vector<ReceivedRequest> ScriptedUpstream::requests() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return requests_;
}

std::vector<PeerClose> ScriptedUpstream::closes() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return closes_;
}

bool ScriptedUpstream::WaitUntil(const std::function<bool()>& condition) const {
  std::unique_lock<std::mutex> lock(mutex_);
  return changed_.wait_for(lock, kPatience, condition);
}

bool ScriptedUpstream::WaitForConnections(int count) const {
  return WaitUntil([&] { return accepted_ >= count; });
}

bool ScriptedUpstream::WaitForRequests(int count) const {
  return WaitUntil([&] { return static_cast<int>(requests_.size()) >= count; });
}

bool ScriptedUpstream::WaitForCloses(int count) const {
  return WaitUntil([&] { return static_cast<int>(closes_.size()) >= count; });
}

bool ScriptedUpstream::WaitForFailedHandshakes(int count) const {
  return WaitUntil([&] { return handshakes_failed_ >= count; });
}

bool ScriptedUpstream::WaitForNoneOpen() const {
  return WaitUntil([&] { return open_ == 0; });
}

// With a backlog of nothing the kernel holds one connection that nobody accepts and drops the SYN
// of every further one.
BlackHole::BlackHole(const std::string& text, int port)
    : port_(port), fd_(BoundSocket(text, &port_)) {
  Require(listen(fd_, 0) == 0, "listen");
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  Require(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) == 0, "getsockname");
  for (int& filler : fillers_) {
    // The first is held; some kernels hold a second.
    const int flags = &filler == &fillers_[0] ? SOCK_CLOEXEC : SOCK_CLOEXEC | SOCK_NONBLOCK;
    filler = socket(AF_INET, SOCK_STREAM | flags, 0);
    const int result = connect(filler, reinterpret_cast<sockaddr*>(&address), size);
    Require(result == 0 || errno == EINPROGRESS, "connect");
  }
}

BlackHole::~BlackHole() {
  for (const int filler : fillers_) close(filler);
  close(fd_);
}

int UnusedPort() {
  int port = 0;
  close(BoundSocket(kLoopback, &port));
  return port;
}

}  // namespace sparkgate::support

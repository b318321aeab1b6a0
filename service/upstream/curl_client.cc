#include "service/upstream/curl_client.h"

#include <sys/epoll.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace sparkgate::upstream {
namespace {

using Clock = event_loop::Loop::Clock;

constexpr std::chrono::seconds kTick{1};

// Some 6 KiB each.
constexpr size_t kMostSpareHandles = 64;

// Kept and running connections together. Above it libcurl closes a kept one for each that comes
// free; there are never more than calls ran at once, so admission is the true limit.
constexpr long kMostConnections = 65536;

uint32_t EpollEvents(int what) {
  uint32_t events = 0;
  if ((what & CURL_POLL_IN) != 0) events |= EPOLLIN;
  if ((what & CURL_POLL_OUT) != 0) events |= EPOLLOUT;
  return events;
}

int CurlEvents(uint32_t epoll_events) {
  int events = 0;
  if ((epoll_events & (EPOLLIN | EPOLLHUP)) != 0) events |= CURL_CSELECT_IN;
  if ((epoll_events & EPOLLOUT) != 0) events |= CURL_CSELECT_OUT;
  if ((epoll_events & EPOLLERR) != 0) events |= CURL_CSELECT_ERR;
  return events;
}

curl_socket_t RefuseSocket(void*, curlsocktype, curl_sockaddr*) { return CURL_SOCKET_BAD; }

}  // namespace

CurlClient::CurlClient(event_loop::Loop* loop, const ClientOptions& options,
                       const Resolver* resolver)
    : loop_(loop),
      options_(options),
      resolver_(resolver),
      curl_timer_(loop, [this] { Drive(CURL_SOCKET_TIMEOUT, 0); }),
      tick_(loop, [this] { OnTick(); }),
      self_(std::make_shared<CurlClient*>(this)) {
  absl::StatusOr<Url> url = ParseUpstreamUrl(options.base_url);
  if (url.ok()) {
    url_ = *std::move(url);
  } else {
    url_fault_ = std::string(url.status().message());
  }
  if (!options.proxy_authorization.empty()) {
    proxy_headers_.Append("Proxy-Authorization: " + options.proxy_authorization);
  }
  MakeMulti();
}

CurlClient::~CurlClient() {
  *self_ = nullptr;
  for (CurlTransfer* transfer : steps_) {
    if (transfer != nullptr) transfer->Forget();
  }
  while (!attempts_.empty()) {
    Attempt* const attempt = attempts_.front().get();
    if (attempt->transfer_ != nullptr) attempt->transfer_->Forget();
    Abort(attempt);
  }
  multi_.reset();  // closes what is kept, through OnCloseSocket
}

std::unique_ptr<Transfer> CurlClient::Start(Request request, TransferSink* sink) {
  ++counts_.started;
  auto transfer = std::make_unique<CurlTransfer>(this, std::move(request), sink);
  if (in_curl_) {
    PostStep(transfer.get());
  } else {
    transfer->Begin(/*fresh_connection=*/false);
  }
  return transfer;
}

// --- libcurl and the loop ------------------------------------------------------------------------

int CurlClient::OnSocket(CURL*, curl_socket_t fd, int what, void* client, void*) {
  auto* self = static_cast<CurlClient*>(client);
  // At a pause, and when a request ends and its connection is kept, libcurl says REMOVE. Watching
  // for nothing would not do: epoll reports errors anyway, and a peer's reset would then spin the
  // loop until the pause ends.
  if (what == CURL_POLL_REMOVE || what == CURL_POLL_NONE) {
    self->loop_->Forget(fd);
  } else {
    self->loop_->Watch(fd, EpollEvents(what), self);
  }
  return 0;
}

int CurlClient::OnTimer(CURLM*, long ms, void* client) {
  auto* self = static_cast<CurlClient*>(client);
  if (ms < 0) {
    self->curl_timer_.Disarm();
  } else {
    self->curl_timer_.ArmIn(std::chrono::milliseconds(ms));
  }
  return 0;
}

int CurlClient::OnCloseSocket(void* client, curl_socket_t fd) {
  auto* self = static_cast<CurlClient*>(client);
  self->loop_->Closed(fd);
  const SocketTracker::Closed closed = self->sockets_.Close(fd);
  if (closed.owner == nullptr || !closed.used) return 0;
  closed.owner->acks_known = closed.state.known;
  closed.owner->acked_at_close = closed.state.acked;
  return 0;
}

void CurlClient::OnReady(int fd, uint32_t epoll_events) { Drive(fd, CurlEvents(epoll_events)); }

void CurlClient::Drive(int fd, int curl_events) {
  int running = 0;
  in_curl_ = true;
  const CURLMcode code = curl_multi_socket_action(multi_.get(), fd, curl_events, &running);
  in_curl_ = false;
  if (Succeeded(code)) AfterCurl();
}

void CurlClient::AfterCurl() {
  for (Attempt* attempt : std::exchange(removals_, {})) Remove(attempt);
  ReadMessages();
}

void CurlClient::ReadMessages() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    Attempt* attempt = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &attempt);
    if (attempt == nullptr) continue;  // CloseEnded's
    attempt->ended_well_ = message->data.result == CURLE_OK &&
                           InfoNumber(message->easy_handle, CURLINFO_OS_ERRNO) == 0;
    if (attempt->transfer_ != nullptr) {
      attempt->transfer_->OnAttemptDone(message->data.result);
    } else {
      Remove(attempt);
    }
  }
}

// --- Attempts ------------------------------------------------------------------------------------

EasyHandle CurlClient::TakeEasyHandle() {
  if (!spare_handles_.empty()) {
    EasyHandle easy = std::move(spare_handles_.back());
    spare_handles_.pop_back();
    return easy;
  }
  EasyHandle easy(curl_easy_init());
  ApplyCommonOptions(easy.get(), options_);
  Attempt::SetCallbacks(easy.get(), this);
  return easy;
}

// What it was told of its attempt is gone with that.
void CurlClient::KeepEasyHandle(EasyHandle easy) {
  if (spare_handles_.size() >= kMostSpareHandles) return;
  SetPointer<char>(easy.get(), CURLOPT_ERRORBUFFER, nullptr);
  SetPointer<curl_slist>(easy.get(), CURLOPT_HTTPHEADER, nullptr);
  SetPointer<curl_slist>(easy.get(), CURLOPT_RESOLVE, nullptr);
  SetPointer<char>(easy.get(), CURLOPT_POSTFIELDS, nullptr);
  spare_handles_.push_back(std::move(easy));
}

void CurlClient::Add(std::unique_ptr<Attempt> attempt) {
  CURL* const easy = attempt->easy_.get();
  attempts_.push_back(std::move(attempt));
  attempts_.back()->place_ = std::prev(attempts_.end());
  // In an idle time it is armed for the end of kept_time.
  if (idle_since_ != Clock::time_point() || !tick_.armed()) tick_.ArmIn(kTick);
  idle_since_ = {};
  Succeeded(curl_multi_add_handle(multi_.get(), easy));
}

// Frees what libcurl holds for the attempt; closes its connection unless it has ended well.
void CurlClient::Remove(Attempt* attempt) {
  const std::unique_ptr<Attempt> removed = std::move(*attempt->place_);
  attempts_.erase(attempt->place_);
  const bool removed_well = Succeeded(curl_multi_remove_handle(multi_.get(), removed->easy_.get()));
  sockets_.Release(&removed->facts_);
  if (removed_well && removed->ended_well_) KeepEasyHandle(std::move(removed->easy_));
}

void CurlClient::Abort(Attempt* attempt) {
  if (attempt->state_ == Attempt::State::kRemoving) return;
  sockets_.ResetOnClose(&attempt->facts_);
  attempt->transfer_ = nullptr;
  if (!in_curl_) return Remove(attempt);
  attempt->state_ = Attempt::State::kRemoving;
  removals_.push_back(attempt);
}

void CurlClient::Unpause(Attempt* attempt) {
  attempt->curl_paused_ = false;
  in_curl_ = true;
  curl_easy_pause(attempt->easy_.get(), CURLPAUSE_CONT);  // hands out what waits in libcurl, here
  in_curl_ = false;
  AfterCurl();
}

// --- Steps of the next turn ----------------------------------------------------------------------

void CurlClient::PostStep(CurlTransfer* transfer) {
  if (std::exchange(transfer->has_step_, true)) return;
  steps_.push_back(transfer);
  if (std::exchange(steps_posted_, true)) return;
  loop_->Post([self = self_] {
    if (*self != nullptr) (*self)->RunSteps();
  });
}

void CurlClient::DropStep(CurlTransfer* transfer) {
  transfer->has_step_ = false;
  std::replace(steps_.begin(), steps_.end(), transfer, static_cast<CurlTransfer*>(nullptr));
}

void CurlClient::RunSteps() {
  steps_posted_ = false;
  const size_t count = steps_.size();  // what is posted meanwhile is the next turn's
  for (size_t i = 0; i < count; ++i) {
    CurlTransfer* const transfer = std::exchange(steps_[i], nullptr);
    if (transfer == nullptr) continue;
    transfer->has_step_ = false;
    transfer->RunStep();
  }
  steps_.erase(steps_.begin(), steps_.begin() + static_cast<int64_t>(count));
}

// --- Kept connections ----------------------------------------------------------------------------

// Once a second while there are attempts, and twice when there are none any more.
void CurlClient::OnTick() {
  TrimKept();
  if (!attempts_.empty()) {
    idle_since_ = {};
    tick_.ArmIn(kTick);
    return Drive(CURL_SOCKET_TIMEOUT, 0);
  }
  if (sockets_.size() == 0) return;
  const Clock::time_point now = loop_->Now();
  if (idle_since_ == Clock::time_point()) idle_since_ = now;
  const auto left = idle_since_ + options_.kept_time - now;
  if (left > Clock::duration::zero()) {
    // libcurl may not have looked this time.
    return sockets_.has_ended() ? tick_.ArmIn(kTick) : tick_.ArmAt(now + left);
  }
  idle_since_ = {};
  spare_handles_.clear();
  MakeMulti();  // closes all that is kept
}

void CurlClient::TrimKept() {
  sockets_.ShutDownKept(options_.kept_connections);
  if (sockets_.has_ended()) CloseEnded();
}

// libcurl closes kept connections that have ended when it looks for one to use, at most once a
// second. This makes it look, for a transfer that gets no socket.
void CurlClient::CloseEnded() {
  const EasyHandle easy(curl_easy_init());
  SetPointer(easy.get(), CURLOPT_URL, "http://127.0.0.1/");
  SetPointer(easy.get(), CURLOPT_PROXY, "");
  SetNumber(easy.get(), CURLOPT_NOSIGNAL, 1);
  SetNumber(easy.get(), CURLOPT_FRESH_CONNECT, 1);
  SetPointer(easy.get(), CURLOPT_OPENSOCKETFUNCTION, &RefuseSocket);
  SetPointer(easy.get(), CURLOPT_CLOSESOCKETFUNCTION, &CurlClient::OnCloseSocket);
  SetPointer(easy.get(), CURLOPT_CLOSESOCKETDATA, this);
  if (!Succeeded(curl_multi_add_handle(multi_.get(), easy.get()))) return;
  Drive(CURL_SOCKET_TIMEOUT, 0);
  curl_multi_remove_handle(multi_.get(), easy.get());
}

// --- The multi handle ----------------------------------------------------------------------------

void CurlClient::MakeMulti() {
  multi_.reset(curl_multi_init());
  CURLM* multi = multi_.get();
  const auto set = [multi](CURLMoption option, auto value) {
    RequireMulti(curl_multi_setopt(multi, option, value), "curl_multi_setopt");
  };
  set(CURLMOPT_SOCKETFUNCTION, &CurlClient::OnSocket);
  set(CURLMOPT_SOCKETDATA, this);
  set(CURLMOPT_TIMERFUNCTION, &CurlClient::OnTimer);
  set(CURLMOPT_TIMERDATA, this);
  set(CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_NOTHING));
  set(CURLMOPT_MAXCONNECTS, kMostConnections);
  set(CURLMOPT_MAX_HOST_CONNECTIONS, 0L);
}

bool CurlClient::Succeeded(CURLMcode code) {
  if (multi_result_for_test) code = multi_result_for_test(code);
  if (code == CURLM_OK) return true;
  Rebuild(code);
  return false;
}

// Out of memory, or a state that libcurl itself did not expect: what its attempts are at is not
// known. Each ends by what it had come to, and the next ones have a multi handle that knows nothing
// of this.
void CurlClient::Rebuild(CURLMcode code) {
  ++counts_.rebuilt;
  const std::string detail = std::string("libcurl failed: ") + curl_multi_strerror(code);
  removals_.clear();
  for (const auto& attempt : std::exchange(attempts_, {})) {
    const Attempt::Result result = attempt->ResultOf(CURLE_RECV_ERROR);
    sockets_.ResetOnClose(&attempt->facts_);
    curl_multi_remove_handle(multi_.get(), attempt->easy_.get());
    sockets_.Release(&attempt->facts_);
    CurlTransfer* const transfer = attempt->transfer_;
    if (transfer == nullptr) continue;
    transfer->EndLater(result.end.how, std::max(transfer->attempts_, 1), detail);
  }
  MakeMulti();
  curl_timer_.Disarm();
}

}  // namespace sparkgate::upstream

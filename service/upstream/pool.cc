#include "service/upstream/pool.h"

#include <sys/epoll.h>

#include <algorithm>
#include <utility>

#include "service/upstream/base_url.h"
#include "service/upstream/easy_options.h"
#include "service/upstream/job_callbacks.h"
#include "service/upstream/request_headers.h"
#include "service/upstream/transfer_outcome.h"

namespace sparkgate::upstream {
namespace {

constexpr std::chrono::seconds kTick{1};

// For the TCP connection to one of several addresses, the last excepted: twice what a far one
// needs.
constexpr std::chrono::milliseconds kTryTime{400};

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

// The facts of the attempt, completed by what libcurl knows at its end.
AttemptFacts FinalFacts(const Job& job, CURLcode code) {
  AttemptFacts facts = job.facts;
  facts.code = code;
  // A connection that is closed inside the head is no failure for libcurl.
  if (code == CURLE_OK && !job.head.complete()) facts.code = CURLE_PARTIAL_FILE;
  if (job.restart_refused) {
    facts.code = CURLE_SEND_FAIL_REWIND;
  } else {
    facts.os_errno = InfoNumber(job.easy.get(), CURLINFO_OS_ERRNO);
  }
  facts.body_bytes = static_cast<int64_t>(job.body_bytes);
  facts.uploaded_bytes = InfoLarge(job.easy.get(), CURLINFO_SIZE_UPLOAD_T);
  return facts;
}

bool IsFramed(const Job& job) {
  return job.head.framed() || InfoLarge(job.easy.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T) >= 0;
}

std::string Describe(const Job& job, CURLcode code) {
  if (job.restart_refused) return "a kept connection was lost with the request on its way";
  if (!job.own_fault.empty()) return job.own_fault;
  if (code == CURLE_OK) return "";
  return job.error_text[0] != '\0' ? job.error_text : curl_easy_strerror(code);
}

}  // namespace

Pool::Pool(event_loop::Loop* loop, const ClientOptions& options, const Resolver* resolver)
    : loop_(loop),
      options_(options),
      resolver_(resolver),
      curl_timer_(loop, [this] { Drive(CURL_SOCKET_TIMEOUT, 0); }),
      tick_(loop, [this] { OnTick(); }),
      self_(std::make_shared<Pool*>(this)) {
  absl::StatusOr<BaseUrl> url = ParseBaseUrl(options.base_url);
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

void Pool::MakeMulti() {
  multi_.reset(curl_multi_init());
  CURLM* multi = multi_.get();
  const auto set = [multi](CURLMoption option, auto value) {
    RequireMulti(curl_multi_setopt(multi, option, value), "curl_multi_setopt");
  };
  set(CURLMOPT_SOCKETFUNCTION, &Pool::OnSocket);
  set(CURLMOPT_SOCKETDATA, this);
  set(CURLMOPT_TIMERFUNCTION, &Pool::OnTimer);
  set(CURLMOPT_TIMERDATA, this);
  set(CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_NOTHING));
  set(CURLMOPT_MAXCONNECTS, kMostConnections);
  set(CURLMOPT_MAX_HOST_CONNECTIONS, 0L);
}

Pool::~Pool() {
  *self_ = nullptr;
  while (!jobs_.empty()) {
    Job* job = jobs_.front().get();
    Detach(job);
    Abort(job);
  }
  multi_.reset();  // closes what is kept, through OnCloseSocket
}

Client::Counts Pool::counts() const { return counts_; }

// --- libcurl and the loop ------------------------------------------------------------------------

int Pool::OnSocket(CURL*, curl_socket_t fd, int what, void* pool, void*) {
  auto* self = static_cast<Pool*>(pool);
  // At a pause libcurl says REMOVE. Watching for nothing would not do: epoll reports errors anyway,
  // and a peer's reset would then spin the loop until the pause ends.
  if (what == CURL_POLL_REMOVE || what == CURL_POLL_NONE) {
    self->loop_->Forget(fd);
  } else {
    self->loop_->Watch(fd, EpollEvents(what), self);
  }
  return 0;
}

int Pool::OnTimer(CURLM*, long ms, void* pool) {
  auto* self = static_cast<Pool*>(pool);
  if (ms < 0) {
    self->curl_timer_.Disarm();
  } else {
    self->curl_timer_.ArmIn(std::chrono::milliseconds(ms));
  }
  return 0;
}

int Pool::OnCloseSocket(void* pool, curl_socket_t fd) {
  auto* self = static_cast<Pool*>(pool);
  self->loop_->Forget(fd);
  const SocketTracker::Closed closed = self->sockets_.Close(fd);
  if (closed.owner == nullptr || !closed.used) return 0;
  AttemptFacts& facts = static_cast<Job*>(closed.owner)->facts;
  facts.acks_known = closed.state.known;
  facts.acked_at_close = closed.state.acked;
  return 0;
}

void Pool::OnReady(int fd, uint32_t epoll_events) { Drive(fd, CurlEvents(epoll_events)); }

void Pool::Drive(int fd, int curl_events) {
  int running = 0;
  in_curl_ = true;
  const CURLMcode code = curl_multi_socket_action(multi_.get(), fd, curl_events, &running);
  in_curl_ = false;
  if (Succeeded(code)) AfterCurl();
}

bool Pool::Succeeded(CURLMcode code) {
  if (multi_result_for_test) code = multi_result_for_test(code);
  if (code == CURLM_OK) return true;
  Rebuild(code);
  return false;
}

// Out of memory, or a state that libcurl itself did not expect: what its transfers are at is not
// known. Each ends by what its attempt had come to, and the next ones have a multi handle that
// knows nothing of this.
void Pool::Rebuild(CURLMcode code) {
  ++counts_.rebuilt;
  const std::string detail = std::string("libcurl failed: ") + curl_multi_strerror(code);
  for (Job* job : std::exchange(removals_, {})) Abort(job);
  for (const auto& job : jobs_) {
    if (!job->in_multi) continue;
    AttemptFacts facts = FinalFacts(*job, CURLE_RECV_ERROR);
    sockets_.ResetOnClose(job.get());
    curl_multi_remove_handle(multi_.get(), job->easy.get());
    job->in_multi = false;
    sockets_.Release(job.get());
    job->easy.reset();
    job->end =
        TransferEnd{OutcomeOf(facts, /*framed=*/true, ""), std::max(job->attempts, 1), detail};
    AskForStep(job.get());
  }
  MakeMulti();
  curl_timer_.Disarm();
}

// Once a second while there are jobs, and twice when there are none any more.
void Pool::OnTick() {
  TrimKept();
  if (!jobs_.empty()) {
    idle_since_ = {};
    tick_.ArmIn(kTick);
    return Drive(CURL_SOCKET_TIMEOUT, 0);
  }
  if (sockets_.size() == 0) return;
  const event_loop::Loop::Clock::time_point now = loop_->Now();
  if (idle_since_ == event_loop::Loop::Clock::time_point()) idle_since_ = now;
  const auto left = idle_since_ + options_.kept_time - now;
  if (left > event_loop::Loop::Clock::duration::zero()) {
    // libcurl may not have looked this time.
    return sockets_.has_ended() ? tick_.ArmIn(kTick) : tick_.ArmAt(now + left);
  }
  idle_since_ = {};
  MakeMulti();  // closes all that is kept
}

void Pool::TrimKept() {
  sockets_.ShutDownKept(options_.kept_connections);
  if (sockets_.has_ended()) CloseEnded();
}

// libcurl closes kept connections that have ended when it looks for one to use, at most once a
// second. This makes it look, for a transfer that gets no socket.
void Pool::CloseEnded() {
  const EasyHandle easy(curl_easy_init());
  SetPointer(easy.get(), CURLOPT_URL, "http://127.0.0.1/");
  SetPointer(easy.get(), CURLOPT_PROXY, "");
  SetNumber(easy.get(), CURLOPT_NOSIGNAL, 1);
  SetNumber(easy.get(), CURLOPT_FRESH_CONNECT, 1);
  SetPointer(easy.get(), CURLOPT_OPENSOCKETFUNCTION, &Pool::RefuseSocket);
  SetPointer(easy.get(), CURLOPT_CLOSESOCKETFUNCTION, &Pool::OnCloseSocket);
  SetPointer(easy.get(), CURLOPT_CLOSESOCKETDATA, this);
  if (!Succeeded(curl_multi_add_handle(multi_.get(), easy.get()))) return;
  Drive(CURL_SOCKET_TIMEOUT, 0);
  curl_multi_remove_handle(multi_.get(), easy.get());
}

curl_socket_t Pool::RefuseSocket(void*, curlsocktype, curl_sockaddr*) { return CURL_SOCKET_BAD; }

void Pool::AfterCurl() {
  for (Job* job : std::exchange(removals_, {})) Abort(job);
  ReadMessages();
}

void Pool::ReadMessages() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    Job* job = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &job);
    if (job != nullptr) Finish(job, message->data.result);  // else CloseEnded's
  }
}

// --- A job from its beginning to its end ---------------------------------------------------------

std::unique_ptr<Transfer> Pool::Start(Request request, TransferSink* sink) {
  ++counts_.started;
  jobs_.push_back(std::make_unique<Job>(this, std::move(request), sink, options_.max_header_bytes));
  Job* job = jobs_.back().get();
  job->place = std::prev(jobs_.end());
  job->body_bytes = job->request.body.size();
  auto handle = std::make_unique<JobHandle>(job);
  job->handle = handle.get();
  // In an idle time it is armed for the end of kept_time, and with a job it is wanted each second.
  if (idle_since_ != event_loop::Loop::Clock::time_point() || !tick_.armed()) tick_.ArmIn(kTick);
  idle_since_ = {};
  if (in_curl_) {
    job->to_begin = true;
    AskForStep(job);
  } else {
    Begin(job, /*fresh_connection=*/false);
  }
  return handle;
}

void Pool::Begin(Job* job, bool fresh_connection) {
  job->to_begin = false;
  if (!PrepareRequest(job, fresh_connection)) return;
  job->facts = AttemptFacts();
  job->restart_refused = false;
  job->head = ResponseHead(options_.max_header_bytes);
  job->body_sent = 0;
  job->curl_paused = false;
  job->error_text[0] = '\0';
  job->in_multi = true;
  Succeeded(curl_multi_add_handle(multi_.get(), job->easy.get()));
}

bool Pool::PrepareRequest(Job* job, bool fresh_connection) {
  const Request& request = job->request;
  using How = TransferEnd::How;
  if (!url_fault_.empty()) return Refuse(job, How::kProtocol, url_fault_), false;
  if (request.path.empty() || request.path[0] != '/' || !IsVisibleAscii(request.path)) {
    return Refuse(job, How::kProtocol, "the request's path is not one"), false;
  }
  absl::StatusOr<HeaderSlist> headers =
      BuildHeaders(request, options_.api_key, options_.auth_header, options_.fixed_headers);
  if (!headers.ok()) {
    return Refuse(job, How::kProtocol, std::string(headers.status().message())), false;
  }
  job->headers = std::move(*headers);
  const std::optional<std::string> entry = AddressEntry(job);
  if (!entry.has_value()) {
    return Refuse(job, How::kNotConnected, "the upstream's name could not be resolved"), false;
  }

  job->easy.reset(curl_easy_init());
  CURL* easy = job->easy.get();
  ApplyCommonOptions(easy, options_);
  JobCallbacks::Install(job);
  SetPointer(easy, CURLOPT_URL, url_.With(request.path).c_str());
  SetPointer(easy, CURLOPT_HTTPHEADER, job->headers.get());
  if (proxy_headers_.get() != nullptr) {
    SetPointer(easy, CURLOPT_PROXYHEADER, proxy_headers_.get());
  }
  if (!entry->empty()) {
    job->resolve = HeaderSlist();
    job->resolve.Append(*entry);
    SetPointer(easy, CURLOPT_RESOLVE, job->resolve.get());
  }
  if (job->address + 1 < job->addresses.size() && !job->has_all_time) {
    const auto time = std::min<std::chrono::milliseconds>(options_.connect_timeout, kTryTime);
    SetNumber(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(time.count()));
  }
  SetNumber(easy, CURLOPT_FRESH_CONNECT, fresh_connection ? 1 : 0);
  if (!request.body.empty()) {
    // READFUNCTION without SEEKFUNCTION: else libcurl re-sends a request that was processed.
    SetNumber(easy, CURLOPT_POST, 1);
    SetPointer(easy, CURLOPT_READFUNCTION, &JobCallbacks::OnRead);
    SetPointer(easy, CURLOPT_READDATA, job);
    SetLarge(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(job->body_bytes));
  }
  SetPointer(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  return true;
}

// Where the name is now, for CURLOPT_RESOLVE: "" if there is no name, nothing if nobody knows.
std::optional<std::string> Pool::AddressEntry(Job* job) {
  // With a proxy it is the proxy that looks the name up.
  if (!options_.proxy.empty() || resolver_ == nullptr || resolver_->is_address()) return "";
  if (job->addresses.empty()) job->addresses = resolver_->Addresses();
  if (job->addresses.empty()) return std::nullopt;
  return resolver_->Entry(job->addresses[job->address]);
}

// An address that does not answer costs a call less than a second, and the next calls nothing. No
// byte of the request has left.
bool Pool::TryNextAddress(Job* job, const AttemptFacts& facts, bool answered) {
  const bool connecting =
      facts.code == CURLE_COULDNT_CONNECT || facts.code == CURLE_OPERATION_TIMEDOUT;
  if (facts.begun || !connecting || job->address + 1 >= job->addresses.size()) return false;
  if (answered) {
    if (std::exchange(job->has_all_time, true)) return false;
  } else {
    resolver_->NoteSilent(job->addresses[job->address++]);
    job->has_all_time = false;
  }
  return true;
}

// Ends a job that cannot begin; its sink hears of it in the next turn.
void Pool::Refuse(Job* job, TransferEnd::How how, std::string detail) {
  job->end = TransferEnd{how, job->attempts, std::move(detail)};
  AskForStep(job);
}

void Pool::Finish(Job* job, CURLcode code) {
  const AttemptFacts facts = FinalFacts(*job, code);
  const bool answered = InfoLarge(job->easy.get(), CURLINFO_CONNECT_TIME_T) > 0;
  TransferEnd end{OutcomeOf(facts, IsFramed(*job), job->error_text), std::max(job->attempts, 1),
                  Describe(*job, facts.code)};
  end.proxy_status = static_cast<int>(InfoNumber(job->easy.get(), CURLINFO_HTTP_CONNECTCODE));
  if (!job->own_fault.empty()) end.how = TransferEnd::How::kProtocol;
  RemoveEasy(job);
  if (job->handle == nullptr) return Erase(job);
  if (TryNextAddress(job, facts, answered)) return Begin(job, /*fresh_connection=*/false);
  if (SendAgainAtOnce(facts, job->sent_again)) {
    job->sent_again = true;
    ++counts_.sent_again;
    return Begin(job, /*fresh_connection=*/true);
  }
  if (job->paused) {
    job->end = std::move(end);
  } else {
    Notify(job, std::move(end));
  }
}

void Pool::Notify(Job* job, TransferEnd end) {
  TransferSink* sink = job->sink;
  Detach(job);
  Erase(job);
  sink->OnEnd(end);  // the last thing: the sink may do what it likes
}

// Frees what libcurl holds for the job; closes its connection unless it has ended well.
void Pool::RemoveEasy(Job* job) {
  if (job->in_multi) {
    job->in_multi = false;
    Succeeded(curl_multi_remove_handle(multi_.get(), job->easy.get()));
  }
  sockets_.Release(job);
  job->easy.reset();
}

void Pool::Abort(Job* job) {
  sockets_.ResetOnClose(job);
  RemoveEasy(job);
  Erase(job);
}

void Pool::MarkForRemoval(Job* job) {
  if (job->gone) return;
  job->gone = true;
  sockets_.ResetOnClose(job);
  removals_.push_back(job);
}

void Pool::Detach(Job* job) {
  if (job->handle != nullptr) job->handle->job_ = nullptr;
  job->handle = nullptr;
  job->sink = nullptr;
}

void Pool::Erase(Job* job) {
  if (job->in_steps) std::replace(steps_.begin(), steps_.end(), job, static_cast<Job*>(nullptr));
  jobs_.erase(job->place);
}

// --- What handles ask for ------------------------------------------------------------------------

void Pool::Abandon(Job* job) {
  Detach(job);
  if (job->in_multi) ++counts_.aborted;
  if (in_curl_) {
    MarkForRemoval(job);
  } else {
    Abort(job);
  }
}

void Pool::Pause(Job* job) {
  job->paused = true;
  if (job->in_callback) return;  // OnWrite looks afterwards
  if (in_curl_) {
    AskForStep(job);
  } else {
    ApplyPause(job);
  }
}

void Pool::Resume(Job* job) {
  job->paused = false;
  AskForStep(job);
}

void Pool::Linger(Job* job, bool dirty) {
  Detach(job);
  if (dirty && in_curl_) return MarkForRemoval(job);
  if (dirty || !job->in_multi) return Abort(job);
  job->lingering = true;
  job->paused = false;
  if (job->curl_paused) AskForStep(job);
  job->linger_timer = std::make_unique<event_loop::Timer>(loop_, [this, job] { Abort(job); });
  job->linger_timer->ArmIn(options_.linger_time);
}

// --- Steps of the next turn ----------------------------------------------------------------------

void Pool::AskForStep(Job* job) {
  if (job->in_steps) return;
  job->in_steps = true;
  steps_.push_back(job);
  if (std::exchange(step_posted_, true)) return;
  loop_->Post([self = self_] {
    if (*self != nullptr) (*self)->RunSteps();
  });
}

void Pool::RunSteps() {
  step_posted_ = false;
  const size_t count = steps_.size();  // what is asked for meanwhile is the next turn's
  for (size_t i = 0; i < count; ++i) {
    Job* job = std::exchange(steps_[i], nullptr);
    if (job == nullptr) continue;
    job->in_steps = false;
    RunStep(job);
  }
  steps_.erase(steps_.begin(), steps_.begin() + static_cast<int64_t>(count));
}

void Pool::RunStep(Job* job) {
  if (job->to_begin) return Begin(job, /*fresh_connection=*/false);
  if (job->end.has_value()) {
    if (!job->paused) Notify(job, std::move(*job->end));
    return;
  }
  if (job->paused) return ApplyPause(job);
  if (!job->curl_paused || !job->in_multi) return;
  job->curl_paused = false;
  in_curl_ = true;
  curl_easy_pause(job->easy.get(), CURLPAUSE_CONT);  // hands out what waits in libcurl, here
  in_curl_ = false;
  AfterCurl();
}

void Pool::ApplyPause(Job* job) {
  const bool had_its_share = HadItsShare(*job);
  if (had_its_share) AskForStep(job);
  if ((!job->paused && !had_its_share) || job->curl_paused || !job->in_multi) return;
  // Fails before there is a connection; then OnWrite refuses the first bytes.
  job->curl_paused = curl_easy_pause(job->easy.get(), CURLPAUSE_RECV) == CURLE_OK;
}

bool Pool::HadItsShare(const Job& job) const {
  return job.turn == loop_->counts().turns &&
         job.bytes_of_turn + kReceiveBytes > options_.max_bytes_per_turn;
}

void Pool::CountBytes(Job* job, size_t count) {
  const uint64_t turn = loop_->counts().turns;
  if (job->turn != turn) job->bytes_of_turn = 0;
  job->turn = turn;
  job->bytes_of_turn += count;
  counts_.most_bytes_in_a_turn =
      std::max<uint64_t>(counts_.most_bytes_in_a_turn, job->bytes_of_turn);
}

}  // namespace sparkgate::upstream

#include "service/upstream/curl_transfer.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "base/text.h"
#include "service/upstream/curl_client.h"
#include "service/upstream/request_headers.h"

namespace sparkgate::upstream {
namespace {

// For the TCP connection to one of several addresses, the last excepted: twice what a far one
// needs.
constexpr std::chrono::milliseconds kTryTime{400};

}  // namespace

// --- What its call asks for --------------------------------------------------------------------

CurlTransfer::CurlTransfer(CurlClient* client, Request request, TransferSink* sink)
    : client_(client), sink_(sink), request_(std::move(request)) {}

CurlTransfer::~CurlTransfer() {
  if (client_ == nullptr) return;
  if (has_step_) client_->DropStep(this);
  if (attempt_ == nullptr) return;
  ++client_->counts_.aborted;
  client_->Abort(attempt_);
}

void CurlTransfer::Pause() {
  paused_ = true;
  if (attempt_ == nullptr) return;
  if (client_->in_curl_) {
    client_->PostStep(this);
  } else {
    attempt_->ApplyPause();
  }
}

void CurlTransfer::Resume() {
  paused_ = false;
  if (state_ != State::kOver) client_->PostStep(this);
}

void CurlTransfer::Linger(bool dirty) {
  state_ = State::kOver;
  Attempt* const attempt = std::exchange(attempt_, nullptr);
  if (attempt == nullptr) return;
  if (dirty) {
    client_->Abort(attempt);
  } else {
    attempt->Linger();
  }
}

Request CurlTransfer::TakeRequest() {
  Request request = request_;
  if (attempt_ != nullptr && attempt_->BodyIsSent()) request.body.swap(attempt_->body_);
  return request;
}

bool CurlTransfer::MayHaveBeenSeen() const {
  if (state_ == State::kOver) return true;
  return attempt_ != nullptr ? attempt_->facts_.begun : last_attempt_begun_;
}

// --- From its beginning to its end --------------------------------------------------------------

void CurlTransfer::Begin(bool fresh_connection) {
  using How = TransferEnd::How;
  const ClientOptions& options = client_->options_;
  if (!client_->url_fault_.empty()) return EndLater(How::kProtocol, attempts_, client_->url_fault_);
  if (request_.path.empty() || request_.path[0] != '/' || !IsVisibleAscii(request_.path)) {
    return EndLater(How::kProtocol, attempts_, "the request's path is not one");
  }
  absl::StatusOr<HeaderSlist> headers =
      BuildHeaders(request_, options.api_key, options.auth_header, options.fixed_headers);
  if (!headers.ok())
    return EndLater(How::kProtocol, attempts_, std::string(headers.status().message()));
  const std::optional<std::string> entry = AddressEntry();
  if (!entry.has_value()) {
    return EndLater(How::kNotConnected, attempts_, "the upstream's name could not be resolved");
  }
  auto attempt = std::make_unique<Attempt>(client_, this, std::move(request_.body));
  attempt->headers_ = *std::move(headers);
  if (!entry->empty()) attempt->resolve_.Append(*entry);
  SetOptions(*attempt, fresh_connection);
  state_ = State::kRunning;
  attempt_ = attempt.get();
  client_->Add(std::move(attempt));
}

// What libcurl has to know of this request, beside what it is told of each attempt.
void CurlTransfer::SetOptions(const Attempt& attempt, bool fresh_connection) const {
  CURL* easy = attempt.easy_.get();
  SetPointer(easy, CURLOPT_URL, client_->url_.With(request_.path).c_str());
  SetPointer(easy, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  SetPointer(easy, CURLOPT_HTTPHEADER, attempt.headers_.get());
  SetPointer(easy, CURLOPT_PROXYHEADER, client_->proxy_headers_.get());
  SetPointer(easy, CURLOPT_RESOLVE, attempt.resolve_.get());
  SetNumber(easy, CURLOPT_FRESH_CONNECT, fresh_connection ? 1 : 0);
  std::chrono::milliseconds connect_time = client_->options_.connect_timeout;
  if (address_ + 1 < addresses_.size() && !has_all_time_) {
    connect_time = std::min(connect_time, kTryTime);
  }
  SetNumber(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(connect_time.count()));
}

// Where the name is now, for CURLOPT_RESOLVE: "" if there is no name, nothing if nobody knows.
std::optional<std::string> CurlTransfer::AddressEntry() {
  const Resolver* resolver = client_->resolver_;
  // With a proxy it is the proxy that looks the name up.
  if (!client_->options_.proxy.empty() || resolver == nullptr || resolver->is_address()) return "";
  if (addresses_.empty()) addresses_ = resolver->Addresses();
  if (addresses_.empty()) return std::nullopt;
  return resolver->Entry(addresses_[address_]);
}

void CurlTransfer::OnAttemptDone(CURLcode code) {
  Attempt::Result result = attempt_->ResultOf(code);
  last_attempt_begun_ = result.facts.begun;
  request_.body = std::move(attempt_->body_);
  client_->Remove(std::exchange(attempt_, nullptr));
  if (TryNextAddress(result)) return Begin(/*fresh_connection=*/false);
  if (SendAgainAtOnce(result.facts, sent_again_)) {
    sent_again_ = true;
    ++client_->counts_.sent_again;
    return Begin(/*fresh_connection=*/true);
  }
  state_ = State::kEnding;
  end_ = std::move(result.end);
  end_.attempts = std::max(attempts_, 1);
  if (!paused_) TellEnd();
}

// An address that does not answer costs a call less than a second, and the next calls nothing. No
// byte of the request has left.
bool CurlTransfer::TryNextAddress(const Attempt::Result& result) {
  const AttemptFacts& facts = result.facts;
  const bool connecting =
      facts.code == CURLE_COULDNT_CONNECT || facts.code == CURLE_OPERATION_TIMEDOUT;
  if (facts.begun || !connecting || address_ + 1 >= addresses_.size()) return false;
  if (result.connected) {
    if (std::exchange(has_all_time_, true)) return false;
  } else {
    client_->resolver_->NoteSilent(addresses_[address_++]);
    has_all_time_ = false;
  }
  return true;
}

void CurlTransfer::EndLater(TransferEnd::How how, int attempts, std::string detail) {
  attempt_ = nullptr;
  state_ = State::kEnding;
  end_.how = how;
  end_.attempts = attempts;
  end_.detail = std::move(detail);
  client_->PostStep(this);
}

void CurlTransfer::Forget() {
  client_ = nullptr;
  attempt_ = nullptr;
  state_ = State::kOver;
}

void CurlTransfer::TellEnd() {
  state_ = State::kOver;
  if (has_step_) client_->DropStep(this);
  const TransferEnd end = std::move(end_);
  sink_->OnEnd(end);  // the last thing: the sink may destroy this
}

void CurlTransfer::RunStep() {
  switch (state_) {
    case State::kQueued:
      return Begin(/*fresh_connection=*/false);
    case State::kRunning:
      if (paused_) return attempt_->ApplyPause();
      if (attempt_->curl_paused_) client_->Unpause(attempt_);
      return;
    case State::kEnding:
      if (!paused_) TellEnd();
      return;
    case State::kOver:
      return;
  }
}

}  // namespace sparkgate::upstream

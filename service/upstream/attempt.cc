#include "service/upstream/attempt.h"

#include <openssl/ssl.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "service/upstream/curl_client.h"

namespace sparkgate::upstream {
namespace {

// Plain text that OpenSSL has read off the socket and libcurl has not asked for: the rest of a
// record that held more than the response.
bool HasPlainTextWaiting(CURL* easy) {
  curl_tlssessioninfo* session = nullptr;
  if (curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &session) != CURLE_OK) return false;
  if (session == nullptr || session->backend != CURLSSLBACKEND_OPENSSL) return false;
  auto* ssl = static_cast<SSL*>(session->internals);
  return ssl != nullptr && SSL_pending(ssl) > 0;
}

bool OnlyLineEnds(std::string_view bytes) {
  return bytes.find_first_not_of("\r\n") == std::string_view::npos;
}

// libcurl drops what comes in one read with the last chunk and stands behind it, and says so
// nowhere else. Whatever it was, the rest of it may be on its way: the next request would get it
// for its answer. (Behind a Content-Length libcurl closes the connection by itself.)
int OnDebug(CURL* easy, curl_infotype type, char* text, size_t size, void*) {
  constexpr std::string_view kLeftovers = "Leftovers after chunking";
  if (type != CURLINFO_TEXT) return 0;
  if (std::string_view(text, size).substr(0, kLeftovers.size()) == kLeftovers) {
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
  }
  return 0;
}

}  // namespace

// --- What libcurl calls --------------------------------------------------------------------------

Attempt::Attempt(CurlClient* client, CurlTransfer* transfer, std::string body)
    : client_(client),
      transfer_(transfer),
      easy_(client->TakeEasyHandle()),
      body_(std::move(body)),
      body_bytes_(body_.size()),
      head_(client->options_.max_header_bytes) {
  SetOptions();
}

// The handle may have served another attempt: whatever that has set is set here.
void Attempt::SetOptions() {
  CURL* easy = easy_.get();
  SetPointer(easy, CURLOPT_PRIVATE, this);
  SetPointer(easy, CURLOPT_ERRORBUFFER, &error_text_[0]);
  SetPointer(easy, CURLOPT_OPENSOCKETDATA, this);
  SetPointer(easy, CURLOPT_PREREQDATA, this);
  SetPointer(easy, CURLOPT_HEADERDATA, this);
  SetPointer(easy, CURLOPT_WRITEDATA, this);
  SetPointer(easy, CURLOPT_READDATA, this);
  SetNumber(easy, CURLOPT_FORBID_REUSE, 0);
  SetNumber(easy, CURLOPT_VERBOSE, 0);
  SetPointer(easy, CURLOPT_POSTFIELDS, IsInOnePiece() ? body_.data() : nullptr);
  SetLarge(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body_bytes_));
  SetNumber(easy, body_bytes_ > 0 ? CURLOPT_POST : CURLOPT_HTTPGET, 1);
}

void Attempt::SetCallbacks(CURL* easy, CurlClient* client) {
  SetPointer(easy, CURLOPT_OPENSOCKETFUNCTION, &Attempt::OnOpenSocket);
  // The connection outlives the attempt.
  SetPointer(easy, CURLOPT_CLOSESOCKETFUNCTION, &CurlClient::OnCloseSocket);
  SetPointer(easy, CURLOPT_CLOSESOCKETDATA, client);
  SetPointer(easy, CURLOPT_PREREQFUNCTION, &Attempt::OnPrerequest);
  SetPointer(easy, CURLOPT_HEADERFUNCTION, &Attempt::OnHeader);
  SetPointer(easy, CURLOPT_DEBUGFUNCTION, &OnDebug);  // from a chunked head on
  SetPointer(easy, CURLOPT_WRITEFUNCTION, &Attempt::OnWrite);
  // Without SEEKFUNCTION: else libcurl re-sends a request that was processed.
  SetPointer(easy, CURLOPT_READFUNCTION, &Attempt::OnRead);
}

// Whether libcurl gets the body as it is and writes it together with the head: one system call
// instead of two, and no buffer of libcurl's own for as long as the transfer takes. Not over TLS,
// nor through a proxy, to which it may be TLS: when libcurl has lost a kept connection it still
// says goodbye on it, and the error of that hides whether there was a reset, on which the proof
// rests that nothing was seen.
bool Attempt::IsInOnePiece() const {
  const ClientOptions& options = client_->options_;
  const bool may_be_tls = client_->url_.tls || !options.proxy.empty();
  return body_bytes_ > 0 && !may_be_tls && body_bytes_ <= options.one_piece_bytes;
}

bool Attempt::BodyIsSent() const {
  if (!IsInOnePiece()) return body_read_ >= body_bytes_;
  return InfoLarge(easy_.get(), CURLINFO_SIZE_UPLOAD_T) >= static_cast<curl_off_t>(body_bytes_);
}

bool Attempt::MayHaveWrittenBody() const {
  if (!IsInOnePiece()) return body_read_ > 0;
  return InfoNumber(easy_.get(), CURLINFO_REQUEST_SIZE) > written_before_;
}

// libcurl goes to another connection by itself if a kept one dies before any response byte. That is
// harmless as long as no byte of the body was written. Afterwards the facts of the attempt count
// and not what libcurl would make of it.
bool Attempt::RefusesRestart() {
  if (!facts_.begun || !MayHaveWrittenBody()) return false;
  if (!restart_refused_) facts_.os_errno = InfoNumber(easy_.get(), CURLINFO_OS_ERRNO);
  restart_refused_ = true;
  return true;
}

curl_socket_t Attempt::OnOpenSocket(void* data, curlsocktype, curl_sockaddr* address) {
  auto* self = static_cast<Attempt*>(data);
  if (self->RefusesRestart()) return CURL_SOCKET_BAD;
  ++self->client_->counts_.connections;
  const curl_socket_t fd = self->client_->sockets_.Open(*address, &self->facts_);
  // A socket whose connection was not made libcurl closes without telling us.
  if (fd != CURL_SOCKET_BAD) self->client_->loop_->Closed(fd);
  return fd;
}

int Attempt::OnPrerequest(void* data, char* remote_ip, char* local_ip, int remote_port,
                          int local_port) {
  auto* self = static_cast<Attempt*>(data);
  const SocketTracker::Ends ends{local_ip, remote_ip, local_port, remote_port};
  return self->TakeConnection(ends) ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

bool Attempt::TakeConnection(const SocketTracker::Ends& ends) {
  if (state_ != State::kRunning || RefusesRestart()) return false;
  // By libcurl itself, on one kept connection after the other while not a byte can be written. That
  // leaves ours, on a fresh one, when it gives up.
  if (facts_.begun) ++client_->counts_.sent_again;
  const SocketTracker::Use use = client_->sockets_.BeginUse(ends, &facts_);
  facts_ = AttemptFacts();
  facts_.reused = use.reused;
  const Resolver* resolver = client_->resolver_;
  const bool moved = resolver != nullptr && !resolver->Has(ends.remote_ip);
  if (use.reused && (moved || !IsSilent(use.fd) || HasPlainTextWaiting(easy_.get()))) {
    facts_.refused = true;
    ++client_->counts_.discarded;
    return false;
  }
  const SendState state = use.fd >= 0 ? ReadSendState(use.fd) : SendState();
  facts_.begun = true;
  written_before_ = InfoNumber(easy_.get(), CURLINFO_REQUEST_SIZE);
  facts_.acked_before = state.acked;
  facts_.queue_was_empty = state.known && state.queue_empty;
  ++transfer_->attempts_;
  if (use.reused) ++client_->counts_.reused;
  if (client_->after_check_for_test) client_->after_check_for_test(use.fd);
  return true;
}

size_t Attempt::OnRead(char* buffer, size_t size, size_t count, void* data) {
  auto* self = static_cast<Attempt*>(data);
  if (self->client_->before_body_for_test) self->client_->before_body_for_test();
  const std::string& body = self->body_;
  const size_t piece =
      std::min(size * count, body.size() - std::min(self->body_read_, body.size()));
  if (piece > 0) std::memcpy(buffer, body.data() + self->body_read_, piece);
  self->body_read_ += piece;
  self->FreeBodyIfSent();
  return piece;
}

void Attempt::FreeBodyIfSent() {
  if (head_.complete() && BodyIsSent()) std::string().swap(body_);
}

size_t Attempt::OnHeader(char* line, size_t size, size_t count, void* data) {
  auto* self = static_cast<Attempt*>(data);
  return self->TakeHeader({line, size * count}) ? size * count : 0;
}

bool Attempt::TakeHeader(std::string_view line) {
  if (state_ == State::kRemoving) return false;
  if (state_ == State::kLingering) return MayLingerOn(line.size());  // a trailer
  facts_.any_response = true;
  switch (head_.OnLine(line)) {
    case ResponseHead::Event::kNothing:
      break;
    case ResponseHead::Event::kTooLarge:
      own_fault_ = "the response's headers are over the limit";
      break;
    case ResponseHead::Event::kRefused:
      own_fault_ = head_.refusal();
      break;
    case ResponseHead::Event::kComplete:
      if (head_.doubtful()) curl_easy_setopt(easy_.get(), CURLOPT_FORBID_REUSE, 1L);
      // Not before: what libcurl says of a whole request costs some microseconds to put into words.
      if (head_.framed()) curl_easy_setopt(easy_.get(), CURLOPT_VERBOSE, 1L);
      transfer_->sink_->OnHead(head_.Take());
      FreeBodyIfSent();
      break;
  }
  if (!own_fault_.empty()) client_->sockets_.ResetOnClose(&facts_);
  return state_ != State::kRemoving && own_fault_.empty();
}

size_t Attempt::OnWrite(char* bytes, size_t size, size_t count, void* data) {
  return static_cast<Attempt*>(data)->TakeBody({bytes, size * count});
}

size_t Attempt::TakeBody(std::string_view bytes) {
  if (state_ == State::kRemoving) return 0;
  if (state_ == State::kLingering) {
    if (OnlyLineEnds(bytes)) return MayLingerOn(bytes.size()) ? bytes.size() : 0;
    client_->Abort(this);
    return 0;
  }
  // A pause before the connection stood: libcurl has forgotten it.
  if (transfer_->paused_) {
    curl_paused_ = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  CountBytes(bytes.size());
  transfer_->sink_->OnBody(bytes);
  if (state_ == State::kRemoving) return 0;
  ApplyPause();
  return bytes.size();
}

bool Attempt::MayLingerOn(size_t bytes) {
  lingered_bytes_ += bytes;
  if (lingered_bytes_ <= client_->options_.linger_bytes) return true;
  client_->Abort(this);
  return false;
}

// --- What its transfer asks for ------------------------------------------------------------------

void Attempt::Linger() {
  transfer_ = nullptr;
  state_ = State::kLingering;
  linger_timer_.emplace(client_->loop_, [this] { client_->Abort(this); });
  linger_timer_->ArmIn(client_->options_.linger_time);
  if (curl_paused_) client_->Unpause(this);
}

void Attempt::ApplyPause() {
  if (state_ != State::kRunning) return;
  const bool had_its_share = HadItsShare();
  if (had_its_share) client_->PostStep(transfer_);
  if ((!transfer_->paused_ && !had_its_share) || curl_paused_) return;
  // Fails before there is a connection; then TakeBody refuses the first bytes.
  curl_paused_ = curl_easy_pause(easy_.get(), CURLPAUSE_RECV) == CURLE_OK;
}

bool Attempt::HadItsShare() const {
  return turn_ == client_->loop_->counts().turns &&
         bytes_of_turn_ + kReceiveBytes > client_->options_.max_bytes_per_turn;
}

void Attempt::CountBytes(size_t count) {
  const uint64_t turn = client_->loop_->counts().turns;
  if (turn_ != turn) bytes_of_turn_ = 0;
  turn_ = turn;
  bytes_of_turn_ += count;
  uint64_t& most = client_->counts_.most_bytes_in_a_turn;
  most = std::max<uint64_t>(most, bytes_of_turn_);
}

Attempt::Result Attempt::ResultOf(CURLcode code) const {
  CURL* easy = easy_.get();
  Result result;
  AttemptFacts& facts = result.facts;
  facts = facts_;
  facts.code = code;
  // A connection that is closed inside the head is no failure for libcurl.
  if (code == CURLE_OK && !head_.complete()) facts.code = CURLE_PARTIAL_FILE;
  if (restart_refused_) {
    facts.code = CURLE_SEND_FAIL_REWIND;
  } else {
    facts.os_errno = InfoNumber(easy, CURLINFO_OS_ERRNO);
  }
  facts.body_bytes = static_cast<int64_t>(body_bytes_);
  facts.uploaded_bytes = InfoLarge(easy, CURLINFO_SIZE_UPLOAD_T);
  result.connected = InfoLarge(easy, CURLINFO_CONNECT_TIME_T) > 0;

  const bool framed = head_.framed() || InfoLarge(easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T) >= 0;
  result.end.how =
      own_fault_.empty() ? OutcomeOf(facts, framed, error_text_) : TransferEnd::How::kProtocol;
  result.end.proxy_status = static_cast<int>(InfoNumber(easy, CURLINFO_HTTP_CONNECTCODE));
  if (restart_refused_) {
    result.end.detail = "a kept connection was lost with the request on its way";
  } else if (!own_fault_.empty()) {
    result.end.detail = own_fault_;
  } else if (facts.code != CURLE_OK) {
    result.end.detail = error_text_[0] != '\0' ? error_text_ : curl_easy_strerror(facts.code);
  }
  return result;
}

}  // namespace sparkgate::upstream

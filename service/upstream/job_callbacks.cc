#include "service/upstream/job_callbacks.h"

#include <openssl/ssl.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "service/upstream/pool.h"

namespace sparkgate::upstream {
namespace {

// Marks that a sink may be running below.
class InCallback {
 public:
  explicit InCallback(Job* job) : job_(job) { job_->in_callback = true; }
  ~InCallback() { job_->in_callback = false; }

 private:
  Job* const job_;
};

// Plain text that OpenSSL has read off the socket and libcurl has not asked for: the rest of a
// record that held more than the response.
bool HasPlainTextWaiting(CURL* easy) {
  curl_tlssessioninfo* session = nullptr;
  if (curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &session) != CURLE_OK) return false;
  if (session == nullptr || session->backend != CURLSSLBACKEND_OPENSSL) return false;
  auto* ssl = static_cast<SSL*>(session->internals);
  return ssl != nullptr && SSL_pending(ssl) > 0;
}

// libcurl goes to another connection by itself if a kept one dies before any response byte. That is
// harmless as long as no byte of the body was written. Afterwards the facts of the attempt count
// and not what libcurl would make of it.
bool RefusesRestart(Job* job) {
  if (!job->facts.begun || job->body_sent == 0) return false;
  if (!job->restart_refused) job->facts.os_errno = InfoNumber(job->easy.get(), CURLINFO_OS_ERRNO);
  job->restart_refused = true;
  return true;
}

bool OnlyLineEnds(std::string_view bytes) {
  return bytes.find_first_not_of("\r\n") == std::string_view::npos;
}

void FreeBodyIfSent(Job* job) {
  if (!job->head_told || job->body_sent < job->body_bytes) return;
  std::string().swap(job->request.body);
}

}  // namespace

void JobCallbacks::Install(Job* job) {
  CURL* easy = job->easy.get();
  SetPointer(easy, CURLOPT_PRIVATE, job);
  SetPointer(easy, CURLOPT_ERRORBUFFER, &job->error_text[0]);
  SetPointer(easy, CURLOPT_OPENSOCKETFUNCTION, &JobCallbacks::OnOpenSocket);
  SetPointer(easy, CURLOPT_OPENSOCKETDATA, job);
  // The connection outlives the job.
  SetPointer(easy, CURLOPT_CLOSESOCKETFUNCTION, &Pool::OnCloseSocket);
  SetPointer(easy, CURLOPT_CLOSESOCKETDATA, job->pool);
  SetPointer(easy, CURLOPT_PREREQFUNCTION, &JobCallbacks::OnPrerequest);
  SetPointer(easy, CURLOPT_PREREQDATA, job);
  SetPointer(easy, CURLOPT_HEADERFUNCTION, &JobCallbacks::OnHeader);
  SetPointer(easy, CURLOPT_HEADERDATA, job);
  SetPointer(easy, CURLOPT_DEBUGFUNCTION, &JobCallbacks::OnDebug);  // from a chunked head on
  SetPointer(easy, CURLOPT_WRITEFUNCTION, &JobCallbacks::OnWrite);
  SetPointer(easy, CURLOPT_WRITEDATA, job);
}

curl_socket_t JobCallbacks::OnOpenSocket(void* data, curlsocktype, curl_sockaddr* address) {
  auto* job = static_cast<Job*>(data);
  if (RefusesRestart(job)) return CURL_SOCKET_BAD;
  ++job->pool->counts_.connections;
  return job->pool->sockets_.Open(*address, job);
}

int JobCallbacks::OnPrerequest(void* data, char* remote_ip, char* local_ip, int remote_port,
                               int local_port) {
  auto* job = static_cast<Job*>(data);
  Pool* pool = job->pool;
  if (RefusesRestart(job)) return CURL_PREREQFUNC_ABORT;
  // By libcurl itself, on one kept connection after the other while not a byte can be written. That
  // leaves ours, on a fresh one, when it gives up.
  if (job->facts.begun) ++pool->counts_.sent_again;
  const SocketTracker::Use use =
      pool->sockets_.BeginUse({local_ip, remote_ip, local_port, remote_port}, job);
  job->facts = AttemptFacts();
  job->facts.reused = use.reused;
  const bool moved = pool->resolver_ != nullptr && !pool->resolver_->Has(remote_ip);
  if (use.reused && (moved || !IsSilent(use.fd) || HasPlainTextWaiting(job->easy.get()))) {
    job->facts.refused = true;
    ++pool->counts_.discarded;
    return CURL_PREREQFUNC_ABORT;
  }
  const SendState state = use.fd >= 0 ? ReadSendState(use.fd) : SendState();
  job->facts.begun = true;
  job->facts.acked_before = state.acked;
  job->facts.queue_was_empty = state.known && state.queue_empty;
  ++job->attempts;
  if (use.reused) ++pool->counts_.reused;
  if (pool->after_check_for_test) pool->after_check_for_test(use.fd);
  return CURL_PREREQFUNC_OK;
}

size_t JobCallbacks::OnRead(char* buffer, size_t size, size_t count, void* data) {
  auto* job = static_cast<Job*>(data);
  if (job->pool->before_body_for_test) job->pool->before_body_for_test();
  const std::string& body = job->request.body;
  const size_t piece = std::min(size * count, body.size() - std::min(job->body_sent, body.size()));
  if (piece > 0) std::memcpy(buffer, body.data() + job->body_sent, piece);
  job->body_sent += piece;
  FreeBodyIfSent(job);
  return piece;
}

size_t JobCallbacks::OnHeader(char* line, size_t size, size_t count, void* data) {
  auto* job = static_cast<Job*>(data);
  const size_t length = size * count;
  if (job->gone) return 0;
  job->facts.any_response = true;
  const InCallback guard(job);
  const ResponseHead::Event event = job->head.OnLine({line, length});
  switch (event) {
    case ResponseHead::Event::kNothing:
      break;
    case ResponseHead::Event::kTooLarge:
      job->own_fault = "the response's headers are over the limit";
      break;
    case ResponseHead::Event::kRefused:
      job->own_fault = job->head.refusal();
      break;
    case ResponseHead::Event::kComplete:
      if (job->head.doubtful()) curl_easy_setopt(job->easy.get(), CURLOPT_FORBID_REUSE, 1L);
      // Not before: what libcurl says of a whole request costs some microseconds to put into words.
      if (job->head.framed()) curl_easy_setopt(job->easy.get(), CURLOPT_VERBOSE, 1L);
      if (job->sink != nullptr) job->sink->OnHead(job->head.Take());
      job->head_told = true;
      FreeBodyIfSent(job);
      break;
  }
  if (job->lingering) job->lingered_bytes += length;  // a trailer
  if (job->lingered_bytes > job->pool->options_.linger_bytes) job->pool->MarkForRemoval(job);
  if (!job->own_fault.empty()) job->pool->sockets_.ResetOnClose(job);
  return job->gone || !job->own_fault.empty() ? 0 : length;
}

// libcurl drops what comes in one read with the last chunk and stands behind it, and says so
// nowhere else. Whatever it was, the rest of it may be on its way: the next request would get it
// for its answer. (Behind a Content-Length libcurl closes the connection by itself.)
int JobCallbacks::OnDebug(CURL* easy, curl_infotype type, char* text, size_t size, void*) {
  constexpr std::string_view kLeftovers = "Leftovers after chunking";
  if (type != CURLINFO_TEXT) return 0;
  if (std::string_view(text, size).substr(0, kLeftovers.size()) == kLeftovers) {
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
  }
  return 0;
}

size_t JobCallbacks::OnWrite(char* bytes, size_t size, size_t count, void* data) {
  auto* job = static_cast<Job*>(data);
  Pool* pool = job->pool;
  const size_t length = size * count;
  if (job->gone) return 0;
  if (job->lingering) {
    job->lingered_bytes += length;
    const bool clean = OnlyLineEnds({bytes, length});
    if (clean && job->lingered_bytes <= pool->options_.linger_bytes) return length;
    pool->MarkForRemoval(job);
    return 0;
  }
  // A pause before the connection stood: libcurl has forgotten it.
  if (job->paused) {
    job->curl_paused = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  const InCallback guard(job);
  pool->CountBytes(job, length);
  job->sink->OnBody({bytes, length});
  if (job->gone) return 0;
  pool->ApplyPause(job);
  return length;
}

}  // namespace sparkgate::upstream

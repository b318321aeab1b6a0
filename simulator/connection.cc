#include "simulator/connection.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <utility>

namespace sparkgate::simulator {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using Then = Step::Then;

constexpr size_t kWriteSize = 16 * 1024;  // Steps without a wait go out together up to this.
constexpr size_t kMostPipelined = 256 * 1024;
constexpr uint32_t kMostHeader = 64 * 1024;
constexpr std::chrono::seconds kLinger{2};
// A pace that has fallen behind further than this is not made up for.
constexpr std::chrono::milliseconds kMostCatchUp{100};
constexpr char kContinueText[] = "HTTP/1.1 100 Continue\r\n\r\n";

std::string Lower(boost::beast::string_view text) {
  std::string lower(text.data(), text.size());
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return lower;
}

HttpRequest Convert(http::request<http::string_body> message) {
  HttpRequest request;
  request.method = std::string(message.method_string());
  request.target = std::string(message.target());
  for (const auto& field : message) {
    request.fields.emplace_back(Lower(field.name_string()), std::string(field.value()));
  }
  request.keep_alive = message.keep_alive();
  request.body = std::move(message.body());
  return request;
}

bool IsReset(const boost::system::error_code& error) {
  return error == asio::error::connection_reset || error == asio::error::broken_pipe;
}

}  // namespace

Connection::Connection(asio::ip::tcp::socket socket, asio::ssl::context* tls,
                       const Options& options, Endpoint* endpoint, Ledger* ledger)
    : socket_(std::move(socket)),
      options_(options),
      endpoint_(*endpoint),
      ledger_(*ledger),
      timer_(socket_.get_executor()) {
  if (tls != nullptr) tls_.emplace(socket_, *tls);
  ledger_.ConnectionOpened();
}

Connection::~Connection() {
  if (!closed_) ledger_.ConnectionClosed();
}

void Connection::Start() {
  if (!tls_) return Read();
  tls_->async_handshake(
      asio::ssl::stream_base::server,
      [self = shared_from_this()](const Error& error) { error ? self->Close() : self->Read(); });
}

template <typename Use>
void Connection::WithStream(Use use) {
  tls_ ? use(*tls_) : use(socket_);
}

void Connection::Read() {
  if (closed_ || reading_ || client_finished_ || input_.size() > kMostPipelined) return;
  reading_ = true;
  WithStream([this](auto& stream) {
    stream.async_read_some(asio::buffer(read_buffer_),
                           [self = shared_from_this()](const Error& error, size_t size) {
                             self->reading_ = false;
                             self->OnRead(error, size);
                           });
  });
}

template <typename Handler>
void Connection::Write(asio::const_buffer bytes, Handler handler) {
  writing_ = true;
  WithStream([&](auto& stream) {
    asio::async_write(stream, bytes,
                      [self = shared_from_this(), handler](const Error& error, size_t size) {
                        self->writing_ = false;
                        handler(error, size);
                      });
  });
}

void Connection::OnRead(const Error& error, size_t size) {
  if (closed_) return;
  if (error) return OnClientLeft(error);
  if (!lingering_) {
    input_.append(read_buffer_.data(), size);
    Parse();
  }
  Read();
}

void Connection::OnClientLeft(const Error& error) {
  const bool reset = IsReset(error);
  if (generation_ != 0) {
    const Outcome outcome = reset ? Outcome::kAbortedRst : Outcome::kAbortedFin;
    endpoint_.DropNext(leaving_.drops);
    if (!leaving_.is_noticed) return ContinueWithoutClient(outcome);
    EndGeneration(outcome);
    return Close();
  }
  // An answer that generates nothing still reaches a client that has only finished sending.
  client_finished_ = true;
  const bool unanswered = script_ && !lingering_ && sent_ == 0;
  if (reset || !unanswered) Close();
}

// Writes and waits that are under way come back and find the connection closed.
void Connection::ContinueWithoutClient(Outcome outcome) {
  without_client_ = outcome;
  if (leaving_.noticed_after.count() > 0) noticed_at_ = Clock::now() + leaving_.noticed_after;
  CloseSocket();
}

// Takes requests out of `input_` until one is being answered or more bytes are needed.
void Connection::Parse() {
  while (!closed_ && !lingering_ && !script_ && !writing_) {
    if (!parser_) {
      parser_.emplace();
      parser_->eager(true);
      parser_->body_limit(options_.max_body);
      parser_->header_limit(kMostHeader);
      body_allowed_ = false;
    }
    Error error;
    const bool complete = Feed(&error);
    if (error == http::error::body_limit) return Refuse(413);
    if (error == http::error::header_limit) return Refuse(431);
    if (error) return Refuse(400);
    if (!complete) return AllowBody();
    Dispatch();
  }
}

// False without an error: more bytes are needed.
bool Connection::Feed(Error* error) {
  size_t used = 0;
  while (!parser_->is_done() && used < input_.size()) {
    const size_t taken =
        parser_->put(asio::buffer(input_.data() + used, input_.size() - used), *error);
    used += taken;
    if (*error == http::error::need_more) {
      *error = {};
      if (taken == 0) break;
    }
    if (*error) break;
  }
  input_.erase(0, used);
  return parser_->is_done();
}

void Connection::AllowBody() {
  if (body_allowed_ || !parser_->is_header_done()) return;
  body_allowed_ = true;
  if (!boost::beast::iequals(parser_->get()[http::field::expect], "100-continue")) return;
  Write(asio::buffer(kContinueText, sizeof(kContinueText) - 1), [this](const Error& error, size_t) {
    if (!error) Parse();
  });
}

void Connection::Dispatch() {
  const HttpRequest request = Convert(parser_->release());
  parser_.reset();
  Reply reply = endpoint_.Handle(request);
  generation_ = reply.generation;
  leaving_ = reply.leaving;
  Begin(std::move(reply.script));
}

void Connection::Refuse(int status) {
  parser_.reset();
  input_.clear();
  Begin(endpoint_.Refuse(status));
}

void Connection::Begin(Script script) {
  script_ = std::move(script);
  then_ = Then::kContinue;
  generation_over_ = false;
  due_ = Clock::now();
  sent_ = 0;
  Advance();
}

void Connection::Advance() {
  if (closed_ && !without_client_) return;
  if (!Gather()) return WaitUntilDue();
  if (without_client_) return ConcludeWithoutClient();
  if (output_.empty()) return Conclude();
  Write(asio::buffer(output_), [this](const Error& error, size_t size) { OnWritten(error, size); });
}

// Collects what may be written at once. False: nothing, because the next step waits first.
bool Connection::Gather() {
  output_.clear();
  while (then_ == Then::kContinue && output_.size() < kWriteSize) {
    if (!step_) step_ = script_();
    if (step_->wait.count() > 0) return !output_.empty();
    output_ += step_->bytes;
    then_ = step_->then;
    const bool was_over = generation_over_;
    generation_over_ = step_->generation_over;
    step_.reset();
    if (generation_over_ && !was_over) break;
  }
  return true;
}

void Connection::WaitUntilDue() {
  const auto now = Clock::now();
  const bool catches_up = step_->then != Then::kReset && due_ + kMostCatchUp > now;
  due_ = (catches_up ? due_ : now) + std::exchange(step_->wait, {});
  timer_.expires_at(due_);
  timer_.async_wait([self = shared_from_this()](const Error& error) {
    if (!error) self->Advance();
  });
}

void Connection::OnWritten(const Error& error, size_t size) {
  sent_ += size;
  ledger_.BytesSent(size);
  if (error && !closed_) OnClientLeft(error);
  if (without_client_) return ConcludeWithoutClient();
  if (!closed_ && !error) Conclude();
}

void Connection::Conclude() {
  if (generation_over_) EndGeneration(Outcome::kFinished);
  switch (then_) {
    case Then::kContinue:
      return Advance();
    case Then::kKeep:
      return Finish();
    case Then::kClose:
      return Linger();
    case Then::kHang:
      return;
    case Then::kCut:
      EndGeneration(Outcome::kCut);
      return Close();
    case Then::kReset:
      return Reset();
    case Then::kHalfClose:
      EndGeneration(Outcome::kCut);
      return ShutDownSending();
  }
}

void Connection::ConcludeWithoutClient() {
  ledger_.BytesUnheard(output_.size());
  if (Clock::now() >= noticed_at_) return EndGeneration(*without_client_);
  if (then_ == Then::kContinue && !generation_over_) return Advance();
  EndGeneration(Outcome::kUnheard);
}

void Connection::Finish() {
  script_ = nullptr;
  if (client_finished_) return Close();
  Parse();
  Read();
}

// Does not close at once: the kernel would answer bytes still on their way with RST, and the client
// might lose the end of the answer.
void Connection::Linger() {
  if (client_finished_) return Close();
  lingering_ = true;
  if (tls_) {
    tls_->async_shutdown([self = shared_from_this()](const Error&) {});
  } else {
    ShutDownSending();
  }
  timer_.expires_after(kLinger);
  timer_.async_wait([self = shared_from_this()](const Error& error) {
    if (!error) self->Close();
  });
}

// FIN; reading goes on.
void Connection::ShutDownSending() {
  Error ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
}

void Connection::Reset() {
  EndGeneration(Outcome::kCut);
  Error ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  Close();
}

void Connection::EndGeneration(Outcome outcome) {
  if (generation_ != 0) ledger_.Ended(std::exchange(generation_, 0), outcome, sent_);
}

void Connection::Close() {
  if (closed_) return;
  EndGeneration(Outcome::kAbortedFin);
  timer_.cancel();
  CloseSocket();
}

void Connection::CloseSocket() {
  closed_ = true;
  ledger_.ConnectionClosed();
  Error ignored;
  socket_.close(ignored);
}

}  // namespace sparkgate::simulator

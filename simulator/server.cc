#include "simulator/server.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <csignal>
#include <thread>
#include <utility>

#include "simulator/connection.h"

namespace sparkgate::simulator {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Error = boost::system::error_code;

constexpr int kBacklog = 4096;
// Without descriptors accept() fails at once, again and again.
constexpr std::chrono::milliseconds kAfterAcceptError{50};

}  // namespace

Server::Server(Options options) : options_(std::move(options)) {
  for (int i = 0; i < std::max(options_.threads, 1); ++i) {
    contexts_.push_back(std::make_unique<asio::io_context>(1));
    work_.emplace_back(contexts_.back()->get_executor());
  }
  acceptor_.emplace(*contexts_[0]);
  signals_.emplace(*contexts_[0]);
  retry_.emplace(*contexts_[0]);
}

bool Server::PrepareTls(std::string* error) {
  if (!options_.tls) return true;
  tls_.emplace(asio::ssl::context::tls_server);
  Error failed;
  tls_->use_certificate_chain(asio::buffer(options_.tls_certificate_pem), failed);
  if (!failed) {
    tls_->use_private_key(asio::buffer(options_.tls_key_pem), asio::ssl::context::pem, failed);
  }
  if (failed) *error = "TLS certificate or key: " + failed.message();
  return !failed;
}

bool Server::Bind(std::string* error) {
  Error failed;
  const std::string where = options_.host + ":" + std::to_string(options_.port);
  const auto found = tcp::resolver(*contexts_[0])
                         .resolve(options_.host, std::to_string(options_.port),
                                  tcp::resolver::passive | tcp::resolver::numeric_service, failed);
  if (failed) {
    *error = "cannot resolve " + options_.host + ": " + failed.message();
    return false;
  }
  const tcp::endpoint address = found.begin()->endpoint();
  acceptor_->open(address.protocol(), failed);
  // SO_REUSEADDR only: it spares the wait after a restart. SO_REUSEPORT would hide a taken port.
  if (!failed) acceptor_->set_option(tcp::acceptor::reuse_address(true), failed);
  if (!failed) acceptor_->bind(address, failed);
  if (!failed) acceptor_->listen(kBacklog, failed);
  if (failed) *error = "cannot listen on " + where + ": " + failed.message();
  return !failed;
}

void Server::Accept() {
  const size_t target = next_context_++ % contexts_.size();
  acceptor_->async_accept(*contexts_[target],
                          [this, target](const Error& error, tcp::socket socket) {
                            if (error == asio::error::operation_aborted) return;
                            if (!error) {
                              OnAccepted(target, std::move(socket));
                              return Accept();
                            }
                            retry_->expires_after(kAfterAcceptError);
                            retry_->async_wait([this](const Error& cancelled) {
                              if (!cancelled) Accept();
                            });
                          });
}

void Server::OnAccepted(size_t target, tcp::socket socket) {
  Error ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  auto connection = std::make_shared<Connection>(std::move(socket), tls_ ? &*tls_ : nullptr,
                                                 options_, &endpoint_, &ledger_);
  asio::post(*contexts_[target], [connection] { connection->Start(); });
}

bool Server::Listen(std::string* error) {
  if (!PrepareTls(error) || !Bind(error)) return false;
  Accept();
  return true;
}

uint16_t Server::port() const {
  Error ignored;
  return acceptor_->local_endpoint(ignored).port();
}

void Server::StopOnSignals() {
  signals_->add(SIGTERM);
  signals_->add(SIGINT);
  signals_->async_wait([this](const Error& error, int) {
    if (!error) Stop();
  });
}

void Server::Run() {
  std::vector<std::thread> threads;
  for (size_t i = 1; i < contexts_.size(); ++i) {
    threads.emplace_back([context = contexts_[i].get()] { context->run(); });
  }
  contexts_[0]->run();
  for (std::thread& thread : threads) thread.join();
}

void Server::Stop() {
  for (const auto& context : contexts_) context->stop();
}

}  // namespace sparkgate::simulator

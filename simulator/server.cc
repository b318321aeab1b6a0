#include "simulator/server.h"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "simulator/connection.h"
#include "simulator/endpoint.h"
#include "simulator/transport.h"

namespace sparkgate::simulator {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Error = boost::system::error_code;

constexpr int kBacklog = 4096;
// Without descriptors accept() fails at once, again and again.
constexpr std::chrono::milliseconds kAfterAcceptError{50};

}  // namespace

struct Server::Impl {
  explicit Impl(Options given) : options(std::move(given)), endpoint(options, &ledger) {
    for (int i = 0; i < std::max(options.threads, 1); ++i) {
      contexts.push_back(std::make_unique<asio::io_context>(1));
      work.emplace_back(contexts.back()->get_executor());
    }
    acceptor.emplace(*contexts[0]);
    signals.emplace(*contexts[0]);
    retry.emplace(*contexts[0]);
  }

  bool PrepareTls(std::string* error);
  bool Bind(std::string* error);
  void Accept();
  void OnAccepted(size_t target, tcp::socket socket);

  const Options options;
  Ledger ledger;
  Endpoint endpoint;
  std::optional<asio::ssl::context> tls;
  // Each thread has a context of its own, so that a connection needs no locks.
  std::vector<std::unique_ptr<asio::io_context>> contexts;
  std::vector<asio::executor_work_guard<asio::io_context::executor_type>> work;
  std::optional<tcp::acceptor> acceptor;
  std::optional<asio::signal_set> signals;
  std::optional<asio::steady_timer> retry;
  size_t next_context = 0;
};

bool Server::Impl::PrepareTls(std::string* error) {
  if (!options.tls) return true;
  tls.emplace(asio::ssl::context::tls_server);
  Error failed;
  tls->use_certificate_chain(asio::buffer(options.tls_certificate_pem), failed);
  if (!failed) {
    tls->use_private_key(asio::buffer(options.tls_key_pem), asio::ssl::context::pem, failed);
  }
  if (failed) *error = "TLS certificate or key: " + failed.message();
  return !failed;
}

bool Server::Impl::Bind(std::string* error) {
  Error failed;
  const std::string where = options.host + ":" + std::to_string(options.port);
  const auto found = tcp::resolver(*contexts[0])
                         .resolve(options.host, std::to_string(options.port),
                                  tcp::resolver::passive | tcp::resolver::numeric_service, failed);
  if (failed) {
    *error = "cannot resolve " + options.host + ": " + failed.message();
    return false;
  }
  const tcp::endpoint address = found.begin()->endpoint();
  acceptor->open(address.protocol(), failed);
  // SO_REUSEADDR only: it spares the wait after a restart. SO_REUSEPORT would hide a taken port.
  if (!failed) acceptor->set_option(tcp::acceptor::reuse_address(true), failed);
  if (!failed) acceptor->bind(address, failed);
  if (!failed) acceptor->listen(kBacklog, failed);
  if (failed) *error = "cannot listen on " + where + ": " + failed.message();
  return !failed;
}

void Server::Impl::Accept() {
  const size_t target = next_context++ % contexts.size();
  acceptor->async_accept(*contexts[target], [this, target](const Error& error, tcp::socket socket) {
    if (error == asio::error::operation_aborted) return;
    if (!error) {
      OnAccepted(target, std::move(socket));
      return Accept();
    }
    retry->expires_after(kAfterAcceptError);
    retry->async_wait([this](const Error& cancelled) {
      if (!cancelled) Accept();
    });
  });
}

void Server::Impl::OnAccepted(size_t target, tcp::socket socket) {
  Error ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  auto connection = std::make_shared<Connection>(
      MakeTransport(std::move(socket), tls ? &*tls : nullptr), options, &endpoint, &ledger);
  asio::post(*contexts[target], [connection] { connection->Start(); });
}

Server::Server(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}

Server::~Server() = default;

bool Server::Listen(std::string* error) {
  if (!impl_->PrepareTls(error) || !impl_->Bind(error)) return false;
  impl_->Accept();
  return true;
}

uint16_t Server::port() const {
  Error ignored;
  return impl_->acceptor->local_endpoint(ignored).port();
}

void Server::StopOnSignals() {
  impl_->signals->add(SIGTERM);
  impl_->signals->add(SIGINT);
  impl_->signals->async_wait([this](const Error& error, int) {
    if (!error) Stop();
  });
}

void Server::Run() {
  std::vector<std::thread> threads;
  for (size_t i = 1; i < impl_->contexts.size(); ++i) {
    threads.emplace_back([context = impl_->contexts[i].get()] { context->run(); });
  }
  impl_->contexts[0]->run();
  for (std::thread& thread : threads) thread.join();
}

void Server::Stop() {
  for (const auto& context : impl_->contexts) context->stop();
}

Ledger& Server::ledger() { return impl_->ledger; }

}  // namespace sparkgate::simulator

#include "simulator/transport.h"

#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <utility>

namespace sparkgate::simulator {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

class PlainTransport : public Transport {
 public:
  explicit PlainTransport(tcp::socket socket) : socket_(std::move(socket)) {}

  void Handshake(std::function<void(const Error&)> handler) override {
    asio::post(socket_.get_executor(), [handler = std::move(handler)] { handler(Error()); });
  }
  void Read(asio::mutable_buffer buffer, Handler handler) override {
    socket_.async_read_some(buffer, std::move(handler));
  }
  void Write(asio::const_buffer buffer, Handler handler) override {
    asio::async_write(socket_, buffer, std::move(handler));
  }
  void FinishSending() override {
    Error ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
  }
  tcp::socket& socket() override { return socket_; }

 private:
  tcp::socket socket_;
};

class TlsTransport : public Transport {
 public:
  TlsTransport(tcp::socket socket, asio::ssl::context* context)
      : stream_(std::make_shared<Stream>(std::move(socket), *context)) {}

  void Handshake(std::function<void(const Error&)> handler) override {
    stream_->async_handshake(asio::ssl::stream_base::server, std::move(handler));
  }
  void Read(asio::mutable_buffer buffer, Handler handler) override {
    stream_->async_read_some(buffer, std::move(handler));
  }
  void Write(asio::const_buffer buffer, Handler handler) override {
    asio::async_write(*stream_, buffer, std::move(handler));
  }
  // The stream is kept until the other side has answered or the socket is closed.
  void FinishSending() override {
    stream_->async_shutdown([keep = stream_](const Error&) {});
  }
  tcp::socket& socket() override { return stream_->next_layer(); }

 private:
  using Stream = asio::ssl::stream<tcp::socket>;
  const std::shared_ptr<Stream> stream_;
};

}  // namespace

std::unique_ptr<Transport> MakeTransport(tcp::socket socket, asio::ssl::context* context) {
  if (context == nullptr) return std::make_unique<PlainTransport>(std::move(socket));
  return std::make_unique<TlsTransport>(std::move(socket), context);
}

}  // namespace sparkgate::simulator

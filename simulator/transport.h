// One accepted socket, plain or with TLS: two kinds of stream behind one set of calls.
#ifndef SPARKGATE_SIMULATOR_TRANSPORT_H_
#define SPARKGATE_SIMULATOR_TRANSPORT_H_

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <functional>
#include <memory>

namespace sparkgate::simulator {

// Thread of its io_context only. One read and one write may be on their way at once.
class Transport {
 public:
  using Error = boost::system::error_code;
  using Handler = std::function<void(const Error&, size_t)>;

  virtual ~Transport() = default;
  virtual void Handshake(std::function<void(const Error&)> handler) = 0;
  virtual void Read(boost::asio::mutable_buffer buffer, Handler handler) = 0;
  // All of it.
  virtual void Write(boost::asio::const_buffer buffer, Handler handler) = 0;
  // Tells the other side that nothing follows; reading goes on.
  virtual void FinishSending() = 0;
  virtual boost::asio::ip::tcp::socket& socket() = 0;
};

// `context` null: plain. It must outlive the transport.
std::unique_ptr<Transport> MakeTransport(boost::asio::ip::tcp::socket socket,
                                         boost::asio::ssl::context* context);

}  // namespace sparkgate::simulator

#endif  // SPARKGATE_SIMULATOR_TRANSPORT_H_

// One client connection, plain or with TLS: reads requests, carries out their scripts, notices when
// the client leaves.
#ifndef SPARKGATE_SIMULATOR_CONNECTION_H_
#define SPARKGATE_SIMULATOR_CONNECTION_H_

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "simulator/endpoint.h"
#include "simulator/ledger.h"
#include "simulator/options.h"
#include "simulator/script.h"

namespace sparkgate::simulator {

// Kept alive by its own pending operations. Everything runs on the thread of its io_context. A read
// is pending at every moment, also while an answer waits or is written, so that FIN and RST are
// seen at once.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // `tls` null: plain. Everything but the socket must outlive the connection.
  Connection(boost::asio::ip::tcp::socket socket, boost::asio::ssl::context* tls,
             const Options& options, Endpoint* endpoint, Ledger* ledger);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void Start();

 private:
  using Error = boost::system::error_code;
  using Clock = std::chrono::steady_clock;

  template <typename Use>
  void WithStream(Use use);  // Calls `use` with the TLS stream, or else with the socket.
  template <typename Handler>
  void Write(boost::asio::const_buffer bytes, Handler handler);
  void Read();
  void OnRead(const Error& error, size_t size);
  void OnClientLeft(const Error& error);
  void ContinueWithoutClient(Outcome outcome);
  void Parse();
  bool Feed(Error* error);
  void AllowBody();
  void Dispatch();
  void Refuse(int status);

  void Begin(Script script);
  void Advance();
  bool Gather();
  void WaitUntilDue();
  void OnWritten(const Error& error, size_t size);
  void Conclude();
  void Finish();
  void Linger();
  void ShutDownSending();
  void Reset();
  void ConcludeWithoutClient();
  void EndGeneration(Outcome outcome);
  void Close();
  void CloseSocket();

  boost::asio::ip::tcp::socket socket_;
  std::optional<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>> tls_;  // Over `socket_`.
  const Options& options_;
  Endpoint& endpoint_;
  Ledger& ledger_;
  boost::asio::steady_timer timer_;

  std::array<char, 4096> read_buffer_;
  std::string input_;  // Read and not yet parsed.
  std::optional<boost::beast::http::request_parser<boost::beast::http::string_body>> parser_;
  bool body_allowed_ = false;  // 100 Continue was sent, or the client does not wait for it.

  Script script_;             // Empty: waiting for a request.
  std::optional<Step> step_;  // Taken from the script, not yet in `output_`.
  std::string output_;
  Step::Then then_ = Step::Then::kContinue;
  bool generation_over_ = false;
  Clock::time_point due_;  // When the last step was due: waits do not add up their delays.
  uint64_t generation_ = 0;
  Leaving leaving_;
  uint64_t sent_ = 0;  // Bytes of this answer.

  bool reading_ = false;
  bool writing_ = false;
  bool lingering_ = false;
  bool client_finished_ = false;
  bool closed_ = false;
  // Set when the client has left and generation continues: how that counts once it is noticed, at
  // `noticed_at_`.
  std::optional<Outcome> without_client_;
  Clock::time_point noticed_at_ = Clock::time_point::max();
};

}  // namespace sparkgate::simulator

#endif  // SPARKGATE_SIMULATOR_CONNECTION_H_

#ifndef SPARKGATE_TESTS_SUPPORT_RAW_HTTP2_H_
#define SPARKGATE_TESTS_SUPPORT_RAW_HTTP2_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace sparkgate::support {

// A gRPC client that is bytes on a socket: it begins one call with windows as large as HTTP/2
// allows, and then reads only when told. So what holds a server back is TCP alone.
class RawHttp2Call {
 public:
  // Connects to 127.0.0.1 and sends the request, a serialised message.
  RawHttp2Call(int port, std::string_view method, std::string_view request);
  ~RawHttp2Call();
  RawHttp2Call(const RawHttp2Call&) = delete;
  RawHttp2Call& operator=(const RawHttp2Call&) = delete;

  // Reads at least so many bytes; fewer at the connection's end or after kPatience.
  std::string Read(size_t count);

 private:
  int fd_;
};

}  // namespace sparkgate::support

#endif  // SPARKGATE_TESTS_SUPPORT_RAW_HTTP2_H_

#include "tests/support/raw_http2.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "tests/support/gate.h"

namespace sparkgate::support {
namespace {

enum FrameType : uint8_t { kData = 0, kHeaders = 1, kSettings = 4, kWindowUpdate = 8 };
enum Flag : uint8_t { kNone = 0, kEndStream = 1, kEndHeaders = 4 };
constexpr uint32_t kLargestWindow = 0x7fffffff;

void Append(uint32_t value, int bytes, std::string* text) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    text->push_back(static_cast<char>(value >> shift));
  }
}

std::string Frame(FrameType type, uint8_t flags, uint32_t stream, std::string_view payload) {
  std::string frame;
  Append(static_cast<uint32_t>(payload.size()), 3, &frame);
  Append(type, 1, &frame);
  Append(flags, 1, &frame);
  Append(stream, 4, &frame);
  frame += payload;
  return frame;
}

// A literal without indexing; names and values are shorter than 127 bytes.
std::string Header(std::string_view name, std::string_view value) {
  std::string field(1, '\0');
  field.push_back(static_cast<char>(name.size()));
  field += name;
  field.push_back(static_cast<char>(value.size()));
  field += value;
  return field;
}

std::string WholeRequest(std::string_view method, std::string_view request) {
  std::string settings;
  Append(4, 2, &settings);  // INITIAL_WINDOW_SIZE
  Append(kLargestWindow, 4, &settings);
  std::string window;
  Append(kLargestWindow - 65535, 4, &window);
  std::string message;
  Append(0, 1, &message);  // not compressed
  Append(static_cast<uint32_t>(request.size()), 4, &message);
  message += request;
  return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + Frame(kSettings, kNone, 0, settings) +
         Frame(kWindowUpdate, kNone, 0, window) +
         Frame(kHeaders, kEndHeaders, 1,
               Header(":method", "POST") + Header(":scheme", "http") + Header(":path", method) +
                   Header(":authority", "localhost") + Header("content-type", "application/grpc") +
                   Header("te", "trailers")) +
         Frame(kData, kEndStream, 1, message);
}

}  // namespace

RawHttp2Call::RawHttp2Call(int port, std::string_view method, std::string_view request)
    : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const int small = 8 * 1024;
  setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
  const timeval patience{std::chrono::duration_cast<std::chrono::seconds>(kPatience).count(), 0};
  setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const std::string bytes = WholeRequest(method, request);
  if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 ||
      send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size())) {
    std::perror("raw HTTP/2 call");
    std::abort();
  }
}

RawHttp2Call::~RawHttp2Call() { close(fd_); }

std::string RawHttp2Call::Read(size_t count) {
  std::string all;
  char bytes[4096];
  ssize_t got = 1;
  while (all.size() < count && (got = recv(fd_, bytes, sizeof(bytes), 0)) > 0) {
    all.append(bytes, static_cast<size_t>(got));
  }
  return all;
}

}  // namespace sparkgate::support

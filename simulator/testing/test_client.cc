#include "simulator/testing/test_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace sparkgate::simulator {

TestClient::TestClient(uint16_t port) : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const timeval limit{20, 0};
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    std::perror("connect");
    std::abort();
  }
}

TestClient::~TestClient() { Close(); }

void TestClient::Send(const std::string& bytes) {
  size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t n = send(socket_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) return;
    sent += static_cast<size_t>(n);
  }
}

TestClient::End TestClient::ReadSome() {
  char buffer[16384];
  const ssize_t n = recv(socket_, buffer, sizeof(buffer), 0);
  if (n == 0) return End::kFin;
  if (n < 0) {
    if (errno == ECONNRESET) return End::kReset;
    std::perror("recv");
    std::abort();
  }
  received_.append(buffer, static_cast<size_t>(n));
  return End::kOpen;
}

bool TestClient::ReadUntil(const std::string& text) {
  while (received_.find(text) == std::string::npos) {
    if (ReadSome() != End::kOpen) return false;
  }
  return true;
}

TestClient::End TestClient::ReadToEnd() {
  End end = End::kOpen;
  while (end == End::kOpen) end = ReadSome();
  return end;
}

bool TestClient::IsSilent() {
  char byte;
  return recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
         (errno == EAGAIN || errno == EWOULDBLOCK);
}

void TestClient::Close() {
  if (socket_ >= 0) close(socket_);
  socket_ = -1;
}

void TestClient::Reset() {
  const linger hard{1, 0};
  setsockopt(socket_, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
  Close();
}

std::string ChatPost(const std::string& body, const std::string& more_fields) {
  return "POST /inference/v1/chat/completions HTTP/1.1\r\nHost: sim\r\n"
         "Authorization: Bearer test-key\r\nContent-Type: application/json\r\n" +
         more_fields + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string ChatBody(const std::string& model, bool stream, const std::string& more) {
  return "{\"model\":\"" + model + "\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]" +
         (stream ? ",\"stream\":true" : "") + more + "}";
}

std::string BodyOf(const std::string& response) {
  const size_t head_end = response.find("\r\n\r\n");
  if (head_end == std::string::npos) return "";
  const std::string rest = response.substr(head_end + 4);
  if (response.substr(0, head_end).find("transfer-encoding: chunked") == std::string::npos) {
    return rest;
  }
  std::string body;
  for (size_t at = 0; at < rest.size();) {
    const size_t size = std::strtoul(rest.c_str() + at, nullptr, 16);
    const size_t data = rest.find("\r\n", at) + 2;
    if (size == 0) break;
    body += rest.substr(data, size);
    at = data + size + 2;
  }
  return body;
}

}  // namespace sparkgate::simulator

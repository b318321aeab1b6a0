// A raw HTTP client for tests: it shows exactly which bytes came and how the connection ended.
#ifndef SPARKGATE_SIMULATOR_TESTING_TEST_CLIENT_H_
#define SPARKGATE_SIMULATOR_TESTING_TEST_CLIENT_H_

#include <cstdint>
#include <string>

namespace sparkgate::simulator {

class TestClient {
 public:
  enum class End { kOpen, kFin, kReset };

  // Connects to 127.0.0.1. Every read gives up after 20 s, which fails the test that waits.
  explicit TestClient(uint16_t port);
  ~TestClient();
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  void Send(const std::string& bytes);
  // Appends to received() until it contains `text`. False if the connection ended before.
  bool ReadUntil(const std::string& text);
  // Reads to the end of the connection.
  End ReadToEnd();
  // True if nothing can be read now and the connection is open.
  bool IsSilent();

  void Close();  // FIN.
  void Reset();  // RST.

  const std::string& received() const { return received_; }
  void Forget() { received_.clear(); }

 private:
  End ReadSome();

  int socket_;
  std::string received_;
};

// POST of a chat completion with a bearer key.
std::string ChatPost(const std::string& body, const std::string& more_fields = "");

// A body for this model with one user message; `more` are further members.
std::string ChatBody(const std::string& model, bool stream, const std::string& more = "");

// The answer's body: after the first empty line, without chunked transfer coding.
std::string BodyOf(const std::string& response);

}  // namespace sparkgate::simulator

#endif  // SPARKGATE_SIMULATOR_TESTING_TEST_CLIENT_H_

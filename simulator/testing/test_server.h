// A server on a free port with a thread of its own, for tests.
#ifndef SPARKGATE_SIMULATOR_TESTING_TEST_SERVER_H_
#define SPARKGATE_SIMULATOR_TESTING_TEST_SERVER_H_

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <utility>

#include "simulator/server.h"
#include "simulator/testing/test_client.h"

namespace sparkgate::simulator {

inline Options TestOptions() {
  Options options;
  options.port = 0;
  options.defaults.tokens = 12;
  return options;
}

class TestServer {
 public:
  explicit TestServer(Options options = TestOptions()) : server_(std::move(options)) {
    std::string error;
    EXPECT_TRUE(server_.Listen(&error)) << error;
    thread_ = std::thread([this] { server_.Run(); });
  }
  ~TestServer() {
    server_.Stop();
    thread_.join();
  }

  uint16_t port() const { return server_.port(); }
  Ledger& ledger() { return server_.ledger(); }
  nlohmann::json Status() { return nlohmann::json::parse(ledger().StatusJson(5000)); }

  // Looks again and again until the status fits or 20 s are over.
  bool Await(const std::function<bool(const nlohmann::json&)>& fits) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!fits(Status())) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::yield();
    }
    return true;
  }

 private:
  Server server_;
  std::thread thread_;
};

}  // namespace sparkgate::simulator

#endif  // SPARKGATE_SIMULATOR_TESTING_TEST_SERVER_H_

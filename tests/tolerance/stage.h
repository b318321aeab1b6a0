#ifndef SPARKGATE_TESTS_TOLERANCE_STAGE_H_
#define SPARKGATE_TESTS_TOLERANCE_STAGE_H_

#include <gtest/gtest.h>

#include <mutex>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/http_text.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/server_process.h"

namespace sparkgate::tolerance {

// An upstream that gives one answer to whatever it is asked, the real server in front of it, and a
// caller. The test's thread only.
class Stage : public testing::Test {
 protected:
  Stage()
      : upstream_([this](support::Connection& connection) {
          while (const auto request = connection.ReadRequest()) connection.Send(Answer());
        }),
        server_(upstream_.base_url() + "/v1"),
        caller_(server_.address()) {}

  // The whole response from now on.
  void SetAnswer(std::string response) {
    std::lock_guard<std::mutex> lock(mutex_);
    answer_ = std::move(response);
  }
  // `body` for Chat; for StreamChat as the only event before [DONE].
  void SetAnswer(support::Rpc rpc, const std::string& body) {
    SetAnswer(rpc == support::Rpc::kChat ? support::JsonResponse(body)
                                         : support::SseResponse({body}));
  }

  support::CallResult Call(support::Rpc rpc, const std::string& request) {
    return caller_.Call(rpc, request);
  }
  std::string LastBody() const { return upstream_.requests().back().body; }

 private:
  std::string Answer() {
    std::lock_guard<std::mutex> lock(mutex_);
    return answer_;
  }

  std::mutex mutex_;
  std::string answer_;
  support::ScriptedUpstream upstream_;
  support::ServerProcess server_;
  support::Caller caller_;
};

// `text` as a string of JSON, quotes included.
inline std::string Quoted(const std::string& text) { return nlohmann::json(text).dump(); }

// `text` with every `from` in it replaced.
inline std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

}  // namespace sparkgate::tolerance

#endif  // SPARKGATE_TESTS_TOLERANCE_STAGE_H_

#ifndef SPARKGATE_TESTS_API_MODELS_FIXTURE_H_
#define SPARKGATE_TESTS_API_MODELS_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sparkgate/v1/model.pb.h"
#include "tests/support/caller.h"
#include "tests/support/http_text.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/server_process.h"

namespace sparkgate::api {

inline constexpr char kListModels[] = "/sparkgate.v1.ModelService/ListModels";
inline constexpr char kTwoModels[] =
    R"({"object":"list","data":[{"id":"b","object":"model"},{"id":"a","object":"model"}]})";

// ListModels through the real server, in front of an upstream that a test scripts.
class ModelsTest : public testing::Test {
 protected:
  using Script = support::ScriptedUpstream::Script;

  void Serve(Script script, std::vector<std::string> flags = {}, std::string drain_grace = "5s") {
    caller_.reset();
    server_.reset();
    upstream_ = std::make_unique<support::ScriptedUpstream>(std::move(script));
    support::ServerProcess::Options options;
    options.upstream_url = upstream_->base_url() + "/inference/v1";
    options.flags = std::move(flags);
    options.drain_grace = std::move(drain_grace);
    server_ = std::make_unique<support::ServerProcess>(options);
    caller_ = std::make_unique<support::Caller>(server_->address());
  }
  void ServeAnswer(std::string answer, std::vector<std::string> flags = {}) {
    Serve(
        [answer = std::move(answer)](support::Connection& connection) {
          while (connection.ReadRequest()) connection.Send(answer);
        },
        std::move(flags));
  }

  support::RunningCall Start(const support::CallOptions& options = {}) {
    return caller_->StartRaw(kListModels, "", options);
  }
  support::CallResult List(const support::CallOptions& options = {}) {
    return Start(options).Wait();
  }

  // The answer; fails the test if there is not exactly one.
  static v1::ListModelsResponse AnswerOf(const support::CallResult& result) {
    v1::ListModelsResponse answer;
    EXPECT_TRUE(result.ok()) << result.Describe();
    EXPECT_EQ(result.messages.size(), 1u);
    if (result.messages.empty()) return answer;
    EXPECT_TRUE(answer.ParseFromString(result.messages[0]));
    return answer;
  }

  std::unique_ptr<support::ScriptedUpstream> upstream_;
  std::unique_ptr<support::ServerProcess> server_;
  std::unique_ptr<support::Caller> caller_;
};

}  // namespace sparkgate::api

#endif  // SPARKGATE_TESTS_API_MODELS_FIXTURE_H_

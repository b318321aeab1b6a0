// The request bodies of the upstream's "common patterns" page, in ProtoJSON as a caller pastes them
// without `stream`: what goes upstream is the same body.
#include <gtest/gtest.h>

#include "google/protobuf/util/json_util.h"
#include "service/translate/request_encoder.h"
#include "service/translate/testing/without_stream.h"

namespace sparkgate::translate {
namespace {

std::string Upstream(const std::string& json, EncodeOptions options = {}) {
  v1::ChatRequest request;
  const auto parsed = google::protobuf::util::JsonStringToMessage(json, &request);
  EXPECT_TRUE(parsed.ok()) << parsed.ToString();
  UpstreamBody body;
  const CallStatus status = EncodeRequest(request, options, &body);
  EXPECT_TRUE(status.ok()) << status.message;
  return options.stream ? body.json : WithoutStream(body.json);
}

TEST(PatternTest, BodiesGoUpstreamAsTheyAre) {
  const char* const kBodies[] = {
      // One question.
      R"({"model":"accounts/fireworks/models/deepseek-v3p1","messages":[{"role":"user","content":"Hello"}]})",
      // Several turns.
      R"({"model":"accounts/fireworks/models/deepseek-v3p1","messages":[{"role":"system","content":"Be short."},{"role":"user","content":"Which city is the capital of Norway?"},{"role":"assistant","content":"Oslo."},{"role":"user","content":"How many people live there?"}]})",
      // A system prompt of one's own, and none at all.
      R"({"model":"accounts/fireworks/models/deepseek-v3p1","messages":[{"role":"system","content":"Answer in code."},{"role":"user","content":"Read a file line by line."}]})",
      R"({"model":"accounts/fireworks/models/deepseek-v3p1","messages":[{"role":"system","content":""},{"role":"user","content":"Hi"}]})",
      // Performance metrics in the body.
      R"({"model":"accounts/fireworks/models/deepseek-v3p1","messages":[{"role":"user","content":"Hello, world!"}],"perf_metrics_in_response":true})",
      // What tutorials add.
      R"({"model":"m","messages":[{"role":"user","content":"x"}],"temperature":0.7,"top_p":1,"top_k":40,"max_tokens":256,"n":2,"stop":["\n"],"user":"u"})",
  };
  for (const char* body : kBodies) {
    EXPECT_EQ(Upstream(body), body);
    std::string streamed = body;
    streamed.pop_back();
    EXPECT_EQ(Upstream(body, {true, false}), streamed + R"(,"stream":true})");
  }
}

}  // namespace
}  // namespace sparkgate::translate

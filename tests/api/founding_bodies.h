#ifndef SPARKGATE_TESTS_API_FOUNDING_BODIES_H_
#define SPARKGATE_TESTS_API_FOUNDING_BODIES_H_

#include <string>
#include <vector>

namespace sparkgate::api {

// The request bodies of Fireworks' page "Common patterns", as its HTTP API takes them, without
// `stream`.
struct FoundingBody {
  std::string name;
  std::string body;
  bool streams;  // the page sets `stream`
};

inline const std::vector<FoundingBody>& FoundingBodies() {
  static const auto* const kBodies = new std::vector<FoundingBody>{
      {"multi_turn",
       R"({"model":"accounts/fireworks/models/deepseek-v3p1","messages":[)"
       R"({"role":"system","content":"You are a helpful assistant."},)"
       R"({"role":"user","content":"What's the capital of France?"},)"
       R"({"role":"assistant","content":"The capital of France is Paris."},)"
       R"({"role":"user","content":"What's its population?"}]})",
       false},
      {"system_prompt",
       R"({"model":"accounts/fireworks/models/deepseek-v3p1","messages":[)"
       R"({"role":"system","content":"You are a helpful Python expert who provides concise code examples."},)"
       R"({"role":"user","content":"How do I read a CSV file?"}]})",
       false},
      {"system_prompt_omitted",
       R"({"model":"accounts/fireworks/models/deepseek-v3p1","messages":[)"
       R"({"role":"system","content":""},{"role":"user","content":"How do I read a CSV file?"}]})",
       false},
      {"streaming",
       R"({"model":"accounts/fireworks/models/deepseek-v3p1",)"
       R"("messages":[{"role":"user","content":"Tell me a story"}]})",
       true},
      {"async",
       R"({"model":"accounts/fireworks/models/deepseek-v3p1",)"
       R"("messages":[{"role":"user","content":"Hello"}]})",
       false},
      {"streaming_with_usage",
       R"({"model":"accounts/fireworks/models/deepseek-v3p1",)"
       R"("messages":[{"role":"user","content":"Hello"}]})",
       true},
      {"streaming_with_metrics",
       R"({"model":"accounts/fireworks/models/deepseek-v3p1",)"
       R"("messages":[{"role":"user","content":"Hello, world!"}],"perf_metrics_in_response":true})",
       true},
  };
  return *kBodies;
}

// The body that the upstream must receive: the same, and whether it streams.
inline std::string UpstreamBody(const std::string& body, bool stream) {
  return body.substr(0, body.size() - 1) +
         (stream ? R"(,"stream":true,"stream_options":{"include_usage":true}})"
                 : R"(,"stream":false})");
}

}  // namespace sparkgate::api

#endif  // SPARKGATE_TESTS_API_FOUNDING_BODIES_H_

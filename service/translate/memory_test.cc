// No shape of a request or an answer takes more than eight times its bytes, or more than 16 MiB
// where that is less. What would is refused, or passes as raw text.
#include <gtest/gtest.h>

#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "service/translate/request_encoder.h"
#include "service/translate/request_size.h"
#include "service/translate/response_decoder.h"
#include "service/translate/stream_translator.h"
#include "service/translate/testing/allocations.h"

namespace sparkgate::translate {
namespace {

constexpr size_t kMiB = 1 << 20;
constexpr size_t kMaxElements = 65'536;  // the default of --max_request_elements

struct ShapeOfInput {
  std::string name;
  std::string begin;
  std::string element;  // repeated; a '#' in it is its number
  std::string end;
};

void PrintTo(const ShapeOfInput& schema, std::ostream* out) { *out << schema.name; }

std::string Make(const ShapeOfInput& schema, size_t bytes) {
  std::string text = schema.begin;
  text.reserve(bytes + schema.element.size() + schema.end.size());
  const size_t number = schema.element.find('#');
  for (int i = 0; text.size() < bytes; ++i) {
    text.append(schema.element, 0, number);
    if (number == std::string::npos) continue;
    text += std::to_string(i);
    text.append(schema.element, number + 1);
  }
  return text + schema.end;
}

// Runs `work` on inputs of three sizes. It takes them over, as a call does: they count as long as
// it keeps them.
void ExpectBounded(const ShapeOfInput& schema,
                   const std::function<std::string(std::string)>& work) {
  for (const size_t size : {kMiB / 4, 2 * kMiB, 16 * kMiB}) {
    const std::string input = Make(schema, size);
    work(input);  // what is made once and kept
    const size_t before = CountAllocations().now;
    ResetPeak();
    const std::string end = work(input);
    const size_t peak = CountAllocations().peak - before;
    const size_t kept = CountAllocations().now - before;
    std::printf("%-34s %5.2f MiB: peak %6.2f MiB, %5.1f x; %s\n", schema.name.c_str(),
                input.size() / 1048576.0, peak / 1048576.0, 1.0 * peak / input.size(), end.c_str());
    EXPECT_LE(peak, std::max(8 * input.size(), 16 * kMiB)) << schema.name;
    EXPECT_LE(kept, 64u << 10) << schema.name;
  }
}

std::string Serialized(const std::function<void(v1::ChatRequest*)>& fill) {
  v1::ChatRequest request;
  fill(&request);
  return request.SerializeAsString();
}

std::string Nested(const std::function<void(v1::ChatMessage*)>& fill) {
  return Serialized([&](v1::ChatRequest* request) { fill(request->add_messages()); });
}

std::vector<ShapeOfInput> RequestShapes() {
  return {
      {"empty messages", "", std::string("\x12\0", 2), ""},
      {"messages with a role", "", Nested([](auto* m) { m->set_role("u"); }), ""},
      {"short turns", "", Nested([](auto* m) {
         m->set_role("user");
         m->set_content("What is this? It is a short turn of some words.");
       }),
       ""},
      {"content parts", "", Nested([](auto* m) {
         for (int i = 0; i < 1000; ++i) m->add_content_parts();
       }),
       ""},
      {"tool calls", "", Nested([](auto* m) {
         for (int i = 0; i < 1000; ++i) m->add_tool_calls()->mutable_function();
       }),
       ""},
      {"stop", "", Serialized([](auto* r) { r->add_stop(""); }), ""},
      {"metadata", "", Serialized([](auto* r) { (*r->mutable_metadata())[""] = ""; }), ""},
      {"unknown fields", "", "\xf8\x7f\x01", ""},
      {"plain text", "", Nested([&](auto* m) {
         m->set_role("user");
         m->set_content(std::string(200 << 10, 'x'));
       }),
       ""},
      {"line ends", "", Nested([&](auto* m) {
         m->set_role("user");
         m->set_content(std::string(200 << 10, '\n'));
       }),
       ""},
      {"control characters", "", Nested([&](auto* m) {
         m->set_role("user");
         m->set_content(std::string(200 << 10, 1));
       }),
       ""},
      {"raw JSON of small values", "", Serialized([](auto* r) {
         std::string json = "{\"a\":[0";
         for (int i = 0; i < 100'000; ++i) json += ",0";
         r->set_extra_body_json(json + "]}");
       }),
       ""},
  };
}

class RequestMemory : public testing::TestWithParam<ShapeOfInput> {};

TEST_P(RequestMemory, IsBoundedByItsBytes) {
  ExpectBounded(GetParam(), [](std::string wire) -> std::string {
    google::protobuf::io::ArrayInputStream stream(wire.data(), static_cast<int>(wire.size()));
    if (!HasAtMostElements(&stream, v1::ChatRequest::descriptor(), kMaxElements)) {
      return "too many elements";
    }
    v1::ChatRequest request;
    EXPECT_TRUE(request.ParseFromString(wire));
    EncodeOptions options;
    options.request_bytes = wire.size();
    std::string().swap(wire);
    request.set_model("m");
    UpstreamBody body;
    const CallStatus status = EncodeRequest(request, options, &body);
    return status.ok() ? "sent" : status.message.substr(0, 60);
  });
}

INSTANTIATE_TEST_SUITE_P(Shapes, RequestMemory, testing::ValuesIn(RequestShapes()));

std::vector<ShapeOfInput> AnswerShapes() {
  const std::string begin = R"({"id":"a","choices":[{"index":0,"message":{"role":"assistant",)";
  const std::string end = R"(},"finish_reason":"stop"}]})";
  const std::string logprobs =
      R"({"id":"a","choices":[{"index":0,"message":{"content":"a"},"logprobs":{"content":[{})";
  const auto more = [&](std::string name, std::string before, std::string element,
                        std::string behind) {
    return ShapeOfInput{std::move(name), begin + before, std::move(element), behind + end};
  };
  return {
      {"choices of {}", R"({"choices":[{})", ",{}", "]}"},
      {"unknown numbers", R"({"choices":[{}],"x":[0)", ",0", "]}"},
      {"unknown objects", R"({"choices":[{}],"x":[{})", ",{}", "]}"},
      {"unknown members", R"({"choices":[{}])", R"(,"abc":1)", "}"},
      {"brackets", R"({"choices":[{}],"x":[[])", ",[]", "]}"},
      more("plain text", R"("content":")", std::string(1000, 'x'), "\""),
      more("escapes", R"("content":")", R"(\n)", "\""),
      more("surrogate halves", R"("content":")", R"(\ud800)", "\""),
      more("tool calls of {}", R"("tool_calls":[{})", ",{}", "]"),
      more("tool calls with a function", R"("tool_calls":[{})", R"(,{"function":{"name":"f"}})",
           "]"),
      more("numbers that overflow", R"("x":[1)", ",1e999", "]"),
      {"logprobs of {}", logprobs, ",{}", "]}}]}"},
      {"logprobs, shortest", logprobs, R"(,{"token":"a","logprob":-0.1})", "]}}]}"},
      {"logprobs with bytes", logprobs,
       R"(,{"token":"a","logprob":-0.1,"bytes":[97],"top_logprobs":[]})", "]}}]}"},
      {"token ids", R"({"choices":[{}],"prompt_token_ids":[1)", ",12345", "]}"},
  };
}

class AnswerMemory : public testing::TestWithParam<ShapeOfInput> {};

TEST_P(AnswerMemory, OfChatIsBoundedByItsBytes) {
  ExpectBounded(GetParam(), [](std::string body) -> std::string {
    std::string answer;
    CallStatus status;
    {
      v1::ChatResponse response;
      status = DecodeChat(body, {}, &response);
      if (status.ok()) answer = response.SerializeAsString();
    }
    return status.ok() ? std::to_string(answer.size()) + " bytes" : status.message.substr(0, 100);
  });
}

INSTANTIATE_TEST_SUITE_P(Shapes, AnswerMemory, testing::ValuesIn(AnswerShapes()));

std::vector<ShapeOfInput> EventShapes() {
  const std::string begin = R"({"id":"a","choices":[{"index":0,"delta":{)";
  const std::string end = "}}]}";
  const std::string logprobs =
      R"({"id":"a","choices":[{"index":0,"delta":{"content":"a"},"logprobs":{"content":[{})";
  const std::string deep = std::string(58, '[') + std::string(58, ']');
  return {
      {"choices of {}", R"({"choices":[{})", ",{}", "]}"},
      {"choices of one index", R"({"choices":[{"index":0})", R"(,{"index":0})", "]}"},
      {"choices with text", R"({"choices":[{"index":0})", R"(,{"index":0,"delta":{"content":"a"}})",
       "]}"},
      {"tool calls of {}", begin + R"("tool_calls":[{})", ",{}", "]" + end},
      {"tool calls with a function", begin + R"("tool_calls":[{})", R"(,{"function":{"name":"f"}})",
       "]" + end},
      {"tool calls with arguments", begin + R"("tool_calls":[{})",
       R"(,{"index":0,"function":{"arguments":"a"}})", "]" + end},
      {"unknown members", begin + R"("content":"")", R"(,"abc":1)", end},
      {"escapes", begin + R"("content":")", R"(\n)", "\"" + end},
      {"control characters", begin + R"("content":")", R"(\u0001)", "\"" + end},
      {"surrogate halves", begin + R"("content":")", R"(\ud800)", "\"" + end},
      {"deep", begin + R"("x":[0)", "," + deep, "]" + end},
      {"numbers that overflow", begin + R"("x":[1)", ",1e999", "]" + end},
      {"logprobs of {}", logprobs, ",{}", "]}}]}"},
      {"logprobs, shortest", logprobs, R"(,{"token":"a","logprob":-0.1})", "]}}]}"},
      {"logprobs with bytes", logprobs,
       R"(,{"token":"a","logprob":-0.1,"bytes":[97],"top_logprobs":[]})", "]}}]}"},
      {"logprobs of the old form",
       R"({"choices":[{"index":0,"delta":{"content":"a"},"logprobs":{"tokens":["a")", R"(,"a")",
       "]}}]}"},
      {"logprobs of the old form, top",
       R"({"choices":[{"index":0,"delta":{"content":"a"},"logprobs":{"tokens":["a"],)"
       R"("top_logprobs":[{"a":0)",
       R"(,"#":0)", "}]}}]}"},
      {"token ids", R"({"choices":[{"index":0,"delta":{},"token_ids":[1)", ",12345", "]}]}"},
  };
}

class EventMemory : public testing::TestWithParam<ShapeOfInput> {};

TEST_P(EventMemory, IsBoundedByItsBytes) {
  ExpectBounded(GetParam(), [](std::string event) -> std::string {
    StreamTranslator translator(1, {});
    std::vector<v1::StreamChatResponse> messages;
    const auto outcome = translator.Push("", event, &messages);
    std::string().swap(event);
    translator.Release(/*complete=*/false, &messages);
    size_t bytes = 0;
    for (const auto& message : messages) bytes += message.SerializeAsString().size();
    return outcome.status.ok() ? std::to_string(bytes) + " bytes"
                               : outcome.status.message.substr(0, 100);
  });
}

INSTANTIATE_TEST_SUITE_P(Shapes, EventMemory, testing::ValuesIn(EventShapes()));

}  // namespace
}  // namespace sparkgate::translate

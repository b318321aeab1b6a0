// Requests and answers of the costliest shapes against the real server: the status that names the
// limit, and the memory that the process takes and keeps.
//
// Each shape has a server of its own, whose resident memory is read before, at its peak (VmHWM) and
// afterwards. All that the process takes counts: the message that gRPC holds, the upstream's body
// and the answer too.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "sparkgate/v1/request.pb.h"
#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/eventually.h"
#include "tests/support/http_text.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/server_process.h"

namespace sparkgate::limits {
namespace {

using support::CallResult;
using support::Rpc;

constexpr size_t kMiB = 1 << 20;
constexpr size_t kRequestBytes = 30 * kMiB;
constexpr size_t kBodyBytes = 16 * kMiB;
constexpr size_t kEventBytes = 16 * kMiB - 100;  // --max_event_bytes is 16 MiB

struct CostlyInput {
  std::string name;
  std::string begin;
  std::string element;  // repeated
  std::string end;
  std::string status;  // the code, or "OK"
  std::string says;    // a part of its message
};

void PrintTo(const CostlyInput& input, std::ostream* out) { *out << input.name; }

std::string NameOf(const testing::TestParamInfo<CostlyInput>& info) {
  std::string name = info.param.name;
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return name;
}

std::string Make(const CostlyInput& input, size_t bytes) {
  std::string text = input.begin;
  text.reserve(bytes + input.element.size() + input.end.size());
  while (text.size() + input.element.size() + input.end.size() <= bytes) text += input.element;
  return text + input.end;
}

// A server that is warm, and what it has taken since.
class Measured {
 public:
  explicit Measured(std::string answer, std::vector<std::string> flags = {})
      : answer_(std::move(answer)), server_(upstream_.base_url(), std::move(flags)) {
    for (const auto rpc : support::kBothRpcs) {
      EXPECT_TRUE(caller_.Call(rpc, support::ChatRequestBody("warm")).ok());
    }
    before_ = server_.counts().resident_kib;
  }

  // Three times the same, since what is kept once may be kept each time.
  CallResult Send(const std::string& method, const std::string& request) {
    for (int i = 0; i < 2; ++i) caller_.StartRaw(method, request).Wait();
    return caller_.StartRaw(method, request).Wait();
  }

  // `bytes`: of the costly message alone.
  void ExpectBounded(std::string_view name, size_t bytes) {
    const long kib = static_cast<long>(bytes / 1024);
    const long peak = server_.counts().peak_resident_kib - before_;
    const auto kept = [this] { return server_.counts().resident_kib - before_; };
    // The server tidies up half a second after it has worked.
    EXPECT_TRUE(support::Eventually([&] { return kept() <= 2 * kib; }, std::chrono::seconds(5)))
        << kept() << " KiB";
    std::printf("%-32s %5.2f MiB: peak %6.1f MiB, %4.1f x; kept %5.1f MiB, %4.1f x\n",
                std::string(name).c_str(), kib / 1024.0, peak / 1024.0, 1.0 * peak / kib,
                kept() / 1024.0, 1.0 * kept() / kib);
    EXPECT_LE(peak, std::max(8 * kib, 16L * 1024));
  }

  void ExpectNextIsOk() { EXPECT_TRUE(caller_.Chat(support::ChatRequestBody("warm")).ok()); }

 private:
  void Answer(support::Connection& connection) {
    while (const auto request = connection.ReadRequest()) {
      const bool warm = support::CallNameOf(request->body) == "warm" || answer_.empty();
      connection.Send(warm ? support::AnswerTo(request->body, "Hello") : answer_);
    }
  }

  const std::string answer_;  // the upstream's, to all but the warming calls
  support::ScriptedUpstream upstream_{[this](auto& connection) { Answer(connection); }};
  support::ServerProcess server_;
  support::Caller caller_{server_.address()};
  long before_ = 0;
};

void ExpectStatus(const CallResult& result, const CostlyInput& input) {
  EXPECT_EQ(result.name, input.status) << result.Describe();
  EXPECT_NE(result.message.find(input.says), std::string::npos) << result.Describe();
}

// --- Requests ---

std::string Serialized(const std::function<void(v1::ChatRequest*)>& fill) {
  v1::ChatRequest request;
  fill(&request);
  return request.SerializeAsString();
}

std::string OfMessage(const std::function<void(v1::ChatMessage*)>& fill) {
  return Serialized([&](v1::ChatRequest* request) { fill(request->add_messages()); });
}

std::string Turn(char character) {
  return OfMessage([&](auto* message) {
    message->set_role("user");
    message->set_content(std::string(200 << 10, character));
  });
}

std::string ExtraBody(const std::string& element) {
  return Serialized([&](auto* request) {
    const CostlyInput json{"", R"({"a":[0)", element, "]}", "", ""};
    v1::ChatMessage* message = request->add_messages();
    message->set_role("user");
    message->set_content("a");
    request->set_extra_body_json(Make(json, kRequestBytes - 100));
  });
}

std::string Brackets() { return std::string(60, '[') + std::string(60, ']'); }

std::vector<CostlyInput> Requests() {
  const std::string elements = "--max_request_elements";
  const std::string model = Serialized([](auto* r) { r->set_model("m"); });
  const auto refused = [&](std::string name, std::string element) {
    return CostlyInput{std::move(name),    model,   std::move(element), "",
                       "INVALID_ARGUMENT", elements};
  };
  return {
      refused("empty messages", std::string("\x12\0", 2)),
      refused("content parts", OfMessage([](auto* m) {
                for (int i = 0; i < 1000; ++i) m->add_content_parts();
              })),
      refused("tool calls", OfMessage([](auto* m) {
                for (int i = 0; i < 1000; ++i) m->add_tool_calls()->mutable_function();
              })),
      refused("tools", Serialized([](auto* r) { r->add_tools()->mutable_function(); })),
      refused("metadata", Serialized([](auto* r) { (*r->mutable_metadata())[""] = ""; })),
      refused("logit_bias", Serialized([](auto* r) { (*r->mutable_logit_bias())[""] = 0; })),
      refused("stop", Serialized([](auto* r) { r->add_stop(""); })),
      refused("unknown fields", "\xf8\x7f\x01"),
      {"control characters", model, Turn('\x01'), "", "INVALID_ARGUMENT", "three times as large"},
      {"dense extra_body_json", model, ExtraBody(",0"), "", "INVALID_ARGUMENT", "extra_body_json"},
      {"deep extra_body_json", model, ExtraBody("," + Brackets()), "", "INVALID_ARGUMENT",
       "extra_body_json"},
      {"wide extra_body_json", model, ExtraBody(",1234567"), "", "OK", ""},
      {"line ends", model, Turn('\n'), "", "OK", ""},
      {"plain text", model, Turn('x'), "", "OK", ""},
  };
}

class CostlyRequest : public testing::TestWithParam<CostlyInput> {};

TEST_P(CostlyRequest, TakesBoundedMemoryAndIsToldWhy) {
  const std::string request = Make(GetParam(), kRequestBytes);
  Measured server("");
  for (const auto rpc : support::kBothRpcs) {
    ExpectStatus(server.Send(std::string(support::MethodName(rpc)), request), GetParam());
  }
  server.ExpectBounded(GetParam().name, request.size());
  server.ExpectNextIsOk();
}

INSTANTIATE_TEST_SUITE_P(Shapes, CostlyRequest, testing::ValuesIn(Requests()), NameOf);

// protobuf makes room for what a string's length promises, up to 50 MB; nobody fills it.
TEST(LyingLength, TakesBoundedMemory) {
  const std::string message("\x12\xff\xff\xff\x2f", 5);  // of 100 MB, and in it
  const std::string content("\x12\xff\xff\xff\x27", 5);  // a text of 80 MB
  Measured server("");
  const CallResult result =
      server.Send(std::string(support::MethodName(Rpc::kChat)), message + content + "a");
  EXPECT_EQ(result.name, "INVALID_ARGUMENT") << result.Describe();
  server.ExpectBounded("a length that lies", kMiB);
}

TEST(CostlyExplain, TakesBoundedMemory) {
  CostlyInput input;
  input.element = Turn('x');
  const std::string request =
      Make(input, kRequestBytes) + Serialized([](auto* r) { r->set_model("m"); });
  Measured server("", {"--debug_service"});
  EXPECT_TRUE(server.Send("/sparkgate.v1.DebugService/ExplainChat", request).ok());
  server.ExpectBounded("ExplainChat of plain text", request.size());
}

// --- Answers ---

std::vector<CostlyInput> Bodies() {
  const std::string head = R"({"id":"a","choices":[{"index":0,"message":{"role":"assistant",)";
  const std::string tail = R"(},"finish_reason":"stop"}]})";
  const std::string logprobs =
      R"({"id":"a","choices":[{"index":0,"message":{"content":"a"},"logprobs":{"content":[{})";
  const std::string dense = "over 65536";
  return {
      {"empty choices", R"({"choices":[{})", ",{}", "]}", "INTERNAL", dense},
      {"array of objects", "[{}", ",{}", "]", "INTERNAL", dense},
      {"array of arrays", "[[]", ",[]", "]", "INTERNAL", dense},
      {"unknown numbers", R"({"choices":[{}],"x":[0)", ",0", "]}", "INTERNAL", dense},
      {"empty logprobs", logprobs, ",{}", "]}}]}", "INTERNAL", dense},
      {"logprobs", logprobs, R"(,{"token":"a","logprob":-0.1})", "]}}]}", "OK", ""},
      {"logprobs with bytes", logprobs,
       R"(,{"token":"a","logprob":-0.1,"bytes":[97],"top_logprobs":[]})", "]}}]}", "OK", ""},
      {"logprobs of the old form",
       R"({"id":"a","choices":[{"index":0,"message":{"content":"a"},"logprobs":{"tokens":["a")",
       R"(,"a")", "]}}]}", "OK", ""},
      {"tool calls", head + R"("tool_calls":[{})", R"(,{"function":{"name":"f"}})", "]" + tail,
       "OK", ""},
      {"escaped control characters", head + R"("content":")", R"(\u0001)", "\"" + tail, "OK", ""},
      {"bare control characters", head + R"("content":")", "\x01", "\"" + tail, "INTERNAL", ""},
      {"halves of surrogate pairs", head + R"("content":")", R"(\ud800)", "\"" + tail, "OK", ""},
      {"nested too deep", R"({"choices":)", "[", "]}", "INTERNAL", "64"},
      {"plain text", head + R"("content":")", std::string(1000, 'x'), "\"" + tail, "OK", ""},
  };
}

class CostlyBody : public testing::TestWithParam<CostlyInput> {};

TEST_P(CostlyBody, TakesBoundedMemory) {
  const std::string body = Make(GetParam(), kBodyBytes);
  Measured server(support::JsonResponse(body));
  const std::string request = support::SerializeRequest(support::ChatRequestBody("costly"));
  ExpectStatus(server.Send(std::string(support::MethodName(Rpc::kChat)), request), GetParam());
  server.ExpectBounded(GetParam().name, body.size());
  server.ExpectNextIsOk();
}

INSTANTIATE_TEST_SUITE_P(Shapes, CostlyBody, testing::ValuesIn(Bodies()), NameOf);

std::vector<CostlyInput> Events() {
  const std::string head = R"({"id":"a","choices":[{"index":0,"delta":{)";
  const std::string tail = R"(},"finish_reason":"stop"}]})";
  return {
      {"empty choices", R"({"choices":[{})", ",{}", "]}", "INTERNAL", "over 65536"},
      {"choices of one index", R"({"choices":[{"index":0})", R"(,{"index":0,"delta":{}})", "]}",
       "INTERNAL", "more choices than were asked for"},
      {"tool calls", head + R"("tool_calls":[{"index":0,"id":"a","function":{"name":"f"}})",
       R"(,{"index":0,"function":{"arguments":"a"}})", "]" + tail, "OK", ""},
      {"logprobs",
       R"({"id":"a","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop",)"
       R"("logprobs":{"content":[{})",
       R"(,{"token":"a","logprob":-0.1})", "]}}]}", "OK", ""},
      {"logprobs of the old form",
       R"({"id":"a","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop",)"
       R"("logprobs":{"tokens":["a")",
       R"(,"a")", "]}}]}", "OK", ""},
      {"escaped control characters", head + R"("content":")", R"(\u0001)", "\"" + tail, "OK", ""},
      {"plain text", head + R"("content":")", std::string(1000, 'x'), "\"" + tail, "OK", ""},
  };
}

class CostlyEvent : public testing::TestWithParam<CostlyInput> {};

TEST_P(CostlyEvent, TakesBoundedMemory) {
  const std::string event = Make(GetParam(), kEventBytes);
  Measured server(support::SseResponse({event}));
  const std::string request = support::SerializeRequest(support::ChatRequestBody("costly"));
  ExpectStatus(server.Send(std::string(support::MethodName(Rpc::kStreamChat)), request),
               GetParam());
  server.ExpectBounded(GetParam().name, event.size());
  server.ExpectNextIsOk();
}

INSTANTIATE_TEST_SUITE_P(Shapes, CostlyEvent, testing::ValuesIn(Events()), NameOf);

TEST(HugeEvent, IsToldAtTheLimit) {
  CostlyInput input{"one huge event", "", "x", "", "INTERNAL", "--max_event_bytes"};
  const std::string event = Make(input, kEventBytes + kMiB);
  Measured server(support::SseResponse({event}));
  const std::string request = support::SerializeRequest(support::ChatRequestBody("costly"));
  ExpectStatus(server.Send(std::string(support::MethodName(Rpc::kStreamChat)), request), input);
  server.ExpectBounded(input.name, event.size());
}

}  // namespace
}  // namespace sparkgate::limits

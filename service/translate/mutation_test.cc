// Answers and error bodies with bytes changed at random: nothing crashes, every string that comes
// out is valid UTF-8 (gRPC's receivers refuse anything else), and every extra_json is a JSON
// object. The same for requests: what is taken is JSON.
#include <gtest/gtest.h>

#include <optional>
#include <random>

#include "base/json_reader.h"
#include "base/text.h"
#include "google/protobuf/message.h"
#include "service/translate/request_encoder.h"
#include "service/translate/response_decoder.h"
#include "service/translate/stream_translator.h"
#include "service/translate/upstream_error.h"

namespace sparkgate::translate {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

const std::string kBodies[] = {
    R"({"id":"i","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":
{"role":"assistant","content":"a\u00e9\ud83d\ude00","reasoning_content":"\ud83d","tool_calls":[{"index":0,
"id":"c","type":"function","function":{"name":"f","arguments":"{\"a\":1e400}"}}]},"finish_reason":"stop",
"logprobs":{"content":[{"token":"t","logprob":-0.1,"bytes":[1,255],"top_logprobs":[{"token":"u"}]}]}}],
"usage":{"prompt_tokens":1},"perf_metrics":{"prompt-tokens":"7"},"x":[1e400,-0,1.10]})",
    R"({"choices":[{"index":0,"delta":{"role":"assistant","content":"a\ud83d","tool_calls":[{"id":"c",
"function":{"name":null,"arguments":{"x":1}}}]},"logprobs":{"tokens":["a"],"token_logprobs":[null],
"top_logprobs":[{"b":-1}]},"finish_reason":null}],"x":{"y":{"z":[true,false,null]}}})",
    R"({"choices":[],"usage":{"prompt_tokens":1,"prompt_tokens_details":{"cached_tokens":2}}})",
    R"({"error":{"message":"field: 'messages[0].content.list[X][1].text', value: 'p'","code":"400","param":
"tools[0].function.parameters"},"request_id":"r","detail":[{"loc":["body",0,"x"],"msg":"m"}]})",
};

const std::string kPieces[] = {"\"", "\\",   "{",       "}",        "[",  "]",
                               ",",  ":",    "\\ud83d", "\xFF",     "\0", "1e400",
                               "-",  "null", "\\ude00", "\xF0\x9F", "\n"};

std::string Mutate(std::string body, std::mt19937* random) {
  const auto below = [&](size_t bound) { return (*random)() % bound; };
  for (size_t i = below(6); i > 0; --i) {
    const size_t at = below(body.size());
    switch (below(4)) {
      case 0:
        body.erase(at, 1 + below(8));
        break;
      case 1:
        body.insert(at, kPieces[below(std::size(kPieces))]);
        break;
      case 2:
        body.insert(at, body.substr(below(body.size()), below(40)));
        break;
      default:
        body[at] = static_cast<char>(below(256));
    }
    if (body.empty()) return body;
  }
  return body;
}

bool IsObject(const std::string& json) {
  JsonDocument document;
  return document.Parse(json) == JsonDocument::Result::kOk && document.root().is(JsonKind::kObject);
}

void CheckText(const std::string& text, const FieldDescriptor* field) {
  if (field->type() == FieldDescriptor::TYPE_STRING) {
    EXPECT_TRUE(IsValidUtf8(text)) << field->full_name();
  }
  if (field->name() == "extra_json") {
    EXPECT_TRUE(IsObject(text)) << text;
  }
}

void CheckStrings(const Message& message) {
  const auto* reflection = message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const int size = field->is_repeated() ? reflection->FieldSize(message, field) : 0;
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      if (!field->is_repeated()) CheckText(reflection->GetString(message, field), field);
      for (int i = 0; i < size; ++i) {
        CheckText(reflection->GetRepeatedString(message, field, i), field);
      }
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      if (!field->is_repeated()) CheckStrings(reflection->GetMessage(message, field));
      for (int i = 0; i < size; ++i) {
        CheckStrings(reflection->GetRepeatedMessage(message, field, i));
      }
    }
  }
}

void CheckStatus(const CallStatus& status) {
  EXPECT_TRUE(IsValidUtf8(status.message)) << status.message;
  EXPECT_LT(status.message.size(), 1024u);
  EXPECT_TRUE(IsValidUtf8(status.upstream_code));
  EXPECT_TRUE(IsValidUtf8(status.upstream_request_id));
  for (const FieldViolation& violation : status.violations) {
    EXPECT_TRUE(IsValidUtf8(violation.field + violation.description));
  }
}

#ifdef SPARKGATE_SANITIZED
constexpr unsigned kRounds = 2000;
#else
constexpr unsigned kRounds = 6000;
#endif

TEST(MutationTest, AnswersAndErrors) {
  std::mt19937 random(1);
  std::optional<StreamTranslator> translator(std::in_place, 1, HeaderList());
  std::vector<v1::StreamChatResponse> messages;
  for (unsigned i = 0; i < kRounds && !HasFailure(); ++i) {
    const std::string body = Mutate(kBodies[i % std::size(kBodies)], &random);
    SCOPED_TRACE(body);
    v1::ChatResponse response;
    CheckStatus(DecodeChat(body, {}, &response));
    CheckStrings(response);
    CheckStatus(HttpErrorStatus(400 + i % 200, {}, body));
    CheckStatus(ErrorAfterOk(body));
    messages.clear();
    CheckStatus(translator->Push(i % 50 == 0 ? "error" : "", body, &messages).status);
    if (i % 20 == 0) {
      translator->Release(true, &messages);
      translator.emplace(1 + i % 3, HeaderList());
    }
    for (const auto& message : messages) {
      EXPECT_GT(message.choices_size(), 0);
      CheckStrings(message);
    }
  }
}

TEST(MutationTest, ListsOfModels) {
  std::mt19937 random(3);
  int taken = 0;
  for (unsigned i = 0; i < kRounds && !HasFailure(); ++i) {
    const std::string body = Mutate(
        R"({"object":"list","data":[{"id":"m\u00e9","created":1,"owned_by":"f","supports_chat":true,)"
        R"("context_length":4096,"x":[1.10,{"y":-0}]},{"id":"n","kind":"K"}],"more":null,"z":1e400})",
        &random);
    SCOPED_TRACE(body);
    v1::ListModelsResponse response;
    const CallStatus status = DecodeModels(body, {}, &response);
    CheckStatus(WordedForModels(status));
    CheckStrings(response);
    if (!status.ok()) continue;
    ++taken;
    for (const v1::Model& model : response.data()) EXPECT_FALSE(model.id().empty());
  }
  EXPECT_GT(taken, 0);
}

TEST(MutationTest, RequestsThatAreTakenAreJson) {
  std::mt19937 random(2);
  int taken = 0;
  for (unsigned i = 0; i < kRounds && !HasFailure(); ++i) {
    const std::string json =
        Mutate(R"({"x":[1,{"a":"\ud83d","b":1e5}],"y": null,"z":{}})", &random);
    if (!IsValidUtf8(json)) continue;
    v1::ChatRequest request;
    request.set_model("m");
    request.add_messages()->set_role("user");
    request.set_extra_body_json(json);
    request.add_tools()->mutable_function()->set_name("f");
    request.mutable_tools(0)->mutable_function()->set_parameters_json(json);
    UpstreamBody body;
    if (!EncodeRequest(request, {true, true}, &body).ok()) continue;
    ++taken;
    EXPECT_TRUE(IsObject(body.json)) << body.json;
  }
  EXPECT_GT(taken, 0);
}

}  // namespace
}  // namespace sparkgate::translate

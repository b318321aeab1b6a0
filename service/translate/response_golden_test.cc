// Answers with every field of every message of an answer alone, found by descriptor, and compares
// what Chat and StreamChat make of it with golden files: with a value, with zero, false or "", and
// with a value of an unexpected type. A null must be as good as nothing. A field without a file
// fails, and so does a file without a field and a documented field of the upstream's that no body
// has.
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <vector>

#include "google/protobuf/text_format.h"
#include "service/translate/chat_decoder.h"
#include "service/translate/field_table.h"
#include "service/translate/golden.h"
#include "service/translate/shape.h"
#include "service/translate/stream_translator.h"

namespace sparkgate::translate {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

std::string TextOf(const google::protobuf::Message& message) {
  std::string text;
  google::protobuf::TextFormat::PrintToString(message, &text);
  return text;
}

std::string DecodeByChat(const std::string& body) {
  v1::ChatResponse response;
  const CallStatus status = DecodeChat(body, {}, &response);
  return status.ok() ? TextOf(response) : "error: " + status.message + "\n";
}

std::string DecodeByStream(const std::string& body) {
  StreamTranslator translator(1, {});
  std::vector<v1::StreamChatResponse> messages;
  const auto outcome = translator.Push("", body, &messages);
  translator.Release(outcome.status.ok(), &messages);
  std::string text = outcome.status.ok() ? "" : "error: " + outcome.status.message + "\n";
  for (const auto& message : messages) text += TextOf(message);
  return text;
}

struct Values {
  std::string sample, zero, odd;
};

Values ScalarValues(const FieldDescriptor* field) {
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return {R"("a \"word\" \u00e9\n")", R"("")", "[1.10]"};
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return {"-0.10", "0", R"("1.5x")"};
    case FieldDescriptor::CPPTYPE_BOOL:
      return {"true", "false", "1"};
    case FieldDescriptor::CPPTYPE_INT32:
      return {"2147483647", "0", "2147483648"};
    default:
      return {"9007199254740993", "0", "9223372036854775808"};
  }
}

Values ValuesOf(const FieldShape& field) {
  switch (field.form) {
    case Form::kRawJson:
      return {R"([1.10, {"b":-0,"a":1e400}])", R"("")", "false"};
    case Form::kByteList:
      return {"[0,1,255]", "[]", "[256]"};
    case Form::kArguments:
      return {R"("{\"a\": ")", R"("")", R"({"b": 1.10, "a": [1e400]})"};
    default:
      break;
  }
  if (field.child != nullptr) {
    return field.field->is_repeated() ? Values{"[{},{}]", "[]", "[{},1]"}
                                      : Values{"{}", "{}", "[1.10]"};
  }
  const Values scalar = ScalarValues(field.field);
  if (!field.field->is_repeated()) return scalar;
  return {"[" + scalar.sample + "," + scalar.zero + "]", "[]", "[" + scalar.odd + "]"};
}

// Members that lead to a message: each wraps the member of the next.
using Wrap = std::function<std::string(const std::string& member)>;

class ResponseGoldenTest : public testing::Test {
 protected:
  using Decode = std::string (*)(const std::string& body);

  ResponseGoldenTest() : table_("tests/data/upstream_response_fields.json") {}

  void Run(const std::string& folder, const Descriptor* descriptor, Decode decode) {
    golden_ = std::make_unique<GoldenFolder>(folder);
    decode_ = decode;
    Walk(descriptor, [](const std::string& member) {
      return R"({"choices":[{}])" + (member.empty() ? "" : "," + member) + "}";
    });
  }

  void Walk(const Descriptor* descriptor, const Wrap& wrap) {
    if (!walked_.insert(descriptor->name()).second) return;
    const Shape& shape = Shape::Of(descriptor);
    for (const FieldShape& field : shape.fields()) {
      if (!field.read) continue;
      CheckField(field, wrap);
      if (field.child != nullptr) Walk(field.field->message_type(), Below(field, wrap));
    }
    if (shape.extra() != nullptr) {
      Check(descriptor->name() + ".extra_json",
            {wrap(R"("z_new": 1.10,"a_new" : [1e400, {"y":-0,"x":null}],"nothing":null)")});
    }
  }

  static Wrap Below(const FieldShape& field, const Wrap& wrap) {
    const bool choices = field.key == "choices";
    return [=](const std::string& member) {
      const std::string object = "{" + member + "}";
      const std::string value = field.field->is_repeated() ? "[" + object + "]" : object;
      // The list of choices stands in every body already.
      if (choices) return R"({"choices":)" + value + "}";
      return wrap("\"" + field.key + "\":" + value);
    };
  }

  void CheckField(const FieldShape& field, const Wrap& wrap) {
    const std::string name =
        field.field->containing_type()->name() + "." + std::string(field.name());
    if (field.key == "choices") return Check(name, {R"({"choices":[{},{"index":1}]})"});
    const std::string key = field.field->is_map() ? "\"x-new\":" : "\"" + field.key + "\":";
    const Values values =
        field.field->is_map() ? Values{R"("v")", R"("")", "1.10"} : ValuesOf(field);
    Check(name, {wrap(key + values.sample), wrap(key + values.zero), wrap(key + values.odd)});
    EXPECT_EQ(decode_(wrap(key + "null")), decode_(wrap(""))) << name;
  }

  void Check(const std::string& name, const std::vector<std::string>& bodies) {
    std::string content;
    for (const std::string& body : bodies) {
      content += body + "\n" + decode_(body) + "\n";
      if (body.find("1e400") == std::string::npos) {
        table_.Touch(body, "ChatCompletion");
        table_.Touch(body, "ChatCompletionChunk");
      }
    }
    golden_->Check(name + ".txt", content);
  }

  UpstreamFieldTable table_;
  std::unique_ptr<GoldenFolder> golden_;
  Decode decode_ = nullptr;
  std::set<std::string> walked_;
};

// Shapes that no field of ours has.
const std::pair<const char*, std::vector<std::string>> kOtherShapes[] = {
    {"object",
     {R"({"object":"chat.completion","choices":[{}]})",
      R"({"object":"chat.completion.chunk","choices":[{}]})"}},
    {"LegacyLogprobs",
     {R"({"choices":[{"logprobs":{"tokens":["a","b"],"token_logprobs":[null,-0.5],)"
      R"("top_logprobs":[null,{"z":-1.5,"a":-2}],"text_offset":[0,1],"token_ids":[7,8]}}]})",
      R"({"choices":[{"logprobs":{"tokens":["a"],"token_logprobs":null,"x_new":1.10}}]})",
      R"({"choices":[{"logprobs":{"tokens":["a","b"],"token_logprobs":[-1.10]}}]})",
      R"({"choices":[{"logprobs":{"tokens":[1],"token_logprobs":[-1.10]}}]})",
      R"({"choices":[{"logprobs":{"content":[],"tokens":["a"]}}]})"}},
    {"PerfMetrics",
     {R"({"choices":[{}],"perf_metrics":{"prompt-tokens":"12","server-processing-time":"0.5",)"
      R"("cached-prompt-tokens":3.0,"deployment":"d","speculation-acceptance":"1:2/3",)"
      R"("x-list":[1.10],"x-null":null,"prefill-duration":"nan"}})"}},
};

TEST_F(ResponseGoldenTest, EveryFieldOfChat) {
  Run("chat", v1::ChatResponse::descriptor(), DecodeByChat);
  for (const auto& [name, bodies] : kOtherShapes) Check(name, bodies);
  Check("MessageContent",
        {R"({"choices":[{"message":{"content":[{"type":"text","text":"a"}]}}]})"});
  Check("ToolCallFunction", {R"({"choices":[{"message":{"tool_calls":[{"function":"f"}]}}]})"});
  golden_->CheckAllUsed();
  for (const std::string& row : table_.untouched()) {
    // Lists as the content of an answer go to extra_json whole: their members have no fields.
    const bool known = row.rfind("Chunk", 0) == 0 || row.rfind("ChatCompletionChunk", 0) == 0 ||
                       row.rfind("Delta.", 0) == 0 || row.rfind("ImageUrl.", 0) == 0 ||
                       row.rfind("VideoUrl.", 0) == 0 || row.rfind("MessageContent.", 0) == 0;
    EXPECT_TRUE(known) << "no golden file has " << row;
  }
}

TEST_F(ResponseGoldenTest, EveryFieldOfStreamChat) {
  Run("stream", v1::StreamChatResponse::descriptor(), DecodeByStream);
  for (const auto& [name, bodies] : kOtherShapes) Check(name, bodies);
  Check("ToolCallFunction", {R"({"choices":[{"delta":{"tool_calls":[{"function":"f"}]}}]})"});
  golden_->CheckAllUsed();
  for (const std::string& row : table_.untouched()) {
    const bool known = row.rfind("Message", 0) == 0 || row.rfind("Choice.", 0) == 0 ||
                       row.rfind("ChatCompletion.", 0) == 0 || row.rfind("ImageUrl.", 0) == 0 ||
                       row.rfind("VideoUrl.", 0) == 0;
    EXPECT_TRUE(known) << "no golden file has " << row;
  }
}

}  // namespace
}  // namespace sparkgate::translate

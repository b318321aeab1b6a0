// Answers with every field of every message of an answer alone, found by descriptor, and compares
// what Chat, StreamChat and ListModels make of it with golden files: with a value, with zero, false
// or "", and with a value of an unexpected type. A null must be as good as nothing. A field without
// a file fails, and so does a file without a field and a documented field of the upstream's that no
// body has.
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <vector>

#include "google/protobuf/text_format.h"
#include "service/translate/message_schema.h"
#include "service/translate/response_decoder.h"
#include "service/translate/stream_translator.h"
#include "service/translate/testing/field_table.h"
#include "service/translate/testing/golden.h"

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

std::string DecodeByListModels(const std::string& body) {
  v1::ListModelsResponse response;
  const CallStatus status = DecodeModels(body, {}, &response);
  return status.ok() ? TextOf(response) : "error: " + status.message + "\n";
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

Values ValuesOf(const FieldSchema& field) {
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

  // `list`: what every body of the kind must have, and the member that each of its entries must
  // have.
  struct Kind {
    std::string folder;
    const Descriptor* descriptor;
    Decode decode;
    std::string list, required;
    std::vector<std::string> tables;
  };

  void Run(Kind kind) {
    golden_ = std::make_unique<GoldenFolder>(kind.folder);
    kind_ = std::move(kind);
    Walk(kind_.descriptor, [this](const std::string& member) {
      return "{" + List("") + (member.empty() ? "" : "," + member) + "}";
    });
  }

  std::string List(const std::string& member) const {
    const bool replaces = member.rfind(kind_.required.substr(0, kind_.required.find(':')), 0) == 0;
    const std::string entry = kind_.required.empty() || (replaces && !member.empty()) ? member
                              : member.empty() ? kind_.required
                                               : kind_.required + "," + member;
    return "\"" + kind_.list + "\":[{" + entry + "}]";
  }

  void Walk(const Descriptor* descriptor, const Wrap& wrap) {
    if (!walked_.insert(descriptor->name()).second) return;
    const MessageSchema& schema = MessageSchema::Of(descriptor);
    for (const FieldSchema& field : schema.fields()) {
      if (!field.read) continue;
      CheckField(field, wrap);
      if (field.child != nullptr) Walk(field.field->message_type(), Below(field, wrap));
    }
    if (schema.extra() != nullptr) {
      Check(descriptor->name() + ".extra_json",
            {wrap(R"("z_new": 1.10,"a_new" : [1e400, {"y":-0,"x":null}],"nothing":null)")});
    }
  }

  Wrap Below(const FieldSchema& field, const Wrap& wrap) const {
    return [=](const std::string& member) {
      // The list stands in every body already.
      if (field.key == kind_.list) return "{" + List(member) + "}";
      const std::string object = "{" + member + "}";
      const std::string value = field.field->is_repeated() ? "[" + object + "]" : object;
      return wrap("\"" + field.key + "\":" + value);
    };
  }

  void CheckField(const FieldSchema& field, const Wrap& wrap) {
    const std::string name =
        field.field->containing_type()->name() + "." + std::string(field.name());
    if (field.key == "choices") return Check(name, {R"({"choices":[{},{"index":1}]})"});
    if (field.key == "data") {
      return Check(name, {R"({"data":[{"id":"b"},{"id":"a"}]})", R"({"data":[]})",
                          R"({"data":[{"id":"b"},1]})", R"({"data":{"id":"b"}})", "{}"});
    }
    const std::string key = field.field->is_map() ? "\"x-new\":" : "\"" + field.key + "\":";
    const Values values =
        field.field->is_map() ? Values{R"("v")", R"("")", "1.10"} : ValuesOf(field);
    Check(name, {wrap(key + values.sample), wrap(key + values.zero), wrap(key + values.odd)});
    if (key == "\"id\":" && kind_.list == "data") return;  // the one that must be there
    EXPECT_EQ(kind_.decode(wrap(key + "null")), kind_.decode(wrap(""))) << name;
  }

  void Check(const std::string& name, const std::vector<std::string>& bodies) {
    std::string content;
    for (const std::string& body : bodies) {
      content += body + "\n" + kind_.decode(body) + "\n";
      if (body.find("1e400") != std::string::npos) continue;
      for (const std::string& table : kind_.tables) table_.Touch(body, table);
    }
    golden_->Check(name + ".txt", content);
  }

  UpstreamFieldTable table_;
  std::unique_ptr<GoldenFolder> golden_;
  Kind kind_;
  std::set<std::string> walked_;
};

bool IsOfModels(const std::string& row) {
  return row.rfind("Model.", 0) == 0 || row.rfind("ModelList.", 0) == 0;
}

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
  Run({"chat",
       v1::ChatResponse::descriptor(),
       DecodeByChat,
       "choices",
       "",
       {"ChatCompletion", "ChatCompletionChunk"}});
  for (const auto& [name, bodies] : kOtherShapes) Check(name, bodies);
  Check("MessageContent",
        {R"({"choices":[{"message":{"content":[{"type":"text","text":"a"}]}}]})"});
  Check("ToolCallFunction", {R"({"choices":[{"message":{"tool_calls":[{"function":"f"}]}}]})"});
  golden_->CheckAllUsed();
  for (const std::string& row : table_.untouched()) {
    // Lists as the content of an answer go to extra_json whole: their members have no fields.
    const bool known = row.rfind("Chunk", 0) == 0 || row.rfind("ChatCompletionChunk", 0) == 0 ||
                       row.rfind("Delta.", 0) == 0 || row.rfind("ImageUrl.", 0) == 0 ||
                       row.rfind("VideoUrl.", 0) == 0 || row.rfind("MessageContent.", 0) == 0 ||
                       IsOfModels(row);
    EXPECT_TRUE(known) << "no golden file has " << row;
  }
}

TEST_F(ResponseGoldenTest, EveryFieldOfStreamChat) {
  Run({"stream",
       v1::StreamChatResponse::descriptor(),
       DecodeByStream,
       "choices",
       "",
       {"ChatCompletion", "ChatCompletionChunk"}});
  for (const auto& [name, bodies] : kOtherShapes) Check(name, bodies);
  Check("ToolCallFunction", {R"({"choices":[{"delta":{"tool_calls":[{"function":"f"}]}}]})"});
  golden_->CheckAllUsed();
  for (const std::string& row : table_.untouched()) {
    const bool known = row.rfind("Message", 0) == 0 || row.rfind("Choice.", 0) == 0 ||
                       row.rfind("ChatCompletion.", 0) == 0 || row.rfind("ImageUrl.", 0) == 0 ||
                       row.rfind("VideoUrl.", 0) == 0 || IsOfModels(row);
    EXPECT_TRUE(known) << "no golden file has " << row;
  }
}

TEST_F(ResponseGoldenTest, EveryFieldOfListModels) {
  Run({"models",
       v1::ListModelsResponse::descriptor(),
       DecodeByListModels,
       "data",
       R"("id":"m")",
       {"ModelList"}});
  Check("object", {R"({"object":"list","data":[{"id":"m","object":"model"}]})",
                   R"({"object":"page","data":[{"id":"m","object":1}]})"});
  golden_->CheckAllUsed();
  for (const std::string& row : table_.untouched()) {
    EXPECT_FALSE(IsOfModels(row)) << "no golden file has " << row;
  }
}

}  // namespace
}  // namespace sparkgate::translate

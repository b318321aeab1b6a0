// Sets every field of every message of a request, found by descriptor, beside a model and one user
// message, and compares the upstream's body with its golden file. A field without a file fails, and
// so does a file without a field, a body that the simulator's hand-written validator refuses, and a
// documented field of the upstream's that no body has.
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <vector>

#include "google/protobuf/text_format.h"
#include "service/translate/message_schema.h"
#include "service/translate/request_encoder.h"
#include "service/translate/testing/field_table.h"
#include "service/translate/testing/golden.h"
#include "service/translate/testing/without_stream.h"
#include "simulator/chat_request.h"

namespace sparkgate::translate {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using Path = std::vector<const FieldDescriptor*>;

// What must stand beside a field for its message to be a whole one.
const std::map<std::string, std::string>& Neighbours() {
  static const auto* const kTexts = new std::map<std::string, std::string>{
      {"ChatRequest", "model: 'm' messages { role: 'user' content: 'hi' }"},
      {"ChatMessage", "role: 'assistant'"},
      {"ImageUrl", "url: 'u'"},
      {"VideoUrl", "url: 'u'"},
      {"AudioUrl", "url: 'u'"},
      {"ImageData", "data: 'i' mime_type: 'image/png'"},
      {"ToolCall", "function { name: 'f' }"},
      {"Tool", "function { name: 'f' }"},
      {"FunctionDefinition", "name: 'f'"},
      {"ResponseFormat", "type: 'text'"},
      {"Thinking", "type: 'enabled'"},
  };
  return *kTexts;
}

// Values for fields that take only certain words.
std::string SampleText(const FieldDescriptor* field) {
  if (field->name() == "reasoning_effort") return "low";
  if (field->name() == "extra_body_json") return R"({"x_new": 1.10, "a": [1e2, -0]})";
  if (field->name() == "schema_json") return R"({"type":"object"})";
  const std::string& name = field->name();
  if (name.size() > 5 && name.substr(name.size() - 5) == "_json") {
    return R"({"b": 1.10, "a": [9007199254740993]})";
  }
  return "a \"word\" \xC3\xA9\n";
}

void AddNeighbours(Message* message) {
  const auto known = Neighbours().find(message->GetDescriptor()->name());
  if (known == Neighbours().end()) return;
  google::protobuf::TextFormat::Parser parser;
  ASSERT_TRUE(parser.MergeFromString(known->second, message));
}

void SetScalar(Message* message, const FieldDescriptor* field, bool zero) {
  const auto* reflection = message->GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection->SetString(message, field, zero ? "" : SampleText(field));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return reflection->SetDouble(message, field, zero ? 0 : 0.1);
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection->SetBool(message, field, !zero);
    case FieldDescriptor::CPPTYPE_INT32:
      return reflection->SetInt32(message, field, zero ? 0 : 7);
    case FieldDescriptor::CPPTYPE_INT64:
      return reflection->SetInt64(message, field, zero ? 0 : 9007199254740993);
    default:
      FAIL() << field->full_name();
  }
}

void AddElements(Message* message, const FieldDescriptor* field) {
  const auto* reflection = message->GetReflection();
  for (int i = 2; i > 0; --i) {
    if (field->is_map()) {
      Message* entry = reflection->AddMessage(message, field);
      entry->GetReflection()->SetString(entry, field->message_type()->map_key(), std::to_string(i));
      SetScalar(entry, field->message_type()->map_value(), false);
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      reflection->AddString(message, field, std::to_string(i));
    } else {
      reflection->AddInt32(message, field, i);
    }
  }
}

// The message at the end of `path`, in a request that is whole without it.
Message* Reach(const Path& path, Message* request) {
  AddNeighbours(request);
  Message* message = request;
  for (const FieldDescriptor* step : path) {
    const auto* reflection = message->GetReflection();
    message = step->is_repeated() ? reflection->AddMessage(message, step)
                                  : reflection->MutableMessage(message, step);
    AddNeighbours(message);
  }
  return message;
}

class RequestGoldenTest : public testing::Test {
 protected:
  void Walk(const Path& path, const Descriptor* descriptor) {
    if (!walked_.insert(descriptor->name()).second) return;
    for (int i = 0; i < descriptor->field_count(); ++i) {
      const FieldDescriptor* field = descriptor->field(i);
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !field->is_map()) {
        Path deeper = path;
        deeper.push_back(field);
        CheckField(path, field);
        Walk(deeper, field->message_type());
      } else {
        CheckField(path, field);
        if (!field->is_repeated()) CheckZero(path, field);
      }
    }
  }

  static std::string Encode(const v1::ChatRequest& request) {
    UpstreamBody body;
    const CallStatus status = EncodeRequest(request, {}, &body);
    EXPECT_TRUE(status.ok()) << status.message << request.DebugString();
    return WithoutStream(body.json);
  }

  void CheckField(const Path& path, const FieldDescriptor* field) {
    v1::ChatRequest request;
    Message* message = Reach(path, &request);
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !field->is_map()) {
      Path deeper = path;
      deeper.push_back(field);
      request.Clear();
      message = Reach(deeper, &request);
      if (message->GetDescriptor()->name() == "ContentPart") {
        SetScalar(message, message->GetDescriptor()->FindFieldByName("text"), false);
      }
    } else if (field->is_repeated()) {
      AddElements(message, field);
    } else {
      SetScalar(message, field, false);
    }
    if (field->full_name() == "sparkgate.v1.ContentPart.type" ||
        field->full_name() == "sparkgate.v1.ContentPart.extra_body_json") {
      SetScalar(message, message->GetDescriptor()->FindFieldByName("text"), false);
    }
    const std::string body = Encode(request);
    golden_.Check(field->containing_type()->name() + "." + field->name() + ".json", body + "\n");
    CheckByValidator(body, field);
    table_.Touch(body, "ChatCompletionRequest");
  }

  void CheckByValidator(const std::string& body, const FieldDescriptor* field) {
    for (const auto& violation : simulator::Validate(body)) {
      // The only strange members are the ones that a caller put there, or an upstream.
      const bool extra = field->name() == "extra_body_json" || field->name() == "extra_json";
      const bool own = extra && violation.kind == simulator::Violation::Kind::kExtra;
      EXPECT_TRUE(own) << field->full_name() << ": " << violation.message << "\n" << body;
    }
  }

  // 0, false and "" are sent like any other value.
  void CheckZero(const Path& path, const FieldDescriptor* field) {
    static const std::set<std::string> kRefused = {"ChatRequest.model", "ChatMessage.role",
                                                   "FunctionDefinition.name", "ImageData.data",
                                                   "ImageData.mime_type"};
    const std::string name = field->containing_type()->name() + "." + field->name();
    const std::string& field_name = field->name();
    if (kRefused.count(name) != 0) return;
    if (field_name.size() > 5 && field_name.substr(field_name.size() - 5) == "_json") return;
    if (name == "ToolCall.index") return;
    v1::ChatRequest request, zero;
    Message* message = Reach(path, &request);
    SetScalar(Reach(path, &zero), field, true);
    SetScalar(message, field, false);
    if (name == "ContentPart.type") return;
    const std::string sample = ValueText(field, false);
    std::string expected = Encode(request);
    const size_t at = expected.rfind(sample);
    ASSERT_NE(at, std::string::npos) << name << expected;
    expected.replace(at, sample.size(), ValueText(field, true));
    EXPECT_EQ(Encode(zero), expected) << name;
  }

  static std::string ValueText(const FieldDescriptor* field, bool zero) {
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        if (zero) return "\"\"";
        return field->name() == "reasoning_effort" ? "\"low\"" : "\"a \\\"word\\\" \xC3\xA9\\n\"";
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return zero ? "0" : "0.1";
      case FieldDescriptor::CPPTYPE_BOOL:
        return zero ? "false" : "true";
      case FieldDescriptor::CPPTYPE_INT32:
        return zero ? "0" : "7";
      default:
        return zero ? "0" : "9007199254740993";
    }
  }

  GoldenFolder golden_{"request"};
  UpstreamFieldTable table_{"tests/data/upstream_request_fields.json"};
  std::set<std::string> walked_;
};

TEST_F(RequestGoldenTest, EveryField) {
  Walk({}, v1::ChatRequest::descriptor());
  golden_.CheckAllUsed();
  // Added by the RPC, and what is deprecated: by way of extra_body_json.
  const std::set<std::string> left = {
      "ChatCompletionRequest.stream", "ChatCompletionRequest.stream_options",
      "ChatCompletionRequest.functions", "ChatCompletionRequest.function_call",
      "StreamOptions.include_usage"};
  EXPECT_EQ(table_.untouched(), left);
}

TEST_F(RequestGoldenTest, TheRestPassesTheValidatorByWayOfExtraBody) {
  v1::ChatRequest request;
  Reach({}, &request);
  request.set_extra_body_json(
      R"({"functions":[{"name":"f"}],"function_call":{"name":"f"},"include_routing_matrix":true})");
  UpstreamBody body;
  ASSERT_TRUE(EncodeRequest(request, {true, true}, &body).ok());
  EXPECT_TRUE(simulator::Validate(body.json).empty()) << body.json;
}

// Whatever has more than one word carries its own name in JSON, so that every tool prints what the
// upstream's documentation prints.
TEST(JsonNameTest, IsTheFieldsOwnNameButForMetrics) {
  for (const char* name : {"ChatRequest",
                           "ChatMessage",
                           "ContentPart",
                           "ImageUrl",
                           "VideoUrl",
                           "AudioUrl",
                           "ImageData",
                           "ToolCall",
                           "FunctionCall",
                           "Tool",
                           "FunctionDefinition",
                           "ResponseFormat",
                           "Thinking",
                           "ChatResponse",
                           "Choice",
                           "StreamChatResponse",
                           "StreamChoice",
                           "Usage",
                           "PromptTokensDetails",
                           "CompletionTokensDetails",
                           "Logprobs",
                           "TokenLogprob",
                           "TopLogprob",
                           "RawOutput"}) {
    const auto* descriptor = v1::ChatRequest::descriptor()->file()->pool()->FindMessageTypeByName(
        std::string("sparkgate.v1.") + name);
    ASSERT_NE(descriptor, nullptr) << name;
    for (int i = 0; i < descriptor->field_count(); ++i) {
      EXPECT_EQ(descriptor->field(i)->json_name(), descriptor->field(i)->name()) << name;
    }
  }
}

}  // namespace
}  // namespace sparkgate::translate

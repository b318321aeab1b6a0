// A refusal that names a field comes back with the path that the caller knows: where an upstream's
// words differ from the API's fields, they are translated.
#include <vector>

#include "tests/tolerance/stage.h"

namespace sparkgate::tolerance {
namespace {

using support::Rpc;

struct Refusal {
  const char* name;
  int status;
  std::string body;
  std::vector<std::string> fields;
};

// Fireworks' form: the field stands in the message.
std::string Strict(const std::string& field, const std::string& value = "'hot-prompt'") {
  return R"({"error":{"object":"error","type":"invalid_request_error","code":"invalid_request_error","message":"Extra inputs are not permitted, field: ')" +
         field + "', value: " + value + R"("},"request_id":"chatcmpl-1"})";
}

// OpenAI's form, `param` as JSON.
std::string Param(const std::string& param) {
  return R"({"error":{"message":"Invalid value","type":"invalid_request_error","param":)" + param +
         R"(,"code":"invalid_value"}})";
}

std::string Detail(const std::string& location) {
  return R"({"detail":[{"type":"missing","loc":)" + location +
         R"(,"msg":"Field required","input":"hot-prompt"}]})";
}

std::vector<Refusal> Refusals() {
  return {
      {"a member that is not known",
       400,
       Strict("messages[1].reasoning"),
       {"messages[1].reasoning"}},
      {"a member of the request", 400, Strict("foo"), {"foo"}},
      {"a union's text", 400, Strict("messages[0].content.str"), {"messages[0].content"}},
      {"a union's list",
       400,
       Strict("messages[0].content.list[ChatMessageContent][1].cache"),
       {"messages[0].content_parts[1].cache"}},
      {"deep in a part",
       400,
       Strict("messages[2].content.list[ChatMessageContent][0].image_url.url"),
       {"messages[2].content_parts[0].image_url.url"}},
      {"raw JSON",
       400,
       Strict("tools[0].function.parameters.type"),
       {"tools[0].function.parameters_json"}},
      {"a schema",
       400,
       Strict("response_format.json_schema.schema"),
       {"response_format.json_schema_json"}},
      {"a tool call in the history",
       400,
       Strict("messages[3].tool_calls[1].function.name"),
       {"messages[3].tool_calls[1].function.name"}},
      {"param, a plain name", 400, Param("\"temperature\""), {"temperature"}},
      {"param, a path", 400, Param("\"messages[1].role\""), {"messages[1].role"}},
      {"param, a path with a dot before its index",
       400,
       Param("\"messages.[1].role\""),
       {"messages[1].role"}},
      {"param, an index as a word", 400, Param("\"messages.1.content\""), {"messages[1].content"}},
      {"param, the form of a union",
       400,
       Param("\"tool_choice.function.name\""),
       {"tool_choice_function"}},
      {"param null", 400, Param("null"), {}},
      {"param as the word None", 400, Param("\"None\""), {}},
      {"param empty", 400, Param("\"\""), {}},
      {"param is no path but a text", 400, Param("\"say hot-prompt again\""), {}},
      {"422 in OpenAI's shape", 422, Param("\"max_tokens\""), {"max_tokens"}},
      {"a location", 422, Detail(R"(["body","messages",0,"content"])"), {"messages[0].content"}},
      {"a location in a union",
       422,
       Detail(R"(["body","messages",1,"content","str"])"),
       {"messages[1].content"}},
      {"two locations",
       422,
       R"({"detail":[{"loc":["body","model"],"msg":"a"},{"loc":["body","top_k"],"msg":"b"}]})",
       {"model", "top_k"}},
      {"llama.cpp names no field",
       400,
       R"({"error":{"code":400,"message":"'messages' must be an array","type":"invalid_request_error"}})",
       {}},
      {"too long",
       400,
       R"({"error":{"message":"maximum context length is 64 tokens","param":"messages","code":"context_length_exceeded"}})",
       {"messages"}},
      {"404 names a field, and that is no wrong request", 404, Param("\"model\""), {}},
  };
}

class FieldPath : public Stage {};

TEST_F(FieldPath, IsTheCallers) {
  for (const Refusal& refusal : Refusals()) {
    for (const Rpc rpc : support::kBothRpcs) {
      SetAnswer(support::JsonResponse(refusal.body, refusal.status));
      const support::CallResult result = Call(rpc, support::ChatRequestBody("a"));
      SCOPED_TRACE(std::string(refusal.name) + ", " + std::string(RpcName(rpc)) + "\n" +
                   result.Describe());
      EXPECT_EQ(result.name, refusal.status == 404 ? "NOT_FOUND" : "INVALID_ARGUMENT");
      std::vector<std::string> fields;
      std::string told = result.message;
      for (const auto& violation : result.violations) {
        fields.push_back(violation.field);
        EXPECT_FALSE(violation.description.empty());
        told += violation.description + violation.field;
      }
      EXPECT_EQ(fields, refusal.fields);
      // What stands behind "value" is the caller's prompt.
      EXPECT_EQ(told.find("hot-prompt"), std::string::npos) << told;
    }
  }
}

}  // namespace
}  // namespace sparkgate::tolerance

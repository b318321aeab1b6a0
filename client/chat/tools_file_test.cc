#include "client/chat/tools_file.h"

#include <gtest/gtest.h>

#include <utility>

namespace sparkgate::client {
namespace {

TEST(ToolsFile, AnArrayAsInAnHttpBody) {
  v1::ChatRequest request;
  request.add_tools()->mutable_function()->set_name("before");
  ASSERT_TRUE(SetTools(R"( [{"type":"function","function":{"name":"f","description":"d",
      "parameters":{"b":1.10,"a":{}},"strict":true,"x":0}},{"function":{"name":"g"}}] )",
                       &request)
                  .ok());
  ASSERT_EQ(request.tools_size(), 2);
  const v1::Tool& tool = request.tools(0);
  EXPECT_EQ(tool.type(), "function");
  EXPECT_EQ(tool.function().name(), "f");
  EXPECT_EQ(tool.function().description(), "d");
  EXPECT_EQ(tool.function().parameters_json(), R"({"b":1.10,"a":{}})");
  EXPECT_TRUE(tool.function().strict());
  EXPECT_EQ(tool.function().extra_body_json(), R"({"x":0})");
  EXPECT_FALSE(request.tools(1).has_type());
  EXPECT_EQ(request.tools(1).function().name(), "g");
}

TEST(ToolsFile, AnObjectWithTheArray) {
  v1::ChatRequest request;
  ASSERT_TRUE(SetTools(R"({"tools":[{"function":{"name":"f"}}]})", &request).ok());
  EXPECT_EQ(request.tools(0).function().name(), "f");
}

TEST(ToolsFile, AToolOfAnotherTypeIsTheUpstreamsBusiness) {
  v1::ChatRequest request;
  ASSERT_TRUE(SetTools(R"([{"type":"search","depth":2}])", &request).ok());
  EXPECT_EQ(request.tools(0).type(), "search");
  EXPECT_EQ(request.tools(0).extra_body_json(), R"({"depth":2})");
}

TEST(ToolsFile, MistakesAreNamedAndChangeNothing) {
  const std::pair<const char*, const char*> wrong[] = {
      {"", "line 1, column 1"},
      {"[{]", "line 1, column 3"},
      {"7", "an array of tools"},
      {R"({"tools":[{"function":{"name":"f"}}],"model":"m"})", "an array of tools"},
      {R"({"tools":{}})", "an array of tools"},
      {"[]", "there are no tools"},
      {R"([{"function":{"name":"f"}},7])", "tools[1]: an object is expected"},
      {R"([{"type":"function","name":"f","parameters":{}}])", "tools[0].function: an object"},
      {R"([{"function":"f"}])", "tools[0].function: an object"},
      {R"([{"function":{}}])", "tools[0].function.name: a name is expected"},
      {R"([{"function":{"name":""}}])", "tools[0].function.name: a name is expected"},
      {R"([{"function":{"name":1}}])", "tools[0].function.name: a name is expected"},
      {R"([{"function":{"name":"f","name":"g"}}])", "tools[0].function.name: duplicate member"},
  };
  for (const auto& [json, message] : wrong) {
    v1::ChatRequest request;
    request.add_tools()->mutable_function()->set_name("before");
    const std::string said(SetTools(json, &request).message());
    EXPECT_NE(said.find(message), std::string::npos) << json << "\n" << said;
    EXPECT_EQ(request.tools(0).function().name(), "before");
  }
}

}  // namespace
}  // namespace sparkgate::client

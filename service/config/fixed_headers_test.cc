#include "service/config/fixed_headers.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "gtest/gtest.h"

namespace sparkgate::config {
namespace {

std::string HeaderFile(const std::string& text, mode_t mode = 0600) {
  const std::string path = testing::TempDir() + "headers_" + std::to_string(getpid());
  unlink(path.c_str());
  std::ofstream(path, std::ios::binary) << text;
  chmod(path.c_str(), mode);
  return path;
}

// "name=value" of each.
std::vector<std::string> Read(const std::string& text, const std::string& key_header = "",
                              std::vector<std::string>* warnings = nullptr) {
  std::vector<std::string> ignored;
  const absl::StatusOr<FixedHeaders> headers =
      ReadHeaderFile(HeaderFile(text), key_header, warnings == nullptr ? &ignored : warnings);
  EXPECT_TRUE(headers.ok()) << headers.status();
  std::vector<std::string> pairs;
  if (!headers.ok()) return pairs;
  for (const auto& [name, value] : *headers) pairs.push_back(name + "=" + value.Reveal());
  return pairs;
}

std::string Refusal(const std::string& text, const std::string& key_header = "authorization") {
  std::vector<std::string> warnings;
  const std::string path = HeaderFile(text);
  const absl::StatusOr<FixedHeaders> headers = ReadHeaderFile(path, key_header, &warnings);
  EXPECT_FALSE(headers.ok()) << testing::PrintToString(text);
  const std::string message(headers.status().message());
  EXPECT_EQ(message.find("--upstream_header_file=" + path + ": "), 0u) << message;
  EXPECT_EQ(message.find("madeUp"), std::string::npos) << message;
  return message;
}

using Pairs = std::vector<std::string>;

TEST(HeaderFileTest, ReadsLinesOfAnyStyle) {
  EXPECT_EQ(Read("# for the gateway\nX-Tenant: madeUp one\n\n \t\nx-key:madeUp:2\n"),
            (Pairs{"x-tenant=madeUp one", "x-key=madeUp:2"}));
  EXPECT_EQ(Read("# a\r\n\r\nX-A: \t madeUp \t\r\nX-B: b"), (Pairs{"x-a=madeUp", "x-b=b"}));
  EXPECT_EQ(Read("x-a: b # no comment"), (Pairs{"x-a=b # no comment"}));
  EXPECT_EQ(Read("x-!#$%&'*+.^_`|~9: a\tb"), (Pairs{"x-!#$%&'*+.^_`|~9=a\tb"}));
  EXPECT_EQ(Read("Authorization: Basic bWFkZVVw\nCookie: a=madeUp", "api-key"),
            (Pairs{"authorization=Basic bWFkZVVw", "cookie=a=madeUp"}));
}

TEST(HeaderFileTest, RefusesInWordsWithTheLinesNumber) {
  const struct {
    std::string text, says;
  } cases[] = {
      {"", "holds no header"},
      {"# x-a: madeUp\n", "holds no header"},
      {"\xEF\xBB\xBFx-a: madeUp", "begins with a byte order mark"},
      {"\nmadeUp", "line 2: has no colon"},
      {"x-a: b\n madeUp: c", "line 2: begins with a space"},
      {"x-a: b\n\tmadeUp", "line 2: begins with a space"},
      {": madeUp", "line 1: has no header name before the colon"},
      {":authority: madeUp", "line 1: has no header name before the colon"},
      {"x a: madeUp", "line 1: has no header name before the colon"},
      {"x-a : madeUp", "line 1: has no header name before the colon"},
      {"\"x-a\": madeUp", "line 1: has no header name before the colon"},
      {"x-\xC3\xA9: madeUp", "line 1: has no header name before the colon"},
      {std::string(65, 'x') + ": madeUp", "line 1: has a name over 64 characters"},
      {"x-a:", "line 1: \"x-a\" has no value"},
      {"x-a: \t\r\n", "line 1: \"x-a\" has no value"},
      {"x-a: made\rUp", "line 1: \"x-a\" has a control or a non-ASCII character"},
      {"x-a: madeUp\x7f", "line 1: \"x-a\" has a control or a non-ASCII character"},
      {std::string("x-a: made\0Up", 12), "line 1: \"x-a\" has a control or a non-ASCII"},
      {"x-a: mad\xC3\xA9Up", "line 1: \"x-a\" has a control or a non-ASCII character"},
      {"x-a: " + std::string(8193, 'v'), "line 1: \"x-a\" has a value over 8 KiB"},
      {"#\nx-a: madeUp\nX-A: madeUp", "line 3: \"x-a\" stands in line 2 already"},
      {"Authorization: madeUp", "line 1: \"authorization\" takes the API key"},
      {"Proxy-Authorization: madeUp", "line 1: \"proxy-authorization\" is the proxy's; give"},
      {"# " + std::string(17000, 'v'), "has more than 16384 bytes"},
  };
  for (const auto& c : cases) {
    const std::string message = Refusal(c.text);
    EXPECT_NE(message.find(": " + c.says), std::string::npos) << c.says << " is not in " << message;
  }
}

TEST(HeaderFileTest, RefusesWhatOthersSet) {
  for (const char* name :
       {"Connection", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding",
        "Upgrade", "HTTP2-Settings", "Content-Length", "Host", "Expect"}) {
    EXPECT_NE(Refusal(std::string(name) + ": madeUp").find("is set by the transport"),
              std::string::npos);
  }
  for (const char* name : {"Accept", "Accept-Encoding", "Content-Encoding", "Content-Type",
                           "User-Agent", "X-Request-Id"}) {
    EXPECT_NE(Refusal(std::string(name) + ": madeUp").find("is set by Sparkgate"),
              std::string::npos);
  }
}

TEST(HeaderFileTest, SaysAllThatIsWrong) {
  const std::string message = Refusal("madeUp\nx-a: b\nhost: h\n");
  EXPECT_NE(message.find("line 1: has no colon"), std::string::npos) << message;
  EXPECT_NE(message.find("\n--upstream_header_file="), std::string::npos) << message;
  EXPECT_NE(message.find("line 3: \"host\" is set"), std::string::npos) << message;
}

TEST(HeaderFileTest, TakesThirtyTwo) {
  std::string text;
  for (int i = 0; i < 32; ++i) text += "x-" + std::to_string(i) + ": v\n";
  EXPECT_EQ(Read(text).size(), 32u);
  EXPECT_NE(Refusal(text + "x-32: v").find("holds 33 headers; give at most 32"), std::string::npos);
}

TEST(HeaderFileTest, WarnsOfQuotesAndOfReaders) {
  std::vector<std::string> warnings;
  ASSERT_TRUE(ReadHeaderFile(HeaderFile("x-a: \"madeUp\"", 0644), "", &warnings).ok());
  ASSERT_EQ(warnings.size(), 2u);
  EXPECT_NE(warnings[0].find("every user may read it"), std::string::npos);
  EXPECT_NE(warnings[1].find("line 1: the value of \"x-a\" is in quotes"), std::string::npos);
  EXPECT_EQ((warnings[0] + warnings[1]).find("madeUp"), std::string::npos);
}

}  // namespace
}  // namespace sparkgate::config

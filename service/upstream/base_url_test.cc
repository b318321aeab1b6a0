#include "service/upstream/base_url.h"

#include <gtest/gtest.h>

#include <string>

namespace sparkgate::upstream {
namespace {

TEST(BaseUrl, IsTakenApart) {
  const auto url = ParseBaseUrl("https://api.fireworks.ai/inference/v1");
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_TRUE(url->tls);
  EXPECT_EQ(url->host, "api.fireworks.ai");
  EXPECT_EQ(url->port, 443);
  EXPECT_EQ(url->prefix, "https://api.fireworks.ai/inference/v1");
}

TEST(BaseUrl, TrailingSlashesAreDropped) {
  EXPECT_EQ(ParseBaseUrl("http://h:8080/").value().prefix, "http://h:8080");
  EXPECT_EQ(ParseBaseUrl("http://h:8080").value().prefix, "http://h:8080");
  EXPECT_EQ(ParseBaseUrl("http://h/v1//").value().prefix, "http://h/v1");
}

TEST(BaseUrl, Ports) {
  EXPECT_EQ(ParseBaseUrl("http://h").value().port, 80);
  EXPECT_EQ(ParseBaseUrl("http://h:8080/x").value().port, 8080);
  EXPECT_FALSE(ParseBaseUrl("http://h:0").ok());
  EXPECT_FALSE(ParseBaseUrl("http://h:70000").ok());
}

TEST(BaseUrl, Ipv6HostsLoseTheirBrackets) {
  const auto url = ParseBaseUrl("http://[::1]:9000/v1");
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->prefix, "http://[::1]:9000/v1");
}

TEST(BaseUrl, SaysWhatIsWrongAndWhatWouldBeRight) {
  const struct {
    const char* url;
    const char* says;
  } cases[] = {
      {"", "is empty"},
      {"api.fireworks.ai", "cannot be read"},
      {"ftp://h", "http or https"},
      {"file:///etc/passwd", "http or https"},
      {"https://user:hunter2@h", "names a user"},
      {"https://h/#x", "fragment"},
      {"https://h/a b", "space"},
      {"https://h\r\n", "space"},
      {"https://", ""},
  };
  for (const auto& c : cases) {
    const auto url = ParseBaseUrl(c.url);
    ASSERT_FALSE(url.ok()) << c.url;
    const std::string message(url.status().message());
    EXPECT_NE(message.find(c.says), std::string::npos) << message;
    EXPECT_NE(message.find("https://host[:port][/prefix]"), std::string::npos) << message;
    EXPECT_EQ(message.find("hunter2"), std::string::npos) << message;
  }
}

TEST(BaseUrlTest, AQueryStaysBehindThePath) {
  const auto url = ParseBaseUrl("https://h.example/openai/?api-version=1&b=2");
  ASSERT_TRUE(url.ok());
  EXPECT_EQ(url->With("/chat/completions"),
            "https://h.example/openai/chat/completions?api-version=1&b=2");
  EXPECT_EQ(ParseBaseUrl("http://h:81")->With("/models"), "http://h:81/models");
}

}  // namespace
}  // namespace sparkgate::upstream

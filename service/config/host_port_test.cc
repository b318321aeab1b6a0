#include "service/config/host_port.h"

#include <string>

#include "gtest/gtest.h"

namespace sparkgate::config {
namespace {

TEST(HostPortTest, ParsesAndFormats) {
  const struct {
    const char* text;
    HostPort expected;
  } cases[] = {
      {"127.0.0.1:50051", {"127.0.0.1", 50051}},
      {"localhost:0", {"localhost", 0}},
      {"[::1]:65535", {"::1", 65535}},
      {"[::]:80", {"::", 80}},
      {"[fe80::1%eth0]:1", {"fe80::1%eth0", 1}},
      {"gate-1.my_ns.svc:8080", {"gate-1.my_ns.svc", 8080}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.text);
    const absl::StatusOr<HostPort> parsed = ParseHostPort(c.text);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(*parsed, c.expected);
    EXPECT_EQ(FormatHostPort(*parsed), c.text);
  }
}

TEST(HostPortTest, SaysWhatIsWrongAndWhatWouldBeRight) {
  const struct {
    const char* text;
    const char* problem;
  } cases[] = {
      {"", "has no port"},
      {"localhost", "has no port"},
      {"localhost:", "no port between"},
      {"localhost:65536", "no port between"},
      {"localhost:-1", "no port between"},
      {"localhost:+1", "no port between"},
      {"localhost:80x", "no port between"},
      {":80", "has no host"},
      {"[]:80", "has no host"},
      {"::1:80", "IPv6 address without brackets"},
      {"[1.2.3.4]:80", "no IPv6 address between"},
      {"[::1:80", "IPv6 address without brackets"},
      {"a b:80", "no host name has"},
      {"http://x:80", "without brackets"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.text);
    const absl::StatusOr<HostPort> parsed = ParseHostPort(c.text);
    ASSERT_FALSE(parsed.ok());
    const std::string message(parsed.status().message());
    EXPECT_NE(message.find(c.problem), std::string::npos) << message;
    EXPECT_NE(message.find("such as 127.0.0.1:50051"), std::string::npos) << message;
  }
}

}  // namespace
}  // namespace sparkgate::config

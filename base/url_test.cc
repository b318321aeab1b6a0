#include "base/url.h"

#include <string>

#include "gtest/gtest.h"

namespace sparkgate {
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

TEST(UrlTest, AcceptsUpstreams) {
  for (const char* url :
       {"https://api.fireworks.ai/inference/v1", "http://127.0.0.1:8080", "http://[::1]:8080/v1/",
        "https://host", "http://[::1]", "https://host/openai?api-version=1",
        "https://sub_domain.example:443/a/b%20c"}) {
    EXPECT_TRUE(ParseUpstreamUrl(url).ok()) << url << ": " << ParseUpstreamUrl(url).status();
  }
}

TEST(UrlTest, RefusesUpstreams) {
  for (const char* url :
       {"", "api.fireworks.ai", "ftp://host", "https://", "https:///v1", "https://user:pw@host",
        "https://host/#f", "https://ho st/", "https://host/a\nb", "https://host:0",
        "https://host:x", "https://host:99999", "https://[::1", "HTTPS//host",
        "http://h\xC3\xB6st"}) {
    const absl::Status status = ParseUpstreamUrl(url).status();
    ASSERT_FALSE(status.ok()) << url;
    EXPECT_NE(status.message().find("give a URL such as https://"), absl::string_view::npos);
  }
}

TEST(UrlTest, ChecksProxies) {
  for (const char* url : {"http://proxy:3128", "https://proxy.example:3128/", "http://[::1]:9"}) {
    EXPECT_TRUE(ParseProxyUrl(url).ok()) << url;
  }
  for (const char* url :
       {"proxy:3128", "socks5://proxy:1080", "http://proxy:1/path", "http://", "http://proxy",
        "http://[::1]", "http://proxy:0", "http://a b:1", "http://name:pw@proxy:1"}) {
    EXPECT_FALSE(ParseProxyUrl(url).ok()) << url;
  }
}

TEST(UrlTest, KnowsPlainTextToOtherMachines) {
  EXPECT_TRUE(IsPlainRemote("http://upstream.example/v1"));
  EXPECT_TRUE(IsPlainRemote("http://10.0.0.1:80"));
  EXPECT_FALSE(IsPlainRemote("https://upstream.example/v1"));
  EXPECT_FALSE(IsPlainRemote("http://localhost:80"));
  EXPECT_FALSE(IsPlainRemote("http://127.0.0.1:80/v1"));
  EXPECT_FALSE(IsPlainRemote("http://[::1]:80"));
}

TEST(UrlTest, PrintsNoSecrets) {
  EXPECT_EQ(PrintableUrl("http://name:pw@proxy:3128"), "http://redacted@proxy:3128");
  EXPECT_EQ(PrintableUrl("http://a@b:p@w@proxy:1/"), "http://redacted@proxy:1/");
  EXPECT_EQ(PrintableUrl("http://proxy:3128"), "http://proxy:3128");
  EXPECT_EQ(PrintableUrl("name:pw@proxy:3128"), "redacted@proxy:3128");
  EXPECT_EQ(PrintableUrl("http://name:p/w@proxy:3128"), "http://redacted@proxy:3128");
  EXPECT_EQ(PrintableUrl("https://host/v1?key=k"), "https://host/v1?redacted");
  EXPECT_EQ(PrintableUrl("https://host#k"), "https://host#redacted");
  // Where the password ends and the host begins, nobody can say.
  EXPECT_EQ(PrintableUrl("https://host#k@l"), "https://redacted");
  EXPECT_EQ(PrintableUrl("http://name:p?w@proxy:3128"), "http://redacted");
  EXPECT_EQ(PrintableUrl("name:p#w@proxy:3128"), "redacted");
}

TEST(UrlTest, IsTakenApart) {
  const auto url = ParseUpstreamUrl("https://api.fireworks.ai/inference/v1");
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_TRUE(url->tls);
  EXPECT_EQ(url->host, "api.fireworks.ai");
  EXPECT_EQ(url->port, 443);
  EXPECT_EQ(url->prefix, "https://api.fireworks.ai/inference/v1");
}

TEST(UrlTest, TrailingSlashesAreDropped) {
  EXPECT_EQ(ParseUpstreamUrl("http://h:8080/").value().prefix, "http://h:8080");
  EXPECT_EQ(ParseUpstreamUrl("http://h:8080").value().prefix, "http://h:8080");
  EXPECT_EQ(ParseUpstreamUrl("http://h/v1//").value().prefix, "http://h/v1");
}

TEST(UrlTest, Ports) {
  EXPECT_EQ(ParseUpstreamUrl("http://h").value().port, 80);
  EXPECT_EQ(ParseUpstreamUrl("http://h:8080/x").value().port, 8080);
  EXPECT_FALSE(ParseUpstreamUrl("http://h:0").ok());
  EXPECT_FALSE(ParseUpstreamUrl("http://h:70000").ok());
}

TEST(UrlTest, Ipv6HostsLoseTheirBrackets) {
  const auto url = ParseUpstreamUrl("http://[::1]:9000/v1");
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->prefix, "http://[::1]:9000/v1");
  EXPECT_EQ(ParseUpstreamUrl("http://[fe80::1%25eth0]/v1")->host, "fe80::1");
}

TEST(UrlTest, AQueryStaysBehindThePath) {
  const auto url = ParseUpstreamUrl("https://h.example/openai/?api-version=1&b=2");
  ASSERT_TRUE(url.ok());
  EXPECT_EQ(url->With("/chat/completions"),
            "https://h.example/openai/chat/completions?api-version=1&b=2");
  EXPECT_EQ(ParseUpstreamUrl("http://h:81")->With("/models"), "http://h:81/models");
  EXPECT_EQ(ParseUpstreamUrl("http://h:81?a=b/")->With("/models"), "http://h:81/models?a=b/");
  EXPECT_EQ(ParseUpstreamUrl("http://h:81/?")->With("/models"), "http://h:81/models");
}

TEST(UrlTest, SaysWhatIsWrongAndRepeatsNoPassword) {
  const struct {
    const char* url;
    const char* says;
  } cases[] = {
      {"", "does not begin"},
      {"api.fireworks.ai", "does not begin"},
      {"file:///etc/passwd", "http://"},
      {"https://user:hunter2@h", "holds a name or password"},
      {"https://user:hunter2@h/#x", "holds a name or password"},
      {"https://h/#x", "fragment"},
      {"https://h/a b", "characters"},
      {"https://h\r\n", "characters"},
      {"https://", "no valid host"},
  };
  for (const auto& c : cases) {
    const auto url = ParseUpstreamUrl(c.url);
    ASSERT_FALSE(url.ok()) << c.url;
    const std::string message(url.status().message());
    EXPECT_NE(message.find(c.says), std::string::npos) << message;
    EXPECT_EQ(message.find("hunter2"), std::string::npos) << message;
  }
}

}  // namespace
}  // namespace sparkgate

#include "service/config/url.h"

#include "gtest/gtest.h"

namespace sparkgate::config {
namespace {

TEST(UrlTest, AcceptsUpstreams) {
  for (const char* url :
       {"https://api.fireworks.ai/inference/v1", "http://127.0.0.1:8080", "http://[::1]:8080/v1/",
        "https://host", "http://[::1]", "https://host/openai?api-version=1",
        "https://sub_domain.example:443/a/b%20c"}) {
    EXPECT_TRUE(CheckUpstreamUrl(url).ok()) << url << ": " << CheckUpstreamUrl(url);
  }
}

TEST(UrlTest, RefusesUpstreams) {
  for (const char* url :
       {"", "api.fireworks.ai", "ftp://host", "https://", "https:///v1", "https://user:pw@host",
        "https://host/#f", "https://ho st/", "https://host/a\nb", "https://host:0",
        "https://host:x", "https://host:99999", "https://[::1", "HTTPS//host",
        "http://h\xC3\xB6st"}) {
    const absl::Status status = CheckUpstreamUrl(url);
    ASSERT_FALSE(status.ok()) << url;
    EXPECT_NE(status.message().find("give a URL such as https://"), absl::string_view::npos);
  }
}

TEST(UrlTest, ChecksProxies) {
  for (const char* url : {"http://proxy:3128", "https://proxy.example:3128/", "http://[::1]:9"}) {
    EXPECT_TRUE(CheckProxyUrl(url).ok()) << url;
  }
  for (const char* url :
       {"proxy:3128", "socks5://proxy:1080", "http://proxy:1/path", "http://", "http://proxy",
        "http://[::1]", "http://proxy:0", "http://a b:1", "http://name:pw@proxy:1"}) {
    EXPECT_FALSE(CheckProxyUrl(url).ok()) << url;
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

}  // namespace
}  // namespace sparkgate::config

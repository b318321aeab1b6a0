#include "service/config/proxy_auth.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "gtest/gtest.h"

namespace sparkgate::config {
namespace {

std::string AuthFile(const std::string& text, mode_t mode = 0600) {
  const std::string path = testing::TempDir() + "proxy_auth_" + std::to_string(getpid());
  unlink(path.c_str());
  std::ofstream(path, std::ios::binary) << text;
  chmod(path.c_str(), mode);
  return path;
}

TEST(ProxyAuthTest, SplitsAtTheFirstColonAndTakesNewlinesAtTheEndAway) {
  const struct {
    std::string text, user, password;
  } cases[] = {
      {"gate:madeUp", "gate", "madeUp"},
      {"gate:madeUp\n", "gate", "madeUp"},
      {"gate:madeUp\r\n", "gate", "madeUp"},
      {"gate:made:Up%41", "gate", "made:Up%41"},
      {"gate:", "gate", ""},
      {"DOMAIN\\gate:made Up\"", "DOMAIN\\gate", "made Up\""},
      {"gate:mad\xC3\xA9Up", "gate", "mad\xC3\xA9Up"},
      {"gate:mad\xE9Up", "gate", "mad\xE9Up"},
  };
  for (const auto& c : cases) {
    std::vector<std::string> warnings;
    const absl::StatusOr<ProxyAuth> auth = ReadProxyAuthFile(AuthFile(c.text), &warnings);
    ASSERT_TRUE(auth.ok()) << auth.status();
    EXPECT_EQ(auth->user.Reveal(), c.user);
    EXPECT_EQ(auth->password.Reveal(), c.password);
    EXPECT_TRUE(warnings.empty()) << warnings[0];
  }
}

TEST(ProxyAuthTest, RefusesInWordsWithoutRepeating) {
  const struct {
    std::string text, says;
  } cases[] = {
      {"", "is empty"},
      {"\r\n\n", "is empty"},
      {"madeUp", "holds no colon"},
      {":madeUp", "holds no user before the colon"},
      {"gate:madeUp\nsecond", "holds more than one line"},
      {"gate:madeUp\r\ngate:madeUp2", "holds more than one line"},
      {"gate:made\tUp", "holds a control character"},
      {"gate:made\rUp", "holds a control character"},
      {"gate:madeUp\x7f", "holds a control character"},
      {std::string("g\0a\0t\0e\0:\0madeUp", 16), "holds a control character"},
      {"\xEF\xBB\xBFgate:madeUp", "begins with a byte order mark"},
      {"\"gate:madeUp\"", "is in quotes"},
      {"'gate:madeUp'\n", "is in quotes"},
      {"gate:" + std::string(9000, 'm'), "has more than 8192 bytes"},
      {"gate:madeUp" + std::string(9000, '\n'), "has more than 8192 bytes"},
  };
  for (const auto& c : cases) {
    std::vector<std::string> warnings;
    const std::string path = AuthFile(c.text);
    const absl::StatusOr<ProxyAuth> auth = ReadProxyAuthFile(path, &warnings);
    ASSERT_FALSE(auth.ok()) << testing::PrintToString(c.text);
    const std::string message(auth.status().message());
    EXPECT_NE(message.find("--upstream_proxy_auth_file=" + path + ": " + c.says), std::string::npos)
        << message;
    EXPECT_NE(message.find("; give a file with user:password"), std::string::npos) << message;
    EXPECT_EQ(message.find("made"), std::string::npos) << message;
    EXPECT_EQ(message.find("mmmm"), std::string::npos) << message;
  }
}

TEST(ProxyAuthTest, WarnsOfSpacesAtTheEndsAndOfReaders) {
  std::vector<std::string> warnings;
  ASSERT_TRUE(ReadProxyAuthFile(AuthFile("gate:madeUp ", 0644), &warnings).ok());
  ASSERT_EQ(warnings.size(), 2u);
  EXPECT_NE(warnings[0].find("every user may read it"), std::string::npos);
  EXPECT_NE(warnings[1].find("begins or ends with a space"), std::string::npos);
  EXPECT_EQ((warnings[0] + warnings[1]).find("madeUp"), std::string::npos);
}

TEST(ProxyAuthTest, NamesAFileThatIsNone) {
  std::vector<std::string> warnings;
  for (const char* path : {"/no/such/file", "/tmp", "/dev/null"}) {
    const absl::StatusOr<ProxyAuth> auth = ReadProxyAuthFile(path, &warnings);
    ASSERT_FALSE(auth.ok());
    EXPECT_NE(auth.status().message().find(path), absl::string_view::npos) << auth.status();
  }
}

}  // namespace
}  // namespace sparkgate::config

#include "service/config/secrets.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

#include "gtest/gtest.h"

namespace sparkgate::config {
namespace {

std::string Folder() {
  const std::string folder = testing::TempDir() + "files_" + std::to_string(getpid());
  mkdir(folder.c_str(), 0700);
  return folder;
}

std::string Write(const std::string& name, const std::string& text) {
  const std::string path = Folder() + "/" + name;
  std::ofstream(path) << text;
  return path;
}

std::string Message(const absl::Status& status) { return std::string(status.message()); }

TEST(Files, OnlyRegularFilesAreOpened) {
  const std::string fifo = Folder() + "/fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(Message(OpenRegularFile(fifo).status()), "is not a regular file");
  EXPECT_EQ(Message(OpenRegularFile("/dev/null").status()), "is not a regular file");
  EXPECT_EQ(Message(OpenRegularFile(Folder()).status()), "Is a directory");
  EXPECT_EQ(Message(OpenRegularFile("/no/such").status()), "No such file or directory");
  unlink(fifo.c_str());

  const std::string link = Folder() + "/link";  // as Kubernetes mounts secrets
  ASSERT_EQ(symlink(Write("file", "x").c_str(), link.c_str()), 0);
  const auto fd = OpenRegularFile(link);
  ASSERT_TRUE(fd.ok()) << fd.status();
  close(*fd);
}

TEST(Files, AreReadUpToASize) {
  EXPECT_EQ(*ReadRegularFile(Write("three", "abc"), 3), "abc");
  EXPECT_EQ(*ReadRegularFile(Write("none", ""), 3), "");
  EXPECT_EQ(Message(ReadRegularFile(Write("four", "abcd"), 3).status()), "has more than 3 bytes");
  const std::string large(100'000, 'x');
  EXPECT_EQ(*ReadRegularFile(Write("large", large), 1 << 20), large);
  EXPECT_EQ(Message(ReadRegularFile(Folder(), 3).status()), "Is a directory");
  // Its size is 0 until it is read.
  EXPECT_NE(ReadRegularFile("/proc/self/status", 1 << 20)->find("Name:"), std::string::npos);
}

constexpr char kMadeUpKey[] = "fw_madeUpKey123";

std::string KeyFile(const std::string& text, mode_t mode = 0600) {
  const std::string path = testing::TempDir() + "key_" + std::to_string(getpid());
  unlink(path.c_str());
  std::ofstream(path, std::ios::binary) << text;
  chmod(path.c_str(), mode);
  return path;
}

TEST(SecretTest, PrintsNothing) {
  const Secret secret(kMadeUpKey);
  std::ostringstream out;
  out << secret;
  EXPECT_EQ(out.str(), "redacted");
  EXPECT_EQ(testing::PrintToString(secret), "redacted");
  EXPECT_EQ(secret.Reveal(), kMadeUpKey);
  EXPECT_FALSE(secret.empty());
  EXPECT_TRUE(Secret().empty());
}

TEST(ApiKeyTest, TakesNewlinesAtTheEndAway) {
  for (const char* end : {"", "\n", "\r\n", "\n\n"}) {
    std::vector<std::string> warnings;
    const absl::StatusOr<Secret> key =
        ReadKeyFile(KeyFile(std::string(kMadeUpKey) + end), &warnings);
    ASSERT_TRUE(key.ok()) << key.status();
    EXPECT_EQ(key->Reveal(), kMadeUpKey);
    EXPECT_TRUE(warnings.empty());
  }
}

TEST(ApiKeyTest, WarnsIfEveryUserMayReadIt) {
  std::vector<std::string> warnings;
  const std::string path = KeyFile(kMadeUpKey, 0644);
  ASSERT_TRUE(ReadKeyFile(path, &warnings).ok());
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_NE(warnings[0].find(path), std::string::npos);
  EXPECT_EQ(warnings[0].find(kMadeUpKey), std::string::npos);
}

TEST(ApiKeyTest, RefusesWhatIsNoKeyWithoutRepeatingIt) {
  const std::string bad[] = {
      "",
      "\n",
      std::string(kMadeUpKey) + "\nsecond",
      std::string(kMadeUpKey) + " ",
      std::string(kMadeUpKey) + "\x01",
      std::string(kMadeUpKey) + "\x7f",
      std::string(kMadeUpKey) + "\xC3\xA9",
      std::string(kMadeUpKey) + std::string(1, '\0'),
      std::string(9000, 'k'),
      '"' + std::string(kMadeUpKey) + '"',
      "'" + std::string(kMadeUpKey) + "'\n",
      "FIREWORKS_API_KEY=" + std::string(kMadeUpKey),
      "export KEY_2=" + std::string(kMadeUpKey),
  };
  for (const std::string& text : bad) {
    std::vector<std::string> warnings;
    const std::string path = KeyFile(text);
    const absl::StatusOr<Secret> key = ReadKeyFile(path, &warnings);
    ASSERT_FALSE(key.ok()) << testing::PrintToString(text);
    const std::string message(key.status().message());
    EXPECT_NE(message.find(path), std::string::npos) << message;
    EXPECT_EQ(message.find("madeUp"), std::string::npos) << message;
    EXPECT_EQ(message.find("kkkk"), std::string::npos) << message;
  }
}

TEST(ApiKeyTest, TakesKeysThatEndInEqualsSigns) {
  for (const char* text : {"QUJD==", "abc=def", "A-B=C"}) {
    std::vector<std::string> warnings;
    EXPECT_TRUE(ReadKeyFile(KeyFile(text), &warnings).ok()) << text;
  }
}

TEST(ApiKeyTest, NamesAFileThatIsNotThere) {
  std::vector<std::string> warnings;
  for (const char* path : {"/no/such/key", "/tmp"}) {
    const absl::StatusOr<Secret> key = ReadKeyFile(path, &warnings);
    ASSERT_FALSE(key.ok());
    EXPECT_NE(key.status().message().find(path), absl::string_view::npos) << key.status();
  }
}

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

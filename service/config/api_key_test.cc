#include "service/config/api_key.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

#include "gtest/gtest.h"

namespace sparkgate::config {
namespace {

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

}  // namespace
}  // namespace sparkgate::config

#include "service/translate/redaction.h"

#include <gtest/gtest.h>

#include <string>

#include "base/text.h"

namespace sparkgate::translate {
namespace {

constexpr char kKey[] = "token-made/up+Key=8Zq";  // no prefix by which a key could be known

KnownSecrets Key(const char* key) {
  KnownSecrets secrets;
  secrets.AddKey(key);
  return secrets;
}

std::string Base64(const std::string& bytes) {
  std::string encoded;
  AppendBase64(bytes, &encoded);
  return encoded;
}

TEST(KnownSecrets, IsRemovedAsItIsWhereverItStands) {
  const KnownSecrets secret = Key(kKey);
  EXPECT_EQ(secret.RemovedFrom("no"), "no");
  EXPECT_EQ(secret.RemovedFrom(""), "");
  EXPECT_EQ(secret.RemovedFrom(kKey), "[redacted]");
  EXPECT_EQ(secret.RemovedFrom(std::string("a") + kKey + kKey + "b"), "a[redacted][redacted]b");
}

TEST(KnownSecrets, IsRemovedPercentEncoded) {
  const KnownSecrets secret = Key(kKey);
  EXPECT_EQ(secret.RemovedFrom("k=token-made%2Fup%2BKey%3D8Zq&"), "k=[redacted]&");
  EXPECT_EQ(secret.RemovedFrom("k=token-made%2fup%2bKey%3d8Zq&"), "k=[redacted]&");
}

TEST(KnownSecrets, IsRemovedWithinBase64AtAnyPlace) {
  const KnownSecrets secret = Key(kKey);
  for (const std::string before : {"", "a", "ab", "abc", "user:"}) {
    for (const std::string behind : {"", "x", "xy"}) {
      const std::string cleaned = secret.RemovedFrom(Base64(before + kKey + behind));
      EXPECT_NE(cleaned.find("[redacted]"), std::string::npos) << before << '|' << behind;
      // What is left holds no more than the characters shared with the neighbours.
      EXPECT_LE(cleaned.size(), Base64(before).size() + Base64(behind).size() + 16) << cleaned;
    }
  }
}

TEST(KnownSecrets, IsRemovedWhereALimitCutItOff) {
  const KnownSecrets secret = Key(kKey);
  EXPECT_EQ(secret.RemovedFrom("key: token-ma"), "key: [redacted]");
  EXPECT_EQ(secret.RemovedFrom("key: token-m"), "key: token-m") << "seven characters tell nothing";
}

TEST(KnownSecrets, ThatIsTooShortOrMissingIsNone) {
  EXPECT_EQ(Key("x").RemovedFrom("xxx"), "xxx");
  EXPECT_EQ(Key("").RemovedFrom("any"), "any");
  EXPECT_EQ(KnownSecrets().RemovedFrom("any"), "any");
  EXPECT_EQ(Key("abcd").RemovedFrom("abcabcd"), "abc[redacted]");
}

TEST(KnownSecrets, BasicIsRemovedAsTheSchemeSendsItAndTheUserStays) {
  KnownSecrets secrets;
  secrets.AddBasic("username", "Wolke78");
  EXPECT_EQ(secrets.RemovedFrom("Basic " + Base64("username:Wolke78") + " refused"),
            "Basic [redacted] refused");
  EXPECT_EQ(secrets.RemovedFrom("the username is unknown"), "the username is unknown");
}

TEST(KnownSecrets, HeaderValuesAreRemovedFromEightCharactersOn) {
  KnownSecrets secrets;
  secrets.AddHeaderValue("short12");
  secrets.AddHeaderValue("Bearer  ");  // a scheme without credentials
  secrets.AddHeaderValue("Bearer abcdefgh-42");
  secrets.AddHeaderValue("https://shop.example/");
  EXPECT_EQ(secrets.RemovedFrom("short12"), "short12");
  EXPECT_EQ(secrets.RemovedFrom("it was 'Bearer abcdefgh-42'"), "it was '[redacted]'");
  EXPECT_EQ(secrets.RemovedFrom("it was abcdefgh-42"), "it was [redacted]");
  EXPECT_EQ(secrets.RemovedFrom("from https://shop.example/"), "from [redacted]");
  EXPECT_EQ(secrets.RemovedFrom("from https://shop.exa"), "from [redacted]") << "cut off";
  EXPECT_EQ(secrets.RemovedFrom("see https://docs.example/"), "see https://docs.example/");
  EXPECT_EQ(secrets.RemovedFrom("https%3A%2F%2Fshop.example%2F"), "[redacted]");
  EXPECT_EQ(secrets.RemovedFrom("a Bearer a"), "a Bearer a");
}

TEST(KnownSecrets, AreRemovedBesideEachOther) {
  KnownSecrets secrets = Key("first-key");
  secrets.AddKey("Passwort");
  EXPECT_EQ(secrets.RemovedFrom("Passwortfirst-key"), "[redacted][redacted]");
}

}  // namespace
}  // namespace sparkgate::translate

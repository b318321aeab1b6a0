#include "service/translate/known_secret.h"

#include <gtest/gtest.h>

#include <string>

#include "base/base64.h"

namespace sparkgate::translate {
namespace {

constexpr char kKey[] = "token-made/up+Key=8Zq";  // no prefix by which a key could be known

std::string Base64(const std::string& bytes) {
  std::string encoded;
  AppendBase64(bytes, &encoded);
  return encoded;
}

TEST(KnownSecret, IsRemovedAsItIsWhereverItStands) {
  const KnownSecret secret(kKey);
  EXPECT_EQ(secret.RemovedFrom("no"), "no");
  EXPECT_EQ(secret.RemovedFrom(""), "");
  EXPECT_EQ(secret.RemovedFrom(kKey), "[redacted]");
  EXPECT_EQ(secret.RemovedFrom(std::string("a") + kKey + kKey + "b"), "a[redacted][redacted]b");
}

TEST(KnownSecret, IsRemovedPercentEncoded) {
  const KnownSecret secret(kKey);
  EXPECT_EQ(secret.RemovedFrom("k=token-made%2Fup%2BKey%3D8Zq&"), "k=[redacted]&");
  EXPECT_EQ(secret.RemovedFrom("k=token-made%2fup%2bKey%3d8Zq&"), "k=[redacted]&");
}

TEST(KnownSecret, IsRemovedWithinBase64AtAnyPlace) {
  const KnownSecret secret(kKey);
  for (const std::string before : {"", "a", "ab", "abc", "user:"}) {
    for (const std::string behind : {"", "x", "xy"}) {
      const std::string cleaned = secret.RemovedFrom(Base64(before + kKey + behind));
      EXPECT_NE(cleaned.find("[redacted]"), std::string::npos) << before << '|' << behind;
      // What is left holds no more than the characters shared with the neighbours.
      EXPECT_LE(cleaned.size(), Base64(before).size() + Base64(behind).size() + 16) << cleaned;
    }
  }
}

TEST(KnownSecret, IsRemovedWhereALimitCutItOff) {
  const KnownSecret secret(kKey);
  EXPECT_EQ(secret.RemovedFrom("key: token-ma"), "key: [redacted]");
  EXPECT_EQ(secret.RemovedFrom("key: token-m"), "key: token-m") << "seven characters tell nothing";
}

TEST(KnownSecret, ThatIsTooShortOrMissingIsNone) {
  EXPECT_EQ(KnownSecret("x").RemovedFrom("xxx"), "xxx");
  EXPECT_EQ(KnownSecret("").RemovedFrom("any"), "any");
  EXPECT_EQ(KnownSecret().RemovedFrom("any"), "any");
  EXPECT_EQ(KnownSecret("abcd").RemovedFrom("abcabcd"), "abc[redacted]");
}

}  // namespace
}  // namespace sparkgate::translate

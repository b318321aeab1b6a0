#include "service/config/certificates.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "absl/time/clock.h"
#include "tests/support/tls_files.h"

namespace sparkgate::config {
namespace {

using support::ReadFile;
using support::TlsFiles;

class CertificatesTest : public testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) const {
    const std::string path = files_.folder() + "/" + name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  const TlsFiles files_{"one"};
};

std::string Message(const absl::Status& status) { return std::string(status.message()); }

TEST_F(CertificatesTest, AreParsedOneByOne) {
  const std::string good = ReadFile(support::CaFile());
  const std::string rubbish = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  EXPECT_TRUE(CheckCertificates(Write("two", "a comment\n" + good + good)).ok());
  struct {
    std::string text;
    std::string problem;
  } cases[] = {
      {good, ""},
      {"", "holds no certificate"},
      {"no PEM at all\n", "holds no certificate"},
      {good + good.substr(0, good.size() / 2), "certificate 2 in it cannot be parsed"},
      {rubbish, "certificate 1 in it cannot be parsed"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(Message(CheckCertificates(Write("file", c.text))), c.problem);
    EXPECT_EQ(Message(ReadCertificateChain(Write("file", c.text)).status()), c.problem);
  }
}

TEST_F(CertificatesTest, TheFirstOfAChainIsTheServers) {
  const std::string text = ReadFile(files_.certificate()) + ReadFile(support::CaFile());
  const auto chain = ReadCertificateChain(Write("chain", text));
  ASSERT_TRUE(chain.ok()) << chain.status();
  EXPECT_EQ(chain->pem, text);
  EXPECT_EQ(chain->name.rfind("CN=one, serial ", 0), 0u) << chain->name;
  EXPECT_LT(chain->not_before, absl::Now());
  EXPECT_GT(chain->not_after, absl::Now() + absl::Hours(24 * 29));
  EXPECT_TRUE(ReadPrivateKey(files_.key(), *chain).ok());
}

TEST_F(CertificatesTest, ANameThatWouldSpoilALogIsEscapedAndCut) {
  const auto odd = ReadCertificateChain(files_.Make("a\nb\xc3\xa4").certificate);
  ASSERT_TRUE(odd.ok()) << odd.status();
  EXPECT_EQ(odd->name.rfind("CN=a\\0Ab\\C3\\83\\C2\\A4, serial ", 0), 0u) << odd->name;
  const auto none = ReadCertificateChain(files_.Make("").certificate);
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_EQ(none->name.rfind("serial ", 0), 0u) << none->name;
}

TEST_F(CertificatesTest, AKeyMustBeThatOfTheCertificate) {
  const auto chain = ReadCertificateChain(files_.certificate());
  ASSERT_TRUE(chain.ok()) << chain.status();
  const auto key = ReadPrivateKey(files_.key(), *chain);
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(*key, ReadFile(files_.key()));
  EXPECT_EQ(Message(ReadPrivateKey(files_.Make("other").key, *chain).status()),
            "is not the key of the first certificate in " + files_.certificate());
  EXPECT_EQ(Message(ReadPrivateKey(files_.certificate(), *chain).status()),
            "holds no private key that can be read without a passphrase");
}

TEST_F(CertificatesTest, WhatNoServerCouldUseIsRefused) {
  support::IdentityOptions weak;
  weak.weak = true;
  EXPECT_EQ(Message(ReadCertificateChain(files_.Make("weak", weak).certificate).status()),
            "is refused by OpenSSL: ee key too small");
  const std::string good = ReadFile(files_.certificate());
  EXPECT_EQ(Message(ReadCertificateChain(Write("nul", good + '\0')).status()), "holds a NUL byte");
  EXPECT_EQ(
      Message(ReadCertificateChain(Write("large", good + std::string(1 << 20, '\n'))).status()),
      "has more than 1048576 bytes");
}

TEST_F(CertificatesTest, ValidityEndsAndBeginsAtASecond) {
  CertificateChain chain;
  chain.not_before = absl::FromUnixSeconds(1'000'000'000);
  chain.not_after = absl::FromUnixSeconds(2'000'000'000);
  EXPECT_EQ(ValidityProblem(chain, chain.not_before), "");
  EXPECT_EQ(ValidityProblem(chain, chain.not_after), "");
  EXPECT_EQ(ValidityProblem(chain, chain.not_before - absl::Seconds(1)),
            "is not valid before 2001-09-09T01:46:40Z");
  EXPECT_EQ(ValidityProblem(chain, chain.not_after + absl::Seconds(1)),
            "expired at 2033-05-18T03:33:20Z");
}

}  // namespace
}  // namespace sparkgate::config

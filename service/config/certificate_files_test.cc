#include "service/config/certificate_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/support/test_certificates.h"

namespace sparkgate::config {
namespace {

std::string Read(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

class CertificateFilesTest : public testing::Test {
 protected:
  CertificateFilesTest() {
    mkdir(folder_.c_str(), 0700);
    one_ = support::WriteIdentity(folder_, "one");
    two_ = support::WriteIdentity(folder_, "two");
    Replace(one_.certificate, certificate_);
    Replace(one_.key, key_);
  }

  // By renaming, as a careful program does.
  void Replace(const std::string& from, const std::string& to) {
    std::ofstream(to + ".new") << Read(from);
    ASSERT_EQ(rename((to + ".new").c_str(), to.c_str()), 0);
  }
  // Into the file that is there, as cp does.
  static void Overwrite(const std::string& from, const std::string& to) {
    std::ofstream(to, std::ios::trunc) << Read(from);
  }

  // The pair a second later. "one", "two", or "" if there is no new one.
  std::string Take(CertificateFiles* files) {
    now_ += CertificateFiles::kInterval;
    const auto pair = files->TakeIfChanged(now_);
    if (!pair) return "";
    const bool first = pair->certificates == Read(one_.certificate);
    EXPECT_EQ(pair->key, Read(first ? one_.key : two_.key));
    EXPECT_EQ(pair->certificates, Read(first ? one_.certificate : two_.certificate));
    EXPECT_GT(pair->expiry, absl::Now());
    return first ? "one" : "two";
  }

  const std::string folder_ = testing::TempDir() + "certificate_files_" + std::to_string(getpid());
  const std::string certificate_ = folder_ + "/tls.crt";
  const std::string key_ = folder_ + "/tls.key";
  support::IdentityFiles one_, two_;
  std::vector<std::string> problems_;
  CertificateFiles::Clock::time_point now_{};
  CertificateFiles files_{certificate_, key_,
                          [this](const std::string& problem) { problems_.push_back(problem); }};
};

TEST_F(CertificateFilesTest, AreTakenOnce) {
  EXPECT_EQ(Take(&files_), "one");
  EXPECT_EQ(Take(&files_), "");
  EXPECT_EQ(Take(&files_), "");
  EXPECT_TRUE(problems_.empty());
}

TEST_F(CertificateFilesTest, AreLookedAtOnceAnInterval) {
  EXPECT_EQ(Take(&files_), "one");
  Replace(two_.key, key_);
  Replace(two_.certificate, certificate_);
  const auto soon = now_ + CertificateFiles::kInterval - std::chrono::milliseconds(1);
  EXPECT_FALSE(files_.TakeIfChanged(soon).has_value());
  EXPECT_EQ(Take(&files_), "two");
}

TEST_F(CertificateFilesTest, AreReplacedInAnyOrderAndManner) {
  EXPECT_EQ(Take(&files_), "one");
  Replace(two_.key, key_);
  EXPECT_EQ(Take(&files_), "") << "the key is not that of the certificate yet";
  Replace(two_.certificate, certificate_);
  EXPECT_EQ(Take(&files_), "two");
  Overwrite(one_.certificate, certificate_);
  EXPECT_EQ(Take(&files_), "");
  Overwrite(one_.key, key_);
  EXPECT_EQ(Take(&files_), "one");
  EXPECT_EQ(problems_,
            (std::vector<std::string>(2, key_ + ": is not the key of the first certificate")));
}

// As Kubernetes does: the files are links through a link, and that one is replaced.
TEST_F(CertificateFilesTest, AreReplacedByAnotherLink) {
  for (const auto& [name, identity] : {std::pair("a", one_), std::pair("b", two_)}) {
    const std::string version = folder_ + "/" + name;
    mkdir(version.c_str(), 0700);
    Overwrite(identity.certificate, version + "/tls.crt");
    Overwrite(identity.key, version + "/tls.key");
  }
  const std::string data = folder_ + "/..data";
  ASSERT_EQ(symlink("a", data.c_str()), 0);
  CertificateFiles files(data + "/tls.crt", data + "/tls.key",
                         [](const std::string& problem) { ADD_FAILURE() << problem; });
  EXPECT_EQ(Take(&files), "one");
  ASSERT_EQ(symlink("b", (data + ".new").c_str()), 0);
  ASSERT_EQ(rename((data + ".new").c_str(), data.c_str()), 0);
  EXPECT_EQ(Take(&files), "two");
}

TEST_F(CertificateFilesTest, WhatCannotBeUsedIsToldOnceForEachChange) {
  EXPECT_EQ(Take(&files_), "one");
  std::ofstream(certificate_, std::ios::trunc) << "no certificate";
  EXPECT_EQ(Take(&files_), "");
  EXPECT_EQ(Take(&files_), "");
  unlink(certificate_.c_str());
  EXPECT_EQ(Take(&files_), "");
  ASSERT_EQ(mkfifo(certificate_.c_str(), 0600), 0);
  EXPECT_EQ(Take(&files_), "") << "nobody waits for a pipe";
  EXPECT_EQ(Take(&files_), "");
  EXPECT_EQ(problems_, (std::vector<std::string>{certificate_ + ": holds no certificate",
                                                 certificate_ + ": No such file or directory",
                                                 certificate_ + ": is not a regular file"}));
  unlink(certificate_.c_str());
  Replace(two_.certificate, certificate_);
  Replace(two_.key, key_);
  EXPECT_EQ(Take(&files_), "two") << "it recovers";
}

TEST_F(CertificateFilesTest, TheSamePairAgainIsNoNews) {
  EXPECT_EQ(Take(&files_), "one");
  Replace(one_.certificate, certificate_);
  Replace(one_.key, key_);
  EXPECT_EQ(Take(&files_), "");
}

}  // namespace
}  // namespace sparkgate::config

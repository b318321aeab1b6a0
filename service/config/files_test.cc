#include "service/config/files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>

#include "tests/support/test_certificates.h"

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

std::string Read(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
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

TEST(Files, CertificatesAreParsedOneByOne) {
  const std::string good = Read(support::CaFile());
  EXPECT_TRUE(CheckCertificates(support::CaFile()).ok());
  EXPECT_TRUE(CheckCertificates(Write("two", "a comment\n" + good + good)).ok());
  EXPECT_EQ(Message(CheckCertificates(Write("empty", ""))), "holds no certificate");
  EXPECT_EQ(Message(CheckCertificates(Write("words", "no PEM at all\n"))), "holds no certificate");
  EXPECT_EQ(Message(CheckCertificates(Write("cut", good + good.substr(0, good.size() / 2)))),
            "certificate 2 in it cannot be parsed");
  const std::string rubbish = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  EXPECT_EQ(Message(CheckCertificates(Write("rubbish", rubbish))),
            "certificate 1 in it cannot be parsed");
}

TEST(Files, AKeyMustBeThatOfTheCertificate) {
  const auto one = support::WriteIdentity(Folder(), "one");
  const auto other = support::WriteIdentity(Folder(), "other");
  EXPECT_TRUE(CheckPrivateKey(one.key, one.certificate).ok());
  EXPECT_EQ(Message(CheckPrivateKey(other.key, one.certificate)),
            "is not the key of the first certificate in " + one.certificate);
  EXPECT_EQ(Message(CheckPrivateKey(one.certificate, one.certificate)),
            "holds no private key that can be read without a passphrase");
}

}  // namespace
}  // namespace sparkgate::config

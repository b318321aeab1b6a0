#include "service/config/key_pair_files.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/tls_files.h"

namespace sparkgate::config {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using support::IdentityFiles;
using support::TlsFiles;
using telemetry::Level;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class KeyPairFilesTest : public testing::Test {
 protected:
  KeyPairFilesTest() {
    auto opened = KeyPairFiles::Open(
        files_.certificate(), files_.key(),
        [this](Level level, const std::string& message) {
          (level == Level::kWarning ? warnings_ : notices_).push_back(message);
        },
        now_);
    pair_files_ = *std::move(opened);
    EXPECT_TRUE(pair_files_->TakeNew(now_).has_value());
    EXPECT_THAT(notices_, ElementsAre(StartsWith("TLS certificate: CN=one, serial ")));
    notices_.clear();
  }

  ~KeyPairFilesTest() override {
    for (const auto& lines : {warnings_, notices_}) {
      for (const std::string& line : lines) {
        EXPECT_THAT(line, Not(HasSubstr("PRIVATE KEY")));
        EXPECT_THAT(line, Not(HasSubstr("BEGIN")));
      }
    }
  }

  // Asks at the next moment at which the files are looked at.
  std::optional<KeyPairFiles::KeyPair> Look() {
    now_ += KeyPairFiles::kInterval;
    return pair_files_->TakeNew(now_);
  }

  // Nothing new, and nothing said.
  void ExpectQuiet() {
    const size_t warnings = warnings_.size();
    EXPECT_FALSE(Look().has_value());
    EXPECT_EQ(warnings_.size(), warnings);
    EXPECT_THAT(notices_, IsEmpty());
  }

  void ExpectReplaced(const std::string& name) {
    const std::string certificates = support::ReadFile(files_.certificate());
    const std::string key = support::ReadFile(files_.key());
    const auto pair = Look();
    ASSERT_TRUE(pair.has_value());
    EXPECT_EQ(pair->certificates, certificates);
    EXPECT_EQ(pair->key, key);
    EXPECT_THAT(notices_, ElementsAre(AllOf(StartsWith("TLS certificate replaced, "),
                                            HasSubstr("CN=" + name + ", serial "),
                                            HasSubstr(", valid until 20"))));
    notices_.clear();
    ExpectQuiet();
  }

  void ExpectKept(const std::string& reason) {
    EXPECT_FALSE(Look().has_value());
    EXPECT_THAT(warnings_,
                ElementsAre(AllOf(HasSubstr(reason), HasSubstr("read before stay in use"))));
    ExpectQuiet();
    ExpectQuiet();
    warnings_.clear();
  }

  TlsFiles files_{"one"};
  KeyPairFiles::Clock::time_point now_ = KeyPairFiles::Clock::now();
  std::vector<std::string> warnings_;
  std::vector<std::string> notices_;
  std::unique_ptr<KeyPairFiles> pair_files_;
};

TEST_F(KeyPairFilesTest, APairIsHandedOutOnce) {
  ExpectQuiet();
  ExpectQuiet();
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(KeyPairFilesTest, RenamedTheKeyFirst) {
  const IdentityFiles two = files_.Make("two");
  TlsFiles::Rename(two.key, files_.key());
  ExpectKept("--tls_key_file: " + files_.key() + ": is not the key of the first certificate in " +
             files_.certificate());
  TlsFiles::Rename(two.certificate, files_.certificate());
  ExpectReplaced("two");
}

TEST_F(KeyPairFilesTest, RenamedTheCertificateFirst) {
  const IdentityFiles two = files_.Make("two");
  TlsFiles::Rename(two.certificate, files_.certificate());
  ExpectKept("is not the key of the first certificate");
  TlsFiles::Rename(two.key, files_.key());
  ExpectReplaced("two");
}

TEST_F(KeyPairFilesTest, WithinOneLookNothingIsSaidOfWhatIsBetween) {
  for (const char* name : {"two", "three"}) {
    const IdentityFiles pair = files_.Make(name);
    TlsFiles::Rename(pair.key, files_.key());
    TlsFiles::Rename(pair.certificate, files_.certificate());
    ExpectReplaced(name);
  }
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(KeyPairFilesTest, OverwrittenInPlace) {
  const IdentityFiles two = files_.Make("two");
  TlsFiles::Overwrite(two.key, files_.key());
  ExpectKept("is not the key of the first certificate");
  const std::string whole = support::ReadFile(two.certificate);
  std::ofstream certificate(files_.certificate(), std::ios::trunc);
  ExpectKept(files_.certificate() + ": holds no certificate");
  certificate << whole.substr(0, whole.size() / 2) << std::flush;
  ExpectKept(files_.certificate() + ": certificate 1 in it cannot be parsed");
  certificate << whole.substr(whole.size() / 2) << std::flush;
  ExpectReplaced("two");
}

TEST_F(KeyPairFilesTest, TheSameSizeAndTimeInPlaceIsAChange) {
  struct stat before = {};
  ASSERT_EQ(stat(files_.certificate().c_str(), &before), 0);
  std::string text = support::ReadFile(files_.certificate());
  text[text.size() / 2] = '!';
  std::ofstream(files_.certificate(), std::ios::trunc) << text;
  const timespec times[] = {before.st_atim, before.st_mtim};
  ASSERT_EQ(utimensat(AT_FDCWD, files_.certificate().c_str(), times, 0), 0);
  ExpectKept("certificate 1 in it cannot be parsed");
}

TEST_F(KeyPairFilesTest, LinksAreFollowedAnew) {
  for (const char* name : {"two", "three", "four"}) {
    files_.SwapLink(files_.Make(name));
    ExpectReplaced(name);
  }
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(KeyPairFilesTest, ACertificateRenewedForTheSameKeyIsNew) {
  std::ofstream(files_.certificate(), std::ios::app) << support::ReadFile(support::CaFile());
  ExpectReplaced("one");
}

TEST_F(KeyPairFilesTest, WhatCannotBeReadIsSaidOnceAndTheOldPairStays) {
  const IdentityFiles two = files_.Make("two");
  const auto replaced_by = [this](const std::function<void(const std::string& path)>& make) {
    std::filesystem::remove_all(files_.key());
    make(files_.key());
  };
  replaced_by([](const std::string&) {});
  ExpectKept("--tls_key_file: " + files_.key() + ": No such file or directory");
  replaced_by([](const std::string& path) { std::ofstream(path) << "no PEM at all"; });
  ExpectKept("holds no private key");
  replaced_by([](const std::string& path) { std::ofstream(path) << "nor here"; });
  ExpectKept("holds no private key");  // another change, the same fault
  replaced_by([](const std::string& path) { ASSERT_EQ(mkfifo(path.c_str(), 0600), 0); });
  ExpectKept("is not a regular file");
  replaced_by([](const std::string& path) { ASSERT_EQ(mkdir(path.c_str(), 0700), 0); });
  ExpectKept("Is a directory");
  replaced_by([](const std::string& path) {
    std::ofstream(path) << std::string(100, '\0') << "-----BEGIN PRIVATE KEY-----";
  });
  ExpectKept("holds a NUL byte");
  // Only as much as is allowed is read of it: it takes no room.
  replaced_by([](const std::string& path) {
    std::ofstream{path};
    ASSERT_EQ(truncate(path.c_str(), off_t{1} << 40), 0);
  });
  ExpectKept("has more than 1048576 bytes");
  replaced_by([](const std::string& path) { ASSERT_EQ(symlink("tls.key", path.c_str()), 0); });
  ExpectKept("Too many levels of symbolic links");
  std::filesystem::remove(files_.key());
  TlsFiles::Rename(two.key, files_.key());
  TlsFiles::Rename(two.certificate, files_.certificate());
  ExpectReplaced("two");
}

TEST_F(KeyPairFilesTest, ACertificateThatOpenSslRefusesIsNotTaken) {
  support::IdentityOptions options;
  options.weak = true;
  const IdentityFiles weak = files_.Make("weak", options);
  TlsFiles::Rename(weak.certificate, files_.certificate());
  TlsFiles::Rename(weak.key, files_.key());
  ExpectKept(files_.certificate() + ": is refused by OpenSSL: ee key too small");
}

TEST_F(KeyPairFilesTest, TheOldPairThatComesBackIsToldAndNotHandedOut) {
  const IdentityFiles two = files_.Make("two");
  const std::string kept = files_.folder() + "/kept";
  std::filesystem::rename(files_.key(), kept);
  TlsFiles::Rename(two.key, files_.key());
  ExpectKept("is not the key of the first certificate");
  TlsFiles::Rename(kept, files_.key());
  EXPECT_FALSE(Look().has_value());
  EXPECT_THAT(notices_, ElementsAre("the TLS files are those in use again"));
  notices_.clear();
  ExpectQuiet();
}

TEST_F(KeyPairFilesTest, BetweenTwoLooksNothingIsSeen) {
  const IdentityFiles two = files_.Make("two");
  TlsFiles::Rename(two.key, files_.key());
  TlsFiles::Rename(two.certificate, files_.certificate());
  EXPECT_FALSE(pair_files_->TakeNew(now_ + KeyPairFiles::kInterval - milliseconds(1)).has_value());
  EXPECT_TRUE(pair_files_->TakeNew(now_ + KeyPairFiles::kInterval).has_value());
}

TEST_F(KeyPairFilesTest, AClockThatIsSetBackStopsNothing) {
  const IdentityFiles two = files_.Make("two");
  TlsFiles::Rename(two.key, files_.key());
  TlsFiles::Rename(two.certificate, files_.certificate());
  EXPECT_TRUE(pair_files_->TakeNew(now_ - hours(1)).has_value());
}

// How often the files were opened since it was asked last.
class Opened {
 public:
  explicit Opened(const TlsFiles& files) : fd_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
    for (const std::string& path : {files.certificate(), files.key()}) {
      EXPECT_GE(inotify_add_watch(fd_, path.c_str(), IN_OPEN), 0);
    }
  }
  ~Opened() { close(fd_); }

  int Count() {
    inotify_event events[64];  // without names: the files themselves are watched
    const ssize_t size = read(fd_, events, sizeof events);
    return size > 0 ? static_cast<int>(size / sizeof(inotify_event)) : 0;
  }

 private:
  const int fd_;
};

// Events of one kind on one file that follow each other are one: the two are opened in turn.
TEST_F(KeyPairFilesTest, FilesThatHaveNotChangedAreNotRead) {
  Opened opened(files_);
  Look();
  EXPECT_EQ(opened.Count(), 2) << "once more, in case of a change that no time stamp shows";
  for (int i = 0; i < 5; ++i) Look();
  EXPECT_EQ(opened.Count(), 0);
  ASSERT_EQ(chmod(files_.key().c_str(), 0400), 0);
  Look();
  EXPECT_EQ(opened.Count(), 2);
  Look();
  EXPECT_EQ(opened.Count(), 2);
  Look();
  EXPECT_EQ(opened.Count(), 0);
  EXPECT_THAT(notices_, IsEmpty());
}

TEST_F(KeyPairFilesTest, ThePairInUseExpires) {
  ExpectQuiet();
  now_ += hours(24 * 31);
  EXPECT_FALSE(Look().has_value());
  EXPECT_THAT(warnings_, ElementsAre(AllOf(HasSubstr(files_.certificate()),
                                           HasSubstr(": the certificate expired at 20"),
                                           HasSubstr("Z; callers refuse it"))));
  ExpectQuiet();
}

TEST_F(KeyPairFilesTest, OneThatIsNotValidIsTakenWithAWarning) {
  support::IdentityOptions expired;
  expired.from_days = -20;
  expired.to_days = -10;
  support::IdentityOptions early;
  early.from_days = 2;
  const IdentityFiles pairs[] = {files_.Make("expired", expired), files_.Make("again", expired),
                                 files_.Make("early", early)};
  for (int i = 0; i < 2; ++i) {
    files_.SwapLink(pairs[i]);
    ExpectReplaced(i == 0 ? "expired" : "again");
    EXPECT_THAT(warnings_, ElementsAre(HasSubstr("expired at 20")));
    warnings_.clear();
  }
  files_.SwapLink(pairs[2]);
  ExpectReplaced("early");
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("is not valid before 20")));
  now_ += hours(24 * 3);
  ExpectQuiet();
}

// Each change is handed out once, whoever asks.
TEST_F(KeyPairFilesTest, ManyThreadsMayAsk) {
  constexpr int kThreads = 4;
  constexpr int kChanges = 10;
  for (int i = 0; i < kChanges; ++i) {
    files_.SwapLink(files_.Make("change" + std::to_string(i)));
    now_ += KeyPairFiles::kInterval;
    std::atomic<int> taken{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&] {
        if (pair_files_->TakeNew(now_)) taken.fetch_add(1);
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(taken.load(), 1);
  }
  EXPECT_EQ(notices_.size(), kChanges);
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST(KeyPairFiles, WhatIsWrongAtTheStartNamesTheFlag) {
  const TlsFiles files("one");
  const auto open = [](const std::string& certificate, const std::string& key) {
    return std::string(KeyPairFiles::Open(certificate, key, [](Level, const std::string&) {}, {})
                           .status()
                           .message());
  };
  EXPECT_EQ(open("/no/such", files.key()), "--tls_cert_file: /no/such: No such file or directory");
  EXPECT_EQ(open(files.certificate(), "/no/such"),
            "--tls_key_file: /no/such: No such file or directory");
}

}  // namespace
}  // namespace sparkgate::config

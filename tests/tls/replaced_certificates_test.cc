// The certificate and the key are replaced while the server runs: new connections get the new ones,
// and nobody loses a call by it.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/eventually.h"
#include "tests/support/gate.h"
#include "tests/support/http_text.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/secrets.h"
#include "tests/support/server_process.h"
#include "tests/support/tls_client.h"
#include "tests/support/tls_files.h"

namespace sparkgate::tls {
namespace {

using support::Caller;
using support::CallResult;
using support::ChatRequestBody;
using support::Connection;
using support::Eventually;
using support::Gate;
using support::IdentityFiles;
using support::PeerName;
using support::Rpc;
using support::RunningCall;
using support::ScriptedUpstream;
using support::ServerProcess;
using support::TlsFiles;

// A server with a certificate of the name "one". Streams to "held" begin with "Hel" and end with
// "lo" when the test opens the gate; all other calls are answered at once.
class ReplacedCertificatesTest : public testing::Test {
 protected:
  static ServerProcess::Options OptionsFor(const ScriptedUpstream& upstream,
                                           const TlsFiles& files) {
    ServerProcess::Options options;
    options.upstream_url = upstream.base_url();
    options.flags = {"--tls_cert_file=" + files.certificate(), "--tls_key_file=" + files.key()};
    return options;
  }

  static support::ChannelOptions Tls() {
    support::ChannelOptions options;
    options.ca_file = support::CaFile();
    return options;
  }

  // The server's output is searched for every line of it when the server ends.
  IdentityFiles Make(const std::string& name) {
    const IdentityFiles made = files_.Make(name);
    const std::string key = support::ReadFile(made.key);
    const size_t begin = key.find('\n') + 1;
    support::NameSecret(key.substr(begin, key.find('\n', begin) - begin));
    return made;
  }

  // While a stream is open and other callers come and go, each with a connection of his own.
  void ExpectThatNobodyNotices(const std::function<void()>& replace, const std::string& name) {
    Caller before(server_.address(), Tls());
    RunningCall stream = before.Start(Rpc::kStreamChat, ChatRequestBody("held"));
    ASSERT_TRUE(stream.AwaitMessages(1));
    std::atomic<bool> stop{false};
    std::thread others([&] {
      while (!stop) {
        Caller caller(server_.address(), Tls());
        const CallResult result = caller.StreamChat(ChatRequestBody("other"));
        EXPECT_TRUE(result.ok()) << result.Describe();
      }
    });
    EXPECT_EQ(PeerName(server_.port()), "one");
    replace();
    EXPECT_TRUE(Eventually([&] { return PeerName(server_.port()) == name; }));
    go_on_.Open();
    const CallResult result = stream.Wait();
    EXPECT_TRUE(result.ok()) << result.Describe();
    EXPECT_EQ(result.Text(), "Hello");
    EXPECT_TRUE(before.Chat(ChatRequestBody("on the old connection")).ok());
    stop = true;
    others.join();
    EXPECT_EQ(PeerName(server_.port()), name);
  }

  int Logged(const std::string& text) {
    const std::string log = server_.process().errors();
    int count = 0;
    for (size_t at = log.find(text); at != std::string::npos; at = log.find(text, at + 1)) ++count;
    return count;
  }

  static std::string Event(const std::string& data) {
    return support::Chunk(support::SseEvent(data));
  }

  TlsFiles files_{"one"};
  Gate go_on_;
  ScriptedUpstream upstream_{[this](Connection& connection) {
    while (const auto request = connection.ReadRequest()) {
      if (support::CallNameOf(request->body) != "held") {
        connection.Send(support::AnswerTo(request->body, "Hello"));
        continue;
      }
      connection.Send(support::SseHead() + Event(support::ContentChunk("Hel")));
      if (!go_on_.Await()) return;
      connection.Send(Event(support::ContentChunk("lo")) + Event(support::FinishChunk()) +
                      Event("[DONE]") + support::LastChunk());
    }
  }};
  ServerProcess server_{OptionsFor(upstream_, files_)};
};

TEST_F(ReplacedCertificatesTest, ByRenameTheKeyFirst) {
  const IdentityFiles two = Make("two");
  const auto replace = [&] {
    TlsFiles::Rename(two.key, files_.key());
    // So long that the server sees the one without the other.
    EXPECT_TRUE(Eventually([&] {
      EXPECT_EQ(PeerName(server_.port()), "one");
      return Logged("is not the key of the first certificate") == 1;
    }));
    TlsFiles::Rename(two.certificate, files_.certificate());
  };
  ExpectThatNobodyNotices(replace, "two");
  // The log is written by a thread of its own.
  EXPECT_TRUE(Eventually([&] {
    return Logged("TLS certificate replaced, new connections get it: CN=two, serial ") == 1;
  }));
  EXPECT_EQ(Logged("\"level\":\"warning\""), 1);
}

TEST_F(ReplacedCertificatesTest, ByRenameTheCertificateFirst) {
  const IdentityFiles two = Make("two");
  const auto replace = [&] {
    TlsFiles::Rename(two.certificate, files_.certificate());
    EXPECT_EQ(PeerName(server_.port()), "one");
    TlsFiles::Rename(two.key, files_.key());
  };
  ExpectThatNobodyNotices(replace, "two");
}

TEST_F(ReplacedCertificatesTest, InPlace) {
  const IdentityFiles two = Make("two");
  const auto replace = [&] {
    TlsFiles::Overwrite(two.key, files_.key());
    TlsFiles::Overwrite(two.certificate, files_.certificate());
  };
  ExpectThatNobodyNotices(replace, "two");
}

TEST_F(ReplacedCertificatesTest, ByAnotherFolderBehindALink) {
  const IdentityFiles two = Make("two"), three = Make("three");
  const auto replace = [&] {
    files_.SwapLink(two);
    EXPECT_TRUE(Eventually([&] { return PeerName(server_.port()) == "two"; }));
    files_.SwapLink(three);
  };
  ExpectThatNobodyNotices(replace, "three");
}

TEST_F(ReplacedCertificatesTest, FilesThatAreGoneLeaveTheOldPair) {
  const IdentityFiles two = Make("two");
  const auto replace = [&] {
    TlsFiles::Rename(files_.key(), files_.folder() + "/away");
    EXPECT_TRUE(Eventually([&] {
      EXPECT_EQ(PeerName(server_.port()), "one");
      return Logged(files_.key() + ": No such file or directory") == 1;
    }));
    TlsFiles::Rename(two.certificate, files_.certificate());
    TlsFiles::Rename(two.key, files_.key());
  };
  ExpectThatNobodyNotices(replace, "two");
}

TEST(ExpiredCertificate, IsServedWithAWarning) {
  TlsFiles files("one");
  support::IdentityOptions expired;
  expired.from_days = -20;
  expired.to_days = -10;
  const IdentityFiles made = files.Make("expired", expired);
  TlsFiles::Rename(made.certificate, files.certificate());
  TlsFiles::Rename(made.key, files.key());
  ScriptedUpstream upstream([](Connection&) {});
  ServerProcess server(upstream.base_url(),
                       {"--tls_cert_file=" + files.certificate(), "--tls_key_file=" + files.key()});
  EXPECT_EQ(PeerName(server.port()), "") << "whoever checks it refuses it";
  EXPECT_EQ(PeerName(server.port()), "");
  server.Stop();
  const std::string log = server.process().errors();
  const size_t warning = log.find(": the certificate expired at 20");
  EXPECT_NE(warning, std::string::npos) << log;
  EXPECT_EQ(log.find("expired at", warning + 40), std::string::npos) << "said twice: " << log;
}

}  // namespace
}  // namespace sparkgate::tls

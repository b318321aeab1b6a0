// A process that can get no further thread, or no further descriptor, serves on and shuts down as
// any other: all that it needs for that is there from the start.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/eventually.h"
#include "tests/support/gate.h"
#include "tests/support/http_text.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/server_process.h"

namespace sparkgate::drain {
namespace {

using support::Caller;
using support::CallResult;
using support::ChatRequestBody;
using support::Connection;
using support::Rpc;
using support::RunningCall;
using support::ScriptedUpstream;
using support::ServerProcess;

constexpr int kStreams = 8;

// Root has no limit of processes: the server is another user's then, and a copy of its own, since
// that user may not reach into the test's folder.
class ServerOfAUser {
 public:
  explicit ServerOfAUser(const std::string& upstream_url) {
    ServerProcess::Options options;
    options.upstream_url = upstream_url;
    options.allow_core = true;  // its descriptors are counted
    if (geteuid() == 0) {
      EXPECT_NE(mkdtemp(folder_), nullptr);
      chmod(folder_, 0755);
      const std::string copy = std::string(folder_) + "/sparkgate";
      std::ofstream(copy, std::ios::binary)
          << std::ifstream("service/sparkgate", std::ios::binary).rdbuf();
      chmod(copy.c_str(), 0755);
      run_as_ =
          "/usr/bin/setpriv --reuid=54321 --regid=54321 --clear-groups --inh-caps=-all "
          "--bounding-set=-all ";
      options.run_by = {"/bin/sh", "-c", "shift && cd / && exec " + run_as_ + copy + " \"$@\"",
                        "sh"};
    }
    process_ = std::make_unique<ServerProcess>(options);
  }
  ~ServerOfAUser() {
    process_.reset();
    if (geteuid() != 0) return;
    unlink((std::string(folder_) + "/sparkgate").c_str());
    rmdir(folder_);
  }

  ServerProcess* operator->() { return process_.get(); }
  pid_t pid() { return process_->process().pid(); }

  // From now on: what it has is all that it gets. `limit` as prlimit(1) takes it. By the same user:
  // root in a container may not.
  void Limit(const std::string& limit) {
    const std::string command =
        run_as_ + "/usr/bin/prlimit --pid=" + std::to_string(pid()) + " --" + limit;
    ASSERT_EQ(system(command.c_str()), 0) << command;
  }

 private:
  char folder_[64] = "/tmp/sparkgate-exhausted-XXXXXX";
  std::string run_as_;  // "": the test's own user
  std::unique_ptr<ServerProcess> process_;
};

std::string StatusOf(pid_t pid) {
  std::ostringstream text;
  text << std::ifstream("/proc/" + std::to_string(pid) + "/status").rdbuf();
  return text.str();
}

class Exhausted : public testing::Test {
 protected:
  void BeginStreams() {
    for (int i = 0; i < kStreams; ++i) {
      streams_.push_back(caller_.Start(Rpc::kStreamChat, ChatRequestBody("stream")));
    }
    for (RunningCall& stream : streams_) ASSERT_TRUE(stream.AwaitMessages(1));
  }

  void ExpectToShutDownAsAnyOther() {
    server_->Terminate();
    ASSERT_TRUE(support::Eventually(
        [&] { return server_->process().errors().find("draining") != std::string::npos; }));
    go_on_.Open();
    for (RunningCall& stream : streams_) {
      const CallResult result = stream.Wait();
      EXPECT_TRUE(result.ok()) << result.Describe();
      EXPECT_EQ(result.FinishReason(), "stop");
    }
    EXPECT_EQ(server_->WaitForEnd(), 0);
    EXPECT_NE(server_->process().errors().find("\"drained\""), std::string::npos)
        << server_->process().errors();
  }

  support::Gate go_on_;
  ScriptedUpstream upstream_{[this](Connection& connection) {
    while (const auto request = connection.ReadRequest()) {
      if (!support::IsStream(request->body)) {
        const bool large = support::CallNameOf(request->body) == "large";
        connection.Send(support::AnswerTo(request->body, std::string(large ? 300'000 : 5, 'x')));
        continue;
      }
      connection.Send(support::SseHead() +
                      support::Chunk(support::SseEvent(support::ContentChunk("Hel"))));
      if (!go_on_.Await()) return;
      connection.Send(support::Chunk(support::SseEvent(support::ContentChunk("lo")) +
                                     support::SseEvent(support::FinishChunk()) +
                                     support::SseEvent("[DONE]")) +
                      support::LastChunk());
    }
  }};
  ServerOfAUser server_{upstream_.base_url("localhost")};
  Caller caller_{server_->address()};
  std::vector<RunningCall> streams_;
};

TEST_F(Exhausted, WithoutFurtherThreads) {
  BeginStreams();
  const std::string status = StatusOf(server_.pid());
  ASSERT_EQ(status.find("\nUid:\t0\t"), std::string::npos) << "root has no such limit";
  ASSERT_NE(status.find("\nCapEff:\t0000000000000000\n"), std::string::npos) << status;
  server_.Limit("nproc=1:1");
  // It goes on serving: on a new connection, with its look-up, and what workers decode.
  Caller newcomer(server_->address());
  for (const char* name : {"small", "large"}) {
    const CallResult answer = newcomer.Chat(
        ChatRequestBody(name, ",\"metadata\":{\"k\":\"" + std::string(300'000, 'x') + "\"}"));
    EXPECT_TRUE(answer.ok()) << answer.Describe();
  }
  ExpectToShutDownAsAnyOther();
}

TEST_F(Exhausted, WithoutFurtherDescriptors) {
  BeginStreams();
  const std::string all = std::to_string(server_->counts().descriptors);
  server_.Limit("nofile=" + all + ":" + all);
  ExpectToShutDownAsAnyOther();
}

}  // namespace
}  // namespace sparkgate::drain

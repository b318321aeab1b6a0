// What is sent again and what is not, and that no caller ever gets another's answer: through the
// whole server, with connections that end at exact moments. The same matrix with hooks inside the
// client is in service/upstream/curl_client_retry_test.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/eventually.h"
#include "tests/support/gate.h"
#include "tests/support/http_text.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/server_process.h"
#include "tests/support/tcp_info.h"

namespace sparkgate::retry {
namespace {

using support::CallResult;
using support::ChatRequestBody;
using support::Connection;
using support::Gate;
using support::JsonResponse;
using support::Rpc;

// As long as a request of ours may take to be on its way.
constexpr std::chrono::milliseconds kCrossing{2000};

// Answers every request with its own name.
void AnswerAll(Connection& connection) {
  while (const auto request = connection.ReadRequest()) {
    connection.Send(support::AnswerTo(request->body, support::CallNameOf(request->body)));
  }
}

class Retry : public testing::TestWithParam<bool> {
 protected:
  ~Retry() override {
    if (upstream_ != nullptr) ExpectNothingSeenTwice();
  }

  // The first connection is `script`'s, all later ones answer.
  void Serve(std::function<void(Connection&)> script) {
    ServeAll([script](Connection& connection) {
      if (connection.index() == 0) return script(connection);
      AnswerAll(connection);
    });
  }

  void ServeAll(const std::function<void(Connection&)>& play) {
    if (GetParam()) {
      upstream_ = std::make_unique<support::ScriptedUpstream>(play, support::Certificate::kRight);
    } else {
      upstream_ = std::make_unique<support::ScriptedUpstream>(play);
    }
    support::ServerProcess::Options options;
    options.upstream_url = upstream_->base_url();
    if (GetParam()) options.ca_file = support::CaFile();
    options.flags = {"--loops=1"};  // one pool: the second call finds the first one's connection
    server_ = std::make_unique<support::ServerProcess>(options);
    caller_ = std::make_unique<support::Caller>(server_->address());
  }

  // The first connection answers the call "first" as usual; then `hook` has it.
  void ServeFirstThen(std::function<void(Connection&)> hook) {
    Serve([hook](Connection& connection) {
      const auto request = connection.ReadRequest();
      if (!request) return;
      connection.Send(support::AnswerTo(request->body, "first"));
      hook(connection);
    });
    const CallResult first = caller_->Chat(ChatRequestBody("first"));
    ASSERT_TRUE(first.ok()) << first.Describe();
    ASSERT_EQ(first.Text(), "first");
  }

  CallResult Second(Rpc rpc = Rpc::kStreamChat) {
    return caller_->Call(rpc, ChatRequestBody("second"));
  }

  void ExpectOwnAnswer(const CallResult& result, int connections) {
    if (!result.ok()) server_->Stop();  // its log is whole then
    EXPECT_TRUE(result.ok()) << result.Describe() << "\n" << server_->process().errors();
    EXPECT_EQ(result.Text(), "second");
    EXPECT_EQ(Seen("second"), 1);
    EXPECT_EQ(upstream_->connections_accepted(), connections);
  }

  void ExpectLost(const CallResult& result) {
    EXPECT_EQ(result.name, "ABORTED") << result.Describe();
    EXPECT_EQ(result.reason, "UPSTREAM_CONNECTION_LOST");
    EXPECT_EQ(result.may_have_run(), "true");
    EXPECT_EQ(result.pushback(), "-1");
    EXPECT_EQ(result.Info("attempts"), "1");
  }

  int Seen(const std::string& name) const {
    int count = 0;
    for (const auto& request : upstream_->requests())
      count += support::CallNameOf(request.body) == name;
    return count;
  }

  void ExpectNothingSeenTwice() const {
    std::set<std::string> names;
    for (const auto& request : upstream_->requests()) {
      const std::string name = support::CallNameOf(request.body);
      EXPECT_TRUE(names.insert(name).second) << name << " was complete twice at the upstream";
    }
  }

  Gate now_;   // the test lets the hook go on
  Gate done_;  // the hook has done it
  std::unique_ptr<support::ScriptedUpstream> upstream_;
  std::unique_ptr<support::ServerProcess> server_;
  std::unique_ptr<support::Caller> caller_;
};

INSTANTIATE_TEST_SUITE_P(Transport, Retry, testing::Bool(),
                         [](const auto& info) { return info.param ? "Tls" : "Plain"; });

// --- A connection that ended before the request: nobody notices ---------------------------------

TEST_P(Retry, A_ClosedBefore) {
  ServeFirstThen([this](Connection& connection) {
    connection.Close();
    done_.Open();
  });
  ASSERT_TRUE(done_.Await());
  ExpectOwnAnswer(Second(), 2);
}

TEST_P(Retry, A_ClosedBeforeWithoutNotify) {
  ServeFirstThen([this](Connection& connection) {
    connection.CloseWithoutNotify();
    done_.Open();
  });
  ASSERT_TRUE(done_.Await());
  ExpectOwnAnswer(Second(Rpc::kChat), 2);
}

TEST_P(Retry, C_ResetBefore) {
  ServeFirstThen([this](Connection& connection) {
    connection.Reset();
    done_.Open();
  });
  ASSERT_TRUE(done_.Await());
  ExpectOwnAnswer(Second(), 2);
}

// The FIN and the request cross: the peer's kernel drops the request as if it were still in the
// network. Now and then a kernel takes a small packet all the same, and acknowledges it; then it
// may have been seen, so the race is run several times.
TEST_P(Retry, B_FinAndRequestCross) {
  constexpr int kRaces = 10;
  constexpr size_t kUnread = 32 * 1024;
  std::atomic<int> crossed{0};
  std::atomic<int> races{0};
  std::atomic<int> over{0};  // races whose second call has ended
  const auto play = [&](Connection& connection) {
    while (const auto head = connection.ReadHead()) {
      const size_t length = std::stoul(std::string(head->Header("content-length")));
      if (length < kUnread) {
        connection.Send(support::AnswerTo(connection.ReadBytes(length), "second"));
        continue;
      }
      // All of the first request is here, so that nothing of it is still under way.
      EXPECT_TRUE(connection.StopReceiving(length));
      const size_t unread = connection.Unread();
      connection.Send(support::ChatAnswer("first"));
      support::WaitForUnacknowledged(connection.peer_port(), upstream_->port(), 100, kCrossing);
      crossed += connection.Unread() == unread ? 1 : 0;
      connection.HalfClose();
      // Reading on would make room for the request when it is sent once more.
      const int race = races++;
      support::Eventually([&] { return over > race; });
      return;
    }
  };
  ServeAll(play);
  const std::string long_prompt =
      ",\"metadata\":{\"padding\":\"" + std::string(kUnread, 'x') + "\"}";
  int good = 0;
  for (int i = 0; i < kRaces; ++i) {
    const CallResult first = caller_->Chat(ChatRequestBody("first", long_prompt));
    ASSERT_TRUE(first.ok()) << first.Describe();
    const CallResult second = Second();
    ++over;
    if (second.ok()) {
      EXPECT_EQ(second.Text(), "second");
      ++good;
    } else {
      ExpectLost(second);
    }
  }
  std::printf("%d races, %d requests dropped, %d calls OK\n", kRaces, crossed.load(), good);
  EXPECT_GT(crossed, 0);
  EXPECT_GT(good, 0);
}

// --- A request that may have been seen is not sent again ----------------------------------------

TEST_P(Retry, E_WholeRequestReadThenFin) {
  ServeFirstThen([](Connection& connection) {
    connection.ReadRequest();
    connection.Close();
  });
  ExpectLost(Second());
  EXPECT_EQ(upstream_->connections_accepted(), 1);
  EXPECT_EQ(Seen("second"), 1);
}

TEST_P(Retry, E_WholeRequestReadThenFinWithoutNotify) {
  ServeFirstThen([](Connection& connection) {
    connection.ReadRequest();
    connection.CloseWithoutNotify();
  });
  ExpectLost(Second(Rpc::kChat));
  EXPECT_EQ(upstream_->connections_accepted(), 1);
}

TEST_P(Retry, F_WholeRequestReadThenReset) {
  ServeFirstThen([](Connection& connection) {
    connection.ReadRequest();
    connection.Reset();
  });
  ExpectLost(Second(Rpc::kChat));
  EXPECT_EQ(upstream_->connections_accepted(), 1);
  EXPECT_EQ(Seen("second"), 1);
}

TEST_P(Retry, G_FreshConnectionFin) {
  Serve([](Connection& connection) {
    connection.ReadRequest();
    connection.Close();
  });
  ExpectLost(Second());
  EXPECT_EQ(upstream_->connections_accepted(), 1);
}

TEST_P(Retry, H_FreshConnectionReset) {
  Serve([](Connection& connection) {
    connection.ReadRequest();
    connection.Reset();
  });
  ExpectLost(Second(Rpc::kChat));
  EXPECT_EQ(upstream_->connections_accepted(), 1);
}

TEST_P(Retry, AnInterimResponseEndsTheRightToSendAgain) {
  ServeFirstThen([](Connection& connection) {
    connection.ReadRequest();
    connection.Send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
    connection.Close();
  });
  const CallResult second = Second();
  EXPECT_EQ(second.name, "ABORTED") << second.Describe();
  EXPECT_EQ(second.may_have_run(), "true");
  EXPECT_EQ(upstream_->connections_accepted(), 1);
}

TEST_P(Retry, ARefusalIsTheAnswer) {
  ServeFirstThen([](Connection& connection) {
    connection.ReadRequest();
    connection.Send(JsonResponse(R"({"error":{"message":"overloaded"}})", 503));
    AnswerAll(connection);
  });
  EXPECT_EQ(Second().reason, "UPSTREAM_OVERLOADED");
  EXPECT_EQ(upstream_->connections_accepted(), 1);
}

// A large request whose beginning alone was read: whatever becomes of it, it is not complete twice.
TEST_P(Retry, D_HeadReadThenReset) {
  ServeFirstThen([](Connection& connection) {
    connection.ReadHead();
    connection.Reset();
  });
  const std::string large = ",\"metadata\":{\"padding\":\"" + std::string(8 << 20, 'x') + "\"}";
  const CallResult second = caller_->Chat(ChatRequestBody("second", large));
  if (second.ok()) return ExpectOwnAnswer(second, 2);
  ExpectLost(second);
  EXPECT_EQ(Seen("second"), 0);
}

// --- What a kept connection says unasked --------------------------------------------------------

TEST_P(Retry, ASecondAnswerInTheSameWrite) {
  Serve([](Connection& connection) {
    connection.ReadRequest();
    connection.Send(support::ChatAnswer("first") + support::ChatAnswer("smuggled"));
    AnswerAll(connection);
  });
  ASSERT_EQ(caller_->Chat(ChatRequestBody("first")).Text(), "first");
  const CallResult second = Second(Rpc::kChat);
  EXPECT_TRUE(second.ok()) << second.Describe();
  EXPECT_EQ(second.Text(), "second");
}

TEST_P(Retry, ASecondAnswerLater) {
  ServeFirstThen([this](Connection& connection) {
    now_.Await();
    connection.Send(support::ChatAnswer("smuggled"));
    done_.Open();
    AnswerAll(connection);
  });
  now_.Open();
  ASSERT_TRUE(done_.Await());
  ExpectOwnAnswer(Second(Rpc::kChat), 2);
}

TEST_P(Retry, AStreamBehindAStream) {
  ServeFirstThen([this](Connection& connection) {
    now_.Await();
    connection.Send(support::StreamAnswer({"smuggled"}));
    done_.Open();
    AnswerAll(connection);
  });
  now_.Open();
  ASSERT_TRUE(done_.Await());
  ExpectOwnAnswer(Second(Rpc::kStreamChat), 2);
}

TEST_P(Retry, BytesBehindDone) {
  Serve([](Connection& connection) {
    connection.ReadRequest();
    connection.Send(support::SseHead() +
                    support::Chunk(support::SseEvent(support::ContentChunk("first"))) +
                    support::Chunk(support::SseEvent("[DONE]") +
                                   support::SseEvent(support::ContentChunk("smuggled"))) +
                    support::LastChunk());
    AnswerAll(connection);
  });
  ASSERT_EQ(caller_->StreamChat(ChatRequestBody("first")).Text(), "first");
  ExpectOwnAnswer(Second(), 2);
}

TEST_P(Retry, ALate408IsInvisible) {
  ServeFirstThen([this](Connection& connection) {
    now_.Await();
    connection.Send(
        "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    connection.Close();
    done_.Open();
  });
  now_.Open();
  ASSERT_TRUE(done_.Await());
  ExpectOwnAnswer(Second(), 2);
}

// --- Kept connections as they should be ---------------------------------------------------------

TEST_P(Retry, BothRpcsShareOneConnection) {
  Serve(AnswerAll);
  for (int i = 0; i < 20; ++i) {
    const std::string name = "call-" + std::to_string(i);
    const CallResult result =
        caller_->Call(i % 2 == 0 ? Rpc::kChat : Rpc::kStreamChat, ChatRequestBody(name));
    ASSERT_TRUE(result.ok()) << result.Describe();
    EXPECT_EQ(result.Text(), name);
  }
  EXPECT_EQ(upstream_->connections_accepted(), 1);
}

}  // namespace
}  // namespace sparkgate::retry

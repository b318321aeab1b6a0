// What is sent again and what is not, with the connection lost at exact moments. The first request
// of each test makes a connection that is kept; the second one is sent on it.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "service/upstream/testing/curl_client_fixture.h"
#include "tests/support/gate.h"
#include "tests/support/http_text.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/tcp_info.h"

namespace sparkgate::upstream {
namespace {

using support::Certificate;
using support::Connection;
using support::Gate;
using support::JsonResponse;
using support::ScriptedUpstream;

// Longer than any request's head, so that so many bytes on the way are a head and some of a body.
const std::string kSecond(1000, '2');

// Over TLS the head and the body of a request are written one after the other, and plain only if
// the body is large.
enum class Way { kPlain, kPlainInTwoWrites, kTls, kTlsWithoutNotify };

class Retry : public ClientTest, public testing::WithParamInterface<Way> {
 protected:
  bool tls() const { return GetParam() >= Way::kTls; }

  // On the first connection: `first` after one answered request. Later ones answer everything.
  void Serve(std::function<void(Connection&)> first) {
    ServeRaw([first = std::move(first)](Connection& connection) {
      if (connection.index() == 0) {
        connection.ReadRequest();
        connection.Send(JsonResponse("\"first\""));
        return first(connection);
      }
      while (connection.ReadRequest()) connection.Send(JsonResponse("\"again\""));
    });
  }
  void ServeRaw(ScriptedUpstream::Script script) {
    upstream_ = tls() ? std::make_unique<ScriptedUpstream>(std::move(script), Certificate::kRight)
                      : std::make_unique<ScriptedUpstream>(std::move(script));
    ClientOptions options = OptionsFor(*upstream_);
    if (GetParam() == Way::kPlainInTwoWrites) options.one_piece_bytes = 0;
    Connect(options);
  }

  void Fin(Connection& connection) {
    if (GetParam() == Way::kTlsWithoutNotify) {
      connection.CloseWithoutNotify();
    } else {
      connection.Close();
    }
  }

  // The connection that is kept.
  void FirstRequest(size_t body_bytes = 2) {
    const RecordingSink sink = Fetch(Post(std::string(body_bytes, '1')));
    ASSERT_EQ(sink.body, "\"first\"");
  }

  // Opens `now` when the second request stands before its first write, and lets it go on when the
  // upstream has done its part.
  void HoldAfterCheck() {
    client_->after_check_for_test = [this](int) {
      client_->after_check_for_test = nullptr;
      now_.Open();
      EXPECT_TRUE(done_.Await());
    };
  }
  // The same between its head and its body.
  void HoldBeforeBody() {
    client_->before_body_for_test = [this] {
      client_->before_body_for_test = nullptr;
      now_.Open();
      EXPECT_TRUE(done_.Await());
    };
  }

  // How often a request with this body was read to its end.
  int Seen(const std::string& body) const {
    int seen = 0;
    for (const auto& request : upstream_->requests()) seen += request.body == body ? 1 : 0;
    return seen;
  }

  void ExpectSentAgain(const RecordingSink& sink, int attempts) {
    EXPECT_EQ(sink.end->how, How::kComplete) << sink.end->detail;
    EXPECT_EQ(sink.body, "\"again\"");
    EXPECT_EQ(sink.end->attempts, attempts);
    EXPECT_EQ(Seen(kSecond), 1);
    EXPECT_EQ(upstream_->connections_accepted(), 2);
  }
  void ExpectNotSentAgain(const RecordingSink& sink, How how) {
    EXPECT_EQ(sink.end->how, how) << sink.end->detail;
    EXPECT_EQ(sink.end->attempts, 1);
    EXPECT_EQ(Seen(kSecond), how == How::kNotSeen ? 0 : 1);
    EXPECT_EQ(client_->counts().sent_again, 0u);
  }

  // Declared before the upstream: its scripts refer to them.
  Gate now_;
  Gate done_;
  std::unique_ptr<ScriptedUpstream> upstream_;
};
std::string WayName(const testing::TestParamInfo<Way>& info) {
  constexpr const char* kNames[] = {"Plain", "PlainInTwoWrites", "Tls", "TlsWithoutNotify"};
  return kNames[static_cast<int>(info.param)];
}

INSTANTIATE_TEST_SUITE_P(Ways, Retry,
                         testing::Values(Way::kPlain, Way::kPlainInTwoWrites, Way::kTls,
                                         Way::kTlsWithoutNotify),
                         WayName);

// Where something happens between the head and the body.
class RetryInTwoWrites : public Retry {};
INSTANTIATE_TEST_SUITE_P(Ways, RetryInTwoWrites,
                         testing::Values(Way::kPlainInTwoWrites, Way::kTls, Way::kTlsWithoutNotify),
                         WayName);

TEST_P(Retry, A_ClosedLongBefore) {
  Serve([this](Connection& connection) {
    Fin(connection);
    done_.Open();
  });
  FirstRequest();
  ASSERT_TRUE(done_.Await());
  ExpectSentAgain(Fetch(Post(kSecond)), 1);
}

TEST_P(Retry, B_FinBetweenTheCheckAndTheWrite) {
  Serve([this](Connection& connection) {
    now_.Await();
    Fin(connection);
    done_.Open();
  });
  FirstRequest();
  HoldAfterCheck();
  ExpectSentAgain(Fetch(Post(kSecond)), 2);
  EXPECT_EQ(client_->counts().sent_again, 1u);
}

// The request is under way when the FIN comes the other way: the peer's kernel drops the request as
// if it were still in the network.
TEST_P(Retry, B_FinAndRequestCross) {
  constexpr size_t kUnread = 32 * 1024;
  ServeRaw([&](Connection& connection) {
    if (connection.index() == 0) {
      connection.ReadHead();
      EXPECT_TRUE(connection.StopReceiving(kUnread));
      connection.Send(JsonResponse("\"first\""));
      EXPECT_TRUE(support::WaitForUnacknowledged(connection.peer_port(), upstream_->port(),
                                                 Connection::kDroppedForSure + kSecond.size()));
      connection.HalfClose(GetParam() == Way::kTls);
      connection.WaitForPeerClose();
      return;
    }
    while (connection.ReadRequest()) connection.Send(JsonResponse("\"again\""));
  });
  FirstRequest(kUnread);
  Request second = Post(kSecond);
  second.headers = {{"x-padding", std::string(Connection::kDroppedForSure, 'x')}};
  ExpectSentAgain(Fetch(std::move(second)), 2);
  EXPECT_EQ(client_->counts().sent_again, 1u);
}

TEST_P(Retry, C_ResetBetweenTheCheckAndTheWrite) {
  Serve([this](Connection& connection) {
    now_.Await();
    connection.Reset();
    done_.Open();
  });
  FirstRequest();
  HoldAfterCheck();
  ExpectSentAgain(Fetch(Post(kSecond)), 2);
}

TEST_P(RetryInTwoWrites, D_HeadWrittenThenReset) {
  Serve([this](Connection& connection) {
    now_.Await();
    connection.Reset();
    done_.Open();
  });
  FirstRequest();
  HoldBeforeBody();
  ExpectSentAgain(Fetch(Post(kSecond)), 2);
}

// What the peer's kernel acknowledged, its program may have seen: not proven, so not sent again,
// although here it was not.
TEST_P(RetryInTwoWrites, D_HeadReadThenFin) {
  Serve([this](Connection& connection) {
    now_.Await();
    connection.ReadHead();
    Fin(connection);
    done_.Open();
  });
  FirstRequest();
  HoldBeforeBody();
  const RecordingSink sink = Fetch(Post(kSecond));
  if (sink.end->how == How::kComplete) {
    ExpectSentAgain(sink, 2);
  } else {
    EXPECT_EQ(sink.end->how, How::kLost) << sink.end->detail;
    EXPECT_EQ(Seen(kSecond), 0);
  }
}

TEST_P(Retry, E_WholeRequestReadThenFin) {
  Serve([this](Connection& connection) {
    connection.ReadRequest();
    Fin(connection);
  });
  FirstRequest();
  ExpectNotSentAgain(Fetch(Post(kSecond)), How::kLost);
}

TEST_P(Retry, F_WholeRequestReadThenReset) {
  Serve([](Connection& connection) {
    connection.ReadRequest();
    connection.Reset();
  });
  FirstRequest();
  ExpectNotSentAgain(Fetch(Post(kSecond)), How::kLost);
}

TEST_P(Retry, G_H_FreshConnectionReadThenLost) {
  for (const bool reset : {false, true}) {
    ServeRaw([this, reset](Connection& connection) {
      connection.ReadRequest();
      if (reset) connection.Reset();
      Fin(connection);
    });
    ExpectNotSentAgain(Fetch(Post(kSecond)), How::kLost);
  }
}

TEST_P(RetryInTwoWrites, OnAFreshConnectionItIsNoRace) {
  ServeRaw([this](Connection& connection) {
    now_.Await();
    connection.Reset();
    done_.Open();
  });
  HoldBeforeBody();
  const RecordingSink sink = Fetch(Post(kSecond));
  ExpectNotSentAgain(sink, How::kNotSeen);
}

TEST_P(Retry, AnInterimResponseEndsTheRight) {
  Serve([this](Connection& connection) {
    connection.ReadRequest();
    connection.Send("HTTP/1.1 100 Continue\r\n\r\n");
    Fin(connection);
  });
  FirstRequest();
  ExpectNotSentAgain(Fetch(Post(kSecond)), How::kCut);
}

TEST_P(Retry, OnlyOnce) {
  ServeRaw([this](Connection& connection) {
    connection.ReadRequest();
    if (connection.index() == 0) {
      connection.Send(JsonResponse("\"first\""));
      now_.Await();
    }
    Fin(connection);
    done_.Open();
  });
  FirstRequest();
  HoldAfterCheck();
  const RecordingSink sink = Fetch(Post(kSecond));
  EXPECT_EQ(sink.end->how, How::kLost);
  EXPECT_EQ(sink.end->attempts, 2);
  EXPECT_EQ(upstream_->connections_accepted(), 2);
  EXPECT_EQ(Seen(kSecond), 1);
}

// Several kept connections may be dead at once; the fresh one is not chosen among them.
TEST_P(Retry, AllKeptConnectionsDead) {
  constexpr int kConnections = 8;
  Gate all_answered;
  ServeRaw([&](Connection& connection) {
    connection.ReadRequest();
    if (connection.index() < kConnections) {
      upstream_->WaitForRequests(kConnections);
      connection.Send(JsonResponse("\"first\""));
      now_.Await();
      Fin(connection);
      return;
    }
    connection.Send(JsonResponse("\"again\""));
    connection.WaitForPeerClose();
  });
  {
    RecordingSink sinks[kConnections];
    std::vector<std::unique_ptr<Transfer>> transfers;
    for (auto& sink : sinks) transfers.push_back(client_->Start(Post("{}"), &sink));
    ASSERT_TRUE(RunUntil([&] {
      for (auto& sink : sinks) {
        if (!sink.end.has_value()) return false;
      }
      return true;
    }));
  }
  now_.Open();
  ASSERT_TRUE(upstream_->WaitForNoneOpen());
  const RecordingSink sink = Fetch(Post(kSecond));
  EXPECT_EQ(sink.end->how, How::kComplete);
  EXPECT_EQ(sink.body, "\"again\"");
  EXPECT_EQ(Seen(kSecond), 1);
}

// --- Bytes that nobody asked for -----------------------------------------------------------------

std::string Late408() {
  return "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
}

TEST_P(Retry, ALate408IsInvisible) {
  Serve([this](Connection& connection) {
    now_.Await();
    connection.Send(Late408());
    Fin(connection);
    done_.Open();
  });
  FirstRequest();
  now_.Open();
  ASSERT_TRUE(done_.Await());
  const RecordingSink sink = Fetch(Post(kSecond));
  ExpectSentAgain(sink, 1);
}

TEST_P(Retry, ASecondResponseLaterReachesNobody) {
  Serve([this](Connection& connection) {
    now_.Await();
    connection.Send(JsonResponse("\"somebody else's\""));
    done_.Open();
    connection.WaitForPeerClose();
  });
  FirstRequest();
  now_.Open();
  ASSERT_TRUE(done_.Await());
  ExpectSentAgain(Fetch(Post(kSecond)), 1);
  EXPECT_EQ(client_->counts().discarded, 1u);
}

// In the same packet, in the same TLS record, and behind a body that fills libcurl's buffer in
// every way.
TEST_P(Retry, ASecondResponseAtOnceReachesNobody) {
  for (size_t length : {1, 100, 3900, 4000, 4010, 4020, 4030, 4096, 8000, 8192, 12000}) {
    const std::string body(length, 'b');
    ServeRaw([&](Connection& connection) {
      bool first = connection.index() == 0;
      while (connection.ReadRequest()) {
        connection.Send(JsonResponse(body) +
                        (first ? JsonResponse("\"somebody else's, " + body + "\"") : ""));
        first = false;
      }
    });
    EXPECT_EQ(Fetch(Post("{}")).body, body);
    for (int i = 0; i < 3; ++i) {
      const RecordingSink sink = Fetch(Post(kSecond));
      EXPECT_EQ(sink.body, body) << length;
      EXPECT_EQ(sink.end->how, How::kComplete) << length;
    }
    EXPECT_EQ(Seen(kSecond), 3);
  }
}

}  // namespace
}  // namespace sparkgate::upstream

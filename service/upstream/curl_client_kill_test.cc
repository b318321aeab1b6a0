// The connection is lost at every byte of the request and of the response, fresh and kept. Whatever
// comes of it: the upstream reads no request to its end twice, and no answer but a whole one
// counts. (Which losses are repaired is in client_retry_test.cc.)
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <tuple>
#include <utility>

#include "service/upstream/testing/curl_client_fixture.h"
#include "tests/support/http_text.h"
#include "tests/support/scripted_upstream.h"

namespace sparkgate::upstream {
namespace {

using support::Certificate;
using support::Connection;
using support::JsonResponse;
using support::ScriptedUpstream;

#ifdef SPARKGATE_SANITIZED
constexpr size_t kStep = 17;
#else
constexpr size_t kStep = 1;
#endif

struct Plan {
  bool tls;
  bool kept;   // the connection had one request before
  bool reset;  // else FIN
};

std::string PlanName(const testing::TestParamInfo<Plan>& info) {
  return std::string(info.param.tls ? "Tls" : "Plain") + (info.param.kept ? "Kept" : "Fresh") +
         (info.param.reset ? "Reset" : "Fin");
}

class Kill : public ClientTest, public testing::WithParamInterface<Plan> {
 protected:
  // One request, whose connection is lost as `lose` says. A repetition finds an honest upstream.
  void Run(std::function<void(Connection&)> lose) {
    ScriptedUpstream::Script script = [&](Connection& connection) {
      if (connection.index() > 0) {
        if (connection.ReadRequest()) connection.Send(answer_);
        return;
      }
      if (GetParam().kept) {
        connection.ReadRequest();
        connection.Send(answer_);
      }
      lose(connection);
      if (GetParam().reset) connection.Reset();
    };
    const auto upstream =
        GetParam().tls ? std::make_unique<ScriptedUpstream>(std::move(script), Certificate::kRight)
                       : std::make_unique<ScriptedUpstream>(std::move(script));
    Connect(*upstream);
    if (GetParam().kept) {
      ASSERT_EQ(Fetch(Post("first")).end->how, How::kComplete);
    }
    const RecordingSink sink = Fetch(Post("second"));
    ASSERT_TRUE(sink.end.has_value());
    const bool whole = sink.status() == 200 && sink.body == "{\"a\":1}";
    EXPECT_EQ(sink.end->how == How::kComplete, whole) << Name(sink.end->how);
    EXPECT_NE(sink.end->how, How::kClosed);
    int seen = 0;
    for (const auto& request : upstream->requests()) seen += request.body == "second" ? 1 : 0;
    EXPECT_LE(seen, 1);
    if (sink.end->how == How::kNotSeen || sink.end->how == How::kNotConnected) {
      EXPECT_EQ(seen, 0);
    }
    if (whole) {
      EXPECT_EQ(seen, 1);
    }
    client_.reset();
  }

  const std::string answer_ = JsonResponse("{\"a\":1}");
};
INSTANTIATE_TEST_SUITE_P(Plans, Kill,
                         testing::Values(Plan{false, false, false}, Plan{false, false, true},
                                         Plan{false, true, false}, Plan{false, true, true},
                                         Plan{true, false, false}, Plan{true, false, true},
                                         Plan{true, true, false}, Plan{true, true, true}),
                         PlanName);

TEST_P(Kill, AtEveryByteOfTheRequest) {
  constexpr size_t kAbout = 200;  // a request is a little shorter; beyond its end it is read whole
  // TLS costs a handshake each, and is lost by the record.
  const size_t step = GetParam().tls ? 7 * kStep : kStep;
  for (size_t bytes = 0; bytes < kAbout; bytes += step) {
    Run([&](Connection& connection) {
      std::string read;
      while (read.size() < bytes && read.find("\r\n\r\nsecond") == std::string::npos) {
        const std::string byte = connection.ReadBytes(1);
        if (byte.empty()) break;
        read += byte;
      }
    });
    if (HasFatalFailure()) return;
  }
}

TEST_P(Kill, AtEveryByteOfTheResponse) {
  const size_t step = GetParam().tls ? 5 * kStep : kStep;
  for (size_t bytes = 0; bytes <= answer_.size(); bytes += step) {
    Run([&](Connection& connection) {
      connection.ReadRequest();
      connection.Send(answer_.substr(0, bytes));
    });
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace sparkgate::upstream

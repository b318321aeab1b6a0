// All ways in which ListModels can end but well. A list costs nothing, so no sentence may speak of
// a bill, a model or a prompt; codes and details are those of Chat.
#include "tests/api/models_fixture.h"
#include "tests/support/answers.h"

namespace sparkgate::api {
namespace {

using std::chrono::milliseconds;
using support::CallOptions;
using support::CallResult;
using support::JsonResponse;

struct Row {
  const char* name;
  std::string answer;
  bool close;  // the upstream closes behind it
  const char* code;
  const char* reason;
  const char* may_have_run;
};

std::string WithLength(const std::string& body, size_t length,
                       const std::string& type = "application/json") {
  return support::Head(200, "Content-Type: " + type +
                                "\r\nContent-Length: " + std::to_string(length) + "\r\n") +
         body;
}
std::string Whole(const std::string& body, const std::string& type = "application/json") {
  return WithLength(body, body.size(), type);
}
std::string Chunked(const std::string& body) {
  return support::ChunkedHead("application/json") + support::Chunk(body);
}

std::vector<Row> Rows() {
  const std::string error = R"({"error":{"message":"because","code":"X"}})";
  const auto http = [&](int status) { return JsonResponse(error, status); };
  const std::string half = R"({"data":[{"id":"a"},)";
  return {
      {"400", http(400), false, "INVALID_ARGUMENT", "INVALID_REQUEST", "false"},
      {"401", http(401), false, "INTERNAL", "UPSTREAM_AUTH_FAILED", "false"},
      {"402", http(402), false, "RESOURCE_EXHAUSTED", "BILLING_LIMIT", "false"},
      {"403", http(403), false, "PERMISSION_DENIED", "FORBIDDEN", "false"},
      {"404", http(404), false, "NOT_FOUND", "MODEL_NOT_FOUND", "false"},
      {"405", http(405), false, "INTERNAL", "UPSTREAM_PROTOCOL_ERROR", "false"},
      {"429", http(429), false, "RESOURCE_EXHAUSTED", "RATE_LIMITED", "false"},
      {"500", http(500), false, "INTERNAL", "UPSTREAM_INTERNAL", "true"},
      {"502", http(502), false, "ABORTED", "UPSTREAM_UNAVAILABLE", "true"},
      {"503", http(503), false, "UNAVAILABLE", "UPSTREAM_OVERLOADED", "false"},
      {"504", http(504), false, "ABORTED", "UPSTREAM_TIMEOUT", "true"},
      {"204", support::Head(204, ""), false, "INTERNAL", "UPSTREAM_PROTOCOL_ERROR", "true"},
      {"301", http(301), false, "INTERNAL", "UPSTREAM_PROTOCOL_ERROR", "false"},
      {"an error object after 200", JsonResponse(R"({"error":{"message":"no","code":503}})"), false,
       "ABORTED", "UPSTREAM_STREAM_ERROR", "true"},
      {"rubbish", Whole("{no"), false, "INTERNAL", "UPSTREAM_PROTOCOL_ERROR", "true"},
      {"an empty body", Whole(""), false, "INTERNAL", "UPSTREAM_PROTOCOL_ERROR", "true"},
      {"no list", Whole("{}"), false, "INTERNAL", "UPSTREAM_PROTOCOL_ERROR", "true"},
      {"an entry without id", Whole(R"({"data":[{}]})"), false, "INTERNAL",
       "UPSTREAM_PROTOCOL_ERROR", "true"},
      {"a page", Whole("<html>Sign in</html>", "text/html"), false, "INTERNAL",
       "UPSTREAM_PROTOCOL_ERROR", "true"},
      {"a stream", support::StreamAnswer({"Hello"}), false, "INTERNAL", "UPSTREAM_PROTOCOL_ERROR",
       "true"},
      {"a coding", JsonResponse("\x0b\x02\x80", 200, "content-encoding: br\r\n"), false, "INTERNAL",
       "UPSTREAM_PROTOCOL_ERROR", "true"},
      {"no HTTP", "hello\r\n\r\n", true, "INTERNAL", "UPSTREAM_PROTOCOL_ERROR", "true"},
      {"cut by its length", WithLength(half, 500), true, "ABORTED", "UPSTREAM_STREAM_TRUNCATED",
       "true"},
      {"cut between chunks", Chunked(half), true, "ABORTED", "UPSTREAM_STREAM_TRUNCATED", "true"},
      {"whole, but for the last chunk", Chunked(kTwoModels), true, "ABORTED",
       "UPSTREAM_STREAM_TRUNCATED", "true"},
      {"cut without a length", support::Head(200, "Content-Type: application/json\r\n") + half,
       true, "ABORTED", "UPSTREAM_STREAM_TRUNCATED", "true"},
      {"closed without a word", "", true, "ABORTED", "UPSTREAM_CONNECTION_LOST", "true"},
  };
}

class ModelsEndings : public ModelsTest {
 protected:
  // The upstream reads the request and then says nothing until the server leaves it.
  void ServeSilence(std::vector<std::string> flags = {}, std::string drain_grace = "5s") {
    Serve(
        [](support::Connection& connection) {
          if (connection.ReadRequest()) connection.WaitForPeerClose();
        },
        std::move(flags), std::move(drain_grace));
  }
  support::PeerClose OnlyClose() {
    EXPECT_TRUE(upstream_->WaitForCloses(1));
    const auto closes = upstream_->closes();
    return closes.empty() ? support::PeerClose{} : closes[0];
  }
  static void ExpectFittingWords(const CallResult& result) {
    for (const char* word :
         {"bill", "paid", "this model", "prompt", "no chat", "a chat completion:"}) {
      EXPECT_EQ(result.message.find(word), std::string::npos) << result.message;
    }
  }
};

TEST_F(ModelsEndings, AnswersThatAreNone) {
  const std::vector<Row> rows = Rows();
  // Connections are told apart by x-request-id, which is the row's number.
  Serve([rows](support::Connection& connection) {
    while (const auto request = connection.ReadRequest()) {
      const Row& row = rows[std::stoul(std::string(request->Header("x-request-id")))];
      connection.Send(row.answer);
      if (row.close) return;
    }
  });
  for (size_t i = 0; i < rows.size(); ++i) {
    SCOPED_TRACE(rows[i].name);
    CallOptions options;
    options.metadata = {{"x-request-id", std::to_string(i)}};
    const CallResult result = List(options);
    EXPECT_EQ(result.name, rows[i].code) << result.Describe();
    EXPECT_EQ(result.reason, rows[i].reason) << result.Describe();
    EXPECT_EQ(result.may_have_run(), rows[i].may_have_run) << result.Describe();
    EXPECT_EQ(result.error_infos, 1);
    EXPECT_EQ(result.domain, "sparkgate");
    EXPECT_TRUE(result.messages.empty());
    EXPECT_TRUE(result.violations.empty());
    if (result.may_have_run() == "true") {
      EXPECT_EQ(result.pushback(), "-1") << result.Describe();
    }
    ExpectFittingWords(result);
  }
}

TEST_F(ModelsEndings, AListWithoutLengthIsWholeIfItIsJson) {
  Serve([](support::Connection& connection) {
    connection.ReadRequest();
    connection.Send(support::Head(200, "Content-Type: application/json\r\n") + kTwoModels);
  });
  EXPECT_EQ(AnswerOf(List()).data_size(), 2);
}

TEST_F(ModelsEndings, RetryAfterIsPassedOn) {
  ServeAnswer(JsonResponse("{}", 429, "Retry-After: 7\r\n"));
  const CallResult result = List();
  EXPECT_EQ(result.retry_delay_ms, 7000);
  EXPECT_EQ(result.pushback(), "7000");
  EXPECT_TRUE(result.quota_failure);
}

TEST_F(ModelsEndings, TooLong) {
  ServeAnswer(JsonResponse(R"({"data":[{"id":")" + std::string(5000, 'm') + "\"}]}"),
              {"--max_chat_body_bytes=4096"});
  const CallResult result = List();
  EXPECT_EQ(result.reason, "UPSTREAM_PROTOCOL_ERROR") << result.Describe();
  EXPECT_NE(result.message.find("4096"), std::string::npos) << result.message;
  ExpectFittingWords(result);
}

TEST_F(ModelsEndings, NobodyListens) {
  support::ServerProcess server("http://127.0.0.1:" + std::to_string(support::UnusedPort()));
  support::Caller caller(server.address());
  const CallResult result = caller.StartRaw(kListModels, "").Wait();
  EXPECT_EQ(result.name, "UNAVAILABLE") << result.Describe();
  EXPECT_EQ(result.reason, "UPSTREAM_UNREACHABLE");
  EXPECT_EQ(result.may_have_run(), "false");
}

// A list may be asked for twice: it costs nothing, and the caller is spared a spurious error.
TEST_F(ModelsEndings, AListThatIsLostOnAKeptConnectionIsAskedForAgain) {
  Serve(
      [](support::Connection& connection) {
        if (connection.ReadRequest()) connection.Send(JsonResponse(kTwoModels));
        // The second request on the first connection is read and left without an answer.
        if (connection.ReadRequest()) connection.Close();
      },
      {"--loops=1"});
  EXPECT_EQ(AnswerOf(List()).data_size(), 2);
  EXPECT_EQ(AnswerOf(List()).data_size(), 2);
  EXPECT_EQ(upstream_->requests().size(), 3u);
  EXPECT_EQ(upstream_->connections_accepted(), 2);
}

TEST_F(ModelsEndings, LeavingClosesTheUpstream) {
  ServeSilence();
  support::RunningCall call = Start();
  ASSERT_TRUE(upstream_->WaitForRequests(1));
  call.Cancel();
  EXPECT_EQ(call.Wait().name, "CANCELLED");
  EXPECT_EQ(OnlyClose().kind, support::PeerClose::Kind::kReset);
}

TEST_F(ModelsEndings, LeavingInTheMiddleOfTheBodyClosesTheUpstream) {
  support::Gate sent;
  Serve([&](support::Connection& connection) {
    if (!connection.ReadRequest()) return;
    connection.Send(WithLength(R"({"data":[)", 100'000));
    sent.Open();
    connection.WaitForPeerClose();
  });
  support::RunningCall call = Start();
  ASSERT_TRUE(sent.Await());
  call.Cancel();
  EXPECT_EQ(call.Wait().name, "CANCELLED");
  EXPECT_EQ(OnlyClose().kind, support::PeerClose::Kind::kReset);
}

TEST_F(ModelsEndings, TheCallersDeadline) {
  ServeSilence();
  CallOptions options;
  options.deadline = milliseconds(support::kSanitized ? 2000 : 500);
  EXPECT_EQ(List(options).name, "DEADLINE_EXCEEDED");
  EXPECT_EQ(OnlyClose().kind, support::PeerClose::Kind::kReset);
}

TEST_F(ModelsEndings, TheServersLimitOfTime) {
  ServeSilence({"--max_call_time=500ms"});
  const CallResult result = List();
  EXPECT_EQ(result.name, "DEADLINE_EXCEEDED");
  EXPECT_EQ(result.reason, "MAX_CALL_TIME") << result.Describe();
  EXPECT_EQ(OnlyClose().kind, support::PeerClose::Kind::kReset);
  ExpectFittingWords(result);
}

TEST_F(ModelsEndings, AFullServer) {
  ServeSilence({"--max_calls=1"});
  support::RunningCall first = Start();
  ASSERT_TRUE(upstream_->WaitForRequests(1));
  // On a connection of its own: this one may have no more calls than the server, so it would wait.
  support::Caller other(server_->address());
  const CallResult second = other.StartRaw(kListModels, "").Wait();
  EXPECT_EQ(second.name, "RESOURCE_EXHAUSTED");
  EXPECT_EQ(second.reason, "OVERLOADED") << second.Describe();
  first.Cancel();
}

TEST_F(ModelsEndings, DrainLetsItFinish) {
  support::Gate go_on;
  Serve(
      [&](support::Connection& connection) {
        if (!connection.ReadRequest() || !go_on.Await()) return;
        connection.Send(JsonResponse(kTwoModels));
      },
      {}, "20s");
  support::RunningCall call = Start();
  ASSERT_TRUE(upstream_->WaitForRequests(1));
  server_->Terminate();
  go_on.Open();
  EXPECT_EQ(AnswerOf(call.Wait()).data_size(), 2);
  EXPECT_EQ(server_->WaitForEnd(), 0);
}

TEST_F(ModelsEndings, DrainCutsItAtItsLimit) {
  ServeSilence({}, "200ms");
  support::RunningCall call = Start();
  ASSERT_TRUE(upstream_->WaitForRequests(1));
  server_->Terminate();
  const CallResult result = call.Wait();
  EXPECT_EQ(result.name, "ABORTED") << result.Describe();
  EXPECT_EQ(result.reason, "DRAIN_CUT");
  ExpectFittingWords(result);
  EXPECT_EQ(server_->WaitForEnd(), 0);
}

}  // namespace
}  // namespace sparkgate::api

// Responses whose ends are told in more than one way, or that go on behind their end.
#include <gtest/gtest.h>

#include <iterator>
#include <mutex>
#include <string>

#include "tests/field/case_file.h"
#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/http_text.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/server_process.h"

namespace sparkgate::field {
namespace {

using support::CallResult;
using support::Connection;
using support::Rpc;

struct Framing {
  const char* name;
  const char* lines;        // of the head; # is the body's length
  bool chunked;             // how the body is sent
  const char* behind = "";  // bytes behind the response
  bool reused = false;      // and the answer is OK
  const char* version = "HTTP/1.1";
};

const Framing kFramings[] = {
    {"chunks and a length", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", true},
    {"a length and chunks", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", true},
    {"chunks and the right length", "Content-Length: #\r\nTransfer-Encoding: chunked\r\n", true},
    {"two lengths, the wrong one first", "Content-Length: 5\r\nContent-Length: #\r\n", false},
    {"two lengths, the right one first", "Content-Length: #\r\nContent-Length: 5\r\n", false},
    {"three lengths, one differs",
     "Content-Length: #\r\nContent-Length: #\r\nContent-Length: 7\r\n", false},
    {"two lengths in one line", "Content-Length: 5, #\r\n", false},
    {"two lengths, other cases", "CONTENT-LENGTH: #\r\ncontent-length: 5\r\n", false},
    {"a length of nothing", "Content-Length: 0\r\nContent-Length: #\r\n", false},
    {"a length that is none", "Content-Length: five\r\n", false},
    {"a negative length", "Content-Length: -5\r\n", false},
    {"another transfer coding", "Transfer-Encoding: gzip, chunked\r\n", true},
    {"chunks in HTTP/1.0", "Transfer-Encoding: chunked\r\n", true, "", false, "HTTP/1.0"},
    {"rubbish behind the length", "Content-Length: #\r\n", false, "rubbish"},
    {"rubbish behind the last chunk", "Transfer-Encoding: chunked\r\n", true, "rubbish"},
    {"half of another answer behind the last chunk", "Transfer-Encoding: chunked\r\n", true,
     "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"},
    {"another answer behind it", "Content-Length: #\r\n", false,
     "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"},
    {"the same length twice", "Content-Length: #\r\nContent-Length: #\r\n", false, "", true},
    {"a length", "Content-Length: #\r\n", false, "", true},
    {"chunks", "Transfer-Encoding: chunked\r\n", true, "", true},
};

std::string Body(const std::string& request) {
  if (!support::IsStream(request)) return support::ChatAnswerBody("Hi");
  return support::SseEvent(support::RoleChunk()) + support::SseEvent(support::ContentChunk("Hi")) +
         support::SseEvent(support::FinishChunk()) + support::SseEvent("[DONE]");
}

std::string Respond(const Framing& framing, const std::string& request) {
  const std::string body = Body(request);
  std::string lines = framing.lines;
  for (size_t at; (at = lines.find('#')) != std::string::npos;) {
    lines.replace(at, 1, std::to_string(body.size()));
  }
  const char* const type = support::IsStream(request) ? "text/event-stream" : "application/json";
  return std::string(framing.version) + " 200 OK\r\nContent-Type: " + type + "\r\n" + lines +
         "\r\n" + (framing.chunked ? support::Chunk(body) + support::LastChunk() : body) +
         framing.behind;
}

// No request ever follows on a connection where nobody can tell what belongs to which response.
TEST(FramingCases, AConnectionWithTwoFramingsIsNotUsedAgain) {
  for (const char* file : {"a19-1-chunked-and-a-length", "a19-2-two-lengths"}) {
    SCOPED_TRACE(file);
    const std::string answer = ReadCase(file);
    support::ScriptedUpstream upstream([&](Connection& connection) {
      while (connection.ReadRequest()) connection.Send(answer);
    });
    support::ServerProcess server(upstream.base_url());
    support::Caller caller(server.address());
    for (int calls = 1; calls <= 3; ++calls) {
      caller.Chat(support::ChatRequestBody("a"));
      EXPECT_EQ(upstream.connections_accepted(), calls);
    }
  }
}

// Answers as the framing says whose place is the request's `user`; remembers what came on a
// connection that was over.
class FramingUpstream {
 public:
  std::string url() const { return upstream_.base_url(); }
  int connections() const { return upstream_.connections_accepted(); }
  std::string wrong() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return wrong_;
  }

 private:
  void Serve(Connection& connection) {
    const Framing* last = nullptr;
    while (const auto request = connection.ReadRequest()) {
      if (last != nullptr && !last->reused) {
        std::lock_guard<std::mutex> lock(mutex_);
        wrong_ += std::string("a request behind: ") + last->name + "\n";
      }
      last = &kFramings[std::stoul(support::CallNameOf(request->body))];
      connection.Send(Respond(*last, request->body));
    }
  }

  mutable std::mutex mutex_;
  std::string wrong_;
  support::ScriptedUpstream upstream_{[this](Connection& connection) { Serve(connection); }};
};

TEST(FramingCases, OnlyOneFramingLetsAConnectionBeUsedAgain) {
  FramingUpstream upstream;
  support::ServerProcess server(upstream.url(), {"--loops=1"});
  support::Caller caller(server.address());
  for (size_t i = 0; i < std::size(kFramings); ++i) {
    for (const Rpc rpc : support::kBothRpcs) {
      const Framing& framing = kFramings[i];
      SCOPED_TRACE(std::string(framing.name) + ", " + std::string(RpcName(rpc)));
      const int before = upstream.connections();
      for (int calls = 1; calls <= 3; ++calls) {
        const CallResult result = caller.Call(rpc, support::ChatRequestBody(std::to_string(i)));
        EXPECT_TRUE(result.ok() || !framing.reused) << result.Describe();
        EXPECT_TRUE(!result.ok() || result.Text() == "Hi") << result.AllJson();
      }
      EXPECT_TRUE(!framing.reused || upstream.connections() <= before + 1);
    }
  }
  EXPECT_EQ(upstream.wrong(), "");
}

}  // namespace
}  // namespace sparkgate::field

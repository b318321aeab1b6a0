#include "service/upstream/response_head.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sparkgate::upstream {
namespace {

using Event = ResponseHead::Event;

// The event of the last line.
Event Feed(ResponseHead* head, const std::vector<std::string>& lines) {
  Event event = Event::kNothing;
  for (const std::string& line : lines) event = head->OnLine(line + "\r\n");
  return event;
}

TEST(ResponseHead, StatusAndFields) {
  ResponseHead reader(1000);
  ASSERT_EQ(Feed(&reader, {"HTTP/1.1 200 OK", "X-One:  1 \t", "Empty:", "x-two: a:b", ""}),
            Event::kComplete);
  const Head head = reader.Take();
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers, (HeaderList{{"x-one", "1"}, {"empty", ""}, {"x-two", "a:b"}}));
  EXPECT_FALSE(reader.framed());
}

TEST(ResponseHead, InterimBlocksAreForgotten) {
  ResponseHead reader(1000);
  EXPECT_EQ(Feed(&reader, {"HTTP/1.1 103 Early", "Transfer-Encoding: chunked", "Link: x", ""}),
            Event::kNothing);
  ASSERT_EQ(Feed(&reader, {"HTTP/1.1 200 OK", "A: b", ""}), Event::kComplete);
  EXPECT_EQ(reader.Take().headers, (HeaderList{{"a", "b"}}));
  EXPECT_FALSE(reader.framed());
}

TEST(ResponseHead, SwitchingProtocolsIsFinal) {
  ResponseHead reader(1000);
  EXPECT_EQ(Feed(&reader, {"HTTP/1.1 101 Switching", ""}), Event::kComplete);
  EXPECT_EQ(reader.Take().status, 101);
}

TEST(ResponseHead, TrailersChangeNothing) {
  ResponseHead reader(1000);
  ASSERT_EQ(Feed(&reader, {"HTTP/1.1 200 OK", ""}), Event::kComplete);
  reader.Take();
  EXPECT_EQ(Feed(&reader, {"X-Late: 1", ""}), Event::kNothing);
}

TEST(ResponseHead, FoldedValuesGoOn) {
  ResponseHead reader(1000);
  Feed(&reader, {"HTTP/1.1 200 OK", "A: b", "  c", ""});
  EXPECT_EQ(reader.Take().headers, (HeaderList{{"a", "b c"}}));
}

TEST(ResponseHead, TheLimitCountsEveryLine) {
  ResponseHead reader(60);
  EXPECT_EQ(Feed(&reader, {"HTTP/1.1 103 Early", ""}), Event::kNothing);
  EXPECT_EQ(Feed(&reader, {"HTTP/1.1 200 OK", std::string(30, 'x')}), Event::kTooLarge);
}

TEST(ResponseHead, LengthsThatDifferAreRefused) {
  const std::vector<std::vector<std::string>> same = {
      {"Content-Length: 5"}, {"Content-Length: 5", "content-length: 5"}, {"Content-Length: 5, 5"}};
  const std::vector<std::vector<std::string>> different = {
      {"Content-Length: 5", "Content-Length: 6"}, {"Content-Length: 5, 6"}, {"Content-Length: 5,"}};
  for (const bool fits : {true, false}) {
    for (std::vector<std::string> lines : fits ? same : different) {
      lines.insert(lines.begin(), "HTTP/1.1 200 OK");
      lines.push_back("");
      ResponseHead reader(1000);
      EXPECT_EQ(Feed(&reader, lines), fits ? Event::kComplete : Event::kRefused) << lines[1];
      EXPECT_FALSE(reader.doubtful());
    }
  }
}

TEST(ResponseHead, TwoFramingsAreDoubtful) {
  const std::vector<std::vector<std::string>> doubtful = {
      {"HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "Content-Length: 5", ""},
      {"HTTP/1.1 200 OK", "Content-Length: 0", "Transfer-Encoding: chunked", ""},
      {"HTTP/1.0 200 OK", "Transfer-Encoding: chunked", ""}};
  for (const auto& lines : doubtful) {
    ResponseHead reader(1000);
    EXPECT_EQ(Feed(&reader, lines), Event::kComplete);
    EXPECT_TRUE(reader.doubtful()) << lines[1];
  }
  ResponseHead usual(1000);
  Feed(&usual, {"HTTP/1.1 200 OK", "Transfer-Encoding: chunked", ""});
  EXPECT_FALSE(usual.doubtful());
}

TEST(ResponseHead, OnlyChunkedIsTaken) {
  for (const char* encoding : {"gzip", "gzip, chunked", "chunked, chunked", "identity", ""}) {
    ResponseHead reader(1000);
    EXPECT_EQ(Feed(&reader, {"HTTP/1.1 200 OK", std::string("Transfer-Encoding: ") + encoding, ""}),
              Event::kRefused)
        << encoding;
  }
  ResponseHead reader(1000);
  EXPECT_EQ(Feed(&reader, {"HTTP/1.1 200 OK", "transfer-encoding: Chunked", ""}), Event::kComplete);
  EXPECT_TRUE(reader.framed());
}

TEST(ResponseHead, StatusesWithoutABodyAreFramed) {
  for (const char* status : {"HTTP/1.1 204 No Content", "HTTP/1.1 304 Not Modified"}) {
    ResponseHead reader(1000);
    Feed(&reader, {status, ""});
    EXPECT_TRUE(reader.framed());
  }
}

TEST(ResponseHead, ALineWithoutAReasonOrAColon) {
  ResponseHead reader(1000);
  ASSERT_EQ(Feed(&reader, {"HTTP/1.1 200", "nonsense", ""}), Event::kComplete);
  const Head head = reader.Take();
  EXPECT_EQ(head.status, 200);
  EXPECT_TRUE(head.headers.empty());
}

}  // namespace
}  // namespace sparkgate::upstream

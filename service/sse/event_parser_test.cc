#include "service/sse/event_parser.h"

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace sparkgate::sse {
namespace {

using std::string_view_literals::operator""sv;

constexpr size_t kLimit = 1 << 20;

// All that can be seen of a parser.
struct Seen {
  std::vector<std::string> events;  // "type|data"
  bool too_large = false;
  bool done = false;
  std::string unparsed;
  size_t comments = 0;
  std::string id;
  std::optional<int64_t> retry_ms;

  friend bool operator==(const Seen& a, const Seen& b) {
    return a.events == b.events && a.too_large == b.too_large && a.done == b.done &&
           a.unparsed == b.unparsed && a.comments == b.comments && a.id == b.id &&
           a.retry_ms == b.retry_ms;
  }
  friend void PrintTo(const Seen& seen, std::ostream* out) {
    *out << testing::PrintToString(seen.events) << (seen.too_large ? " too large" : "")
         << (seen.done ? " done" : "") << " unparsed=" << testing::PrintToString(seen.unparsed)
         << " comments=" << seen.comments << " id=" << testing::PrintToString(seen.id)
         << " retry=" << seen.retry_ms.value_or(-1);
  }
};

void Feed(std::string_view piece, EventParser* parser, Seen* seen) {
  std::string bytes(piece);  // of its own: a view kept too long is found by asan
  std::string_view rest = bytes;
  while (!rest.empty()) {
    Event event;
    size_t used = 0;
    const EventParser::Result result = parser->Next(rest, &used, &event);
    ASSERT_LE(used, rest.size());
    ASSERT_GT(used, 0u);
    if (result == EventParser::Result::kTooLarge) seen->too_large = true;
    if (result == EventParser::Result::kEvent) {
      seen->events.push_back(std::string(event.type) + "|" + std::string(event.data));
    } else {
      ASSERT_EQ(used, rest.size());
    }
    rest.remove_prefix(used);
  }
}

Seen Parse(const std::vector<std::string_view>& pieces, size_t limit = kLimit) {
  EventParser parser(limit);
  Seen seen;
  for (std::string_view piece : pieces) Feed(piece, &parser, &seen);
  seen.done = parser.EndsWithDone();
  seen.unparsed = parser.unparsed();
  seen.comments = parser.comments();
  seen.id = parser.last_event_id();
  seen.retry_ms = parser.retry_ms();
  return seen;
}

// Whole, in every two pieces, in every three if it is short, and byte by byte.
void ExpectUnderEverySplit(std::string_view input, const Seen& expected, size_t limit = kLimit) {
  EXPECT_EQ(Parse({input}, limit), expected);
  std::vector<std::string_view> single;
  for (size_t i = 0; i < input.size(); ++i) single.push_back(input.substr(i, 1));
  EXPECT_EQ(Parse(single, limit), expected) << "byte by byte";
  for (size_t i = 1; i < input.size(); ++i) {
    const std::string_view head = input.substr(0, i);
    const std::string_view tail = input.substr(i);
    ASSERT_EQ(Parse({head, tail}, limit), expected) << "split at " << i;
    if (input.size() > 64) continue;
    for (size_t j = 1; j < tail.size(); ++j) {
      ASSERT_EQ(Parse({head, tail.substr(0, j), tail.substr(j)}, limit), expected)
          << "split at " << i << " and " << i + j;
    }
  }
}

struct Case {
  const char* name;
  std::string_view input;
  Seen expected;
};

std::vector<Case> Cases() {
  std::vector<Case> cases;
  auto add = [&cases](const char* name, std::string_view input, std::vector<std::string> events) {
    cases.push_back({name, input, {}});
    cases.back().expected.events = std::move(events);
    return &cases.back().expected;
  };

  // Ends of lines.
  add("LF", "data: tea\n\ndata: milk\n\n"sv, {"|tea", "|milk"});
  add("CRLF", "data: tea\r\n\r\ndata: milk\r\n\r\n"sv, {"|tea", "|milk"});
  add("CR", "data: tea\r\rdata: milk\r\r"sv, {"|tea", "|milk"});
  add("MixedEnds", "data: a\rdata: b\r\ndata: c\n\r\ndata: d\r\r\ndata: e\n\r"sv,
      {"|a\nb\nc", "|d", "|e"});
  add("LfThenCrIsTwoEnds", "data: a\n\rdata: b\r\n\n"sv, {"|a", "|b"});
  add("CrLfIsOneEnd", "data: a\r\ndata: b\r\n\r\n"sv, {"|a\nb"});
  add("OnlyOneLfBelongsToCr", "data: a\r\n\ndata: b\n\n"sv, {"|a", "|b"});
  add("BlankLinesOnly", "\n\r\n\r\r\n\n"sv, {});
  add("ManyBlankLines", "\n\ndata: x\n\n\n\n\ndata: y\n\n\n"sv, {"|x", "|y"});

  // The byte order mark.
  add("Mark",
      "\xEF\xBB\xBF"
      "data: a\n\ndata: b\n\n"sv,
      {"|a", "|b"});
  add("SecondMarkIsPartOfTheName",
      "\xEF\xBB\xBF\xEF\xBB\xBF"
      "data: a\n\ndata: b\n\n"sv,
      {"|b"})
      ->unparsed =
      "\xEF\xBB\xBF"
      "data: a\n";
  add("MarkLaterIsPartOfTheName",
      "data: a\n\n\xEF\xBB\xBF"
      "data: b\n\n"sv,
      {"|a"})
      ->unparsed =
      "\xEF\xBB\xBF"
      "data: b\n";
  add("HalfAMark",
      "\xEF\xBB"
      "data: a\n\ndata: b\n\n"sv,
      {"|b"})
      ->unparsed =
      "\xEF\xBB"
      "data: a\n";
  add("MarkTwiceBegun",
      "\xEF\xEF\xBB\xBF"
      "data: a\n\ndata: b\n\n"sv,
      {"|b"})
      ->unparsed =
      "\xEF\xEF\xBB\xBF"
      "data: a\n";
  add("MarkBeforeComment", "\xEF\xBB\xBF:hi\ndata: a\n\n"sv, {"|a"})->comments = 1;
  add("MarkInData", "data: \xEF\xBB\xBFx\n\n"sv, {"|\xEF\xBB\xBFx"});

  // Comments.
  add("Comments", ": keep-alive\n\n:\n:\r\ndata: a\n: between\ndata: b\n\n:after\n"sv, {"|a\nb"})
      ->comments = 5;
  add("CommentWithField", ":data: no\n\n"sv, {})->comments = 1;
  add("CommentDoesNotEndAnEvent", "data: a\n:x\n:y\n\n"sv, {"|a"})->comments = 2;

  // Fields.
  add("OneLeadingSpaceIsDropped", "data:a\ndata: b\ndata:  c\ndata:\td\n\n"sv, {"|a\nb\n c\n\td"});
  add("SpaceAtTheEndStays", "data: a \n\n"sv, {"|a "});
  add("ColonsInTheValue", "data: {\"a\":\"b: c\"}\n\n"sv, {"|{\"a\":\"b: c\"}"});
  add("ValueOfColonsAndSpaces", "data: :\ndata::\ndata:: \n\n"sv, {"|:\n:\n: "});
  add("NoColon", "data\n\n"sv, {"|"});
  add("NoColonTwice", "data\ndata\n\n"sv, {"|\n"});
  add("EmptyData", "data:\n\n"sv, {"|"});
  add("EmptyDataWithSpace", "data: \n\n"sv, {"|"});
  add("EmptyLinesOfData", "data:\ndata: x\ndata\n\n"sv, {"|\nx\n"});
  add("NamesAreExact",
      "Data: 1\n data: 2\nda-ta: 3\ndata\0: 4\ndata : 5\ndatum: 6\ndat\ndata: 7\n\n"sv, {"|7"})
      ->unparsed =
      std::string("Data: 1\n data: 2\nda-ta: 3\ndata\0: 4\ndata : 5\ndatum: 6\ndat\n"sv);
  add("NulInDataStays", "data: a\0b\n\n"sv, {std::string("|a\0b"sv)});
  add("EverythingAtOnce",
      "data:\0\ndata:  2\rData:1\ndata\0:2\ndata:1\r\0data:4\nda-ta:3\rdata_5\n"
      "data:3\rdata:\r\n data:32\ndata:4\n\n"sv,
      {std::string("|\0\n 2\n1\n3\n\n4"sv)})
      ->unparsed = std::string("Data:1\ndata\0:2\n\0data:4\nda-ta:3\ndata_5\n data:32\n"sv);
  add("InvalidUtf8Passes", "data: \xFF\xC0\xED\xA0\x80\n\n"sv, {"|\xFF\xC0\xED\xA0\x80"});
  add("LongCharacters", "data: \xF0\x9F\x8D\xB5 \xE2\x82\xAC\n\n"sv,
      {"|\xF0\x9F\x8D\xB5 \xE2\x82\xAC"});

  // Types.
  add("Type", "event: error\ndata: a\n\ndata: b\n\n"sv, {"error|a", "|b"});
  add("TypeAfterData", "data: a\nevent:error\n\n"sv, {"error|a"});
  add("LastTypeCounts", "event: x\nevent: y\ndata: a\n\n"sv, {"y|a"});
  add("EmptyTypeClears", "event: x\nevent\ndata: a\n\n"sv, {"|a"});
  add("TypeWithoutDataIsReset", "event: x\n\ndata: a\n\n"sv, {"|a"});

  // Ids and retry times.
  add("Id", "id: 7\ndata: a\n\n"sv, {"|a"})->id = "7";
  add("IdWithoutData", "id: 8\n\n"sv, {})->id = "8";
  add("IdBeforeItsBlankLine", "id: 8\n\nid: 9\n"sv, {})->id = "8";
  add("EmptyIdClears", "id: 8\n\nid\n\n"sv, {});
  add("IdWithNul", "id: 8\n\nid: 9\0\ndata: a\n\n"sv, {"|a"})->id = "8";
  add("IdStays", "id: 8\ndata: a\n\ndata: b\n\n"sv, {"|a", "|b"})->id = "8";
  add("Retry", "retry: 250\ndata: a\n\n"sv, {"|a"})->retry_ms = 250;
  add("RetryWithoutBlankLine", "retry:0042\n"sv, {})->retry_ms = 42;
  add("RetryBogus",
      "retry: 5\nretry: 1x\nretry: -3\nretry: +3\nretry:  7\nretry: 0x9\nretry\nretry: 1.5\n"
      "retry: 99999999999999999999\n"sv,
      {})
      ->retry_ms = 5;

  // Ends of the stream.
  add("UnfinishedIsDropped", "data: a\n\ndata: b\n"sv, {"|a"});
  add("UnfinishedLineIsDropped", "data: a\n\ndata: b"sv, {"|a"});
  add("Done", "data: a\n\ndata: [DONE]\n\n"sv, {"|a", "|[DONE]"});
  add("DoneWithoutBlankLine", "data: a\n\ndata: [DONE]\n"sv, {"|a"})->done = true;
  add("DoneWithoutBlankLineCrLf", "data: a\r\n\r\ndata: [DONE]\r\n"sv, {"|a"})->done = true;
  add("DoneWithoutBlankLineCr", "data: a\r\rdata: [DONE]\r"sv, {"|a"})->done = true;
  add("DoneWithoutEnd", "data: a\n\ndata: [DONE]"sv, {"|a"})->done = true;
  add("DoneWithoutSpace", "data:[DONE]"sv, {})->done = true;
  add("DoneAfterMark",
      "\xEF\xBB\xBF"
      "data: [DONE]"sv,
      {})
      ->done = true;
  add("DoneCut", "data: [DONE"sv, {});
  add("DoneAndMore", "data: [DONE]]"sv, {});
  add("DoneAfterOtherData", "data: x\ndata: [DONE]"sv, {});
  add("DoneAfterOtherDataEnded", "data: x\ndata: [DONE]\n"sv, {});
  add("DoneBeforeOtherData", "data: [DONE]\ndata"sv, {});
  add("DoneInAComment", ": [DONE]"sv, {});
  add("DoneOfAnotherField", "event: [DONE]"sv, {});

  // What is no event-stream at all.
  add("BareJson", "{\"error\":{\"message\":\"no\"}}"sv, {})->unparsed =
      "{\"error\":{\"message\":\"no\"}}\n";
  add("BareJsonWithLf", "{\"error\": 1}\n"sv, {})->unparsed = "{\"error\": 1}\n";
  add("BareJsonInLines", "{\n  \"error\": \"x\"\n}"sv, {})->unparsed = "{\n  \"error\": \"x\"\n}\n";
  add("HalfAFieldIsNoRubbish", "data: a\n\nda"sv, {"|a"});
  add("UnknownFieldBeforeTheEnd", "data: a\nfoo: 1\n\ndatab"sv, {"|a"})->unparsed =
      "foo: 1\ndatab\n";
  return cases;
}

TEST(EventParserTest, FollowsTheStandardUnderEverySplit) {
  for (const Case& c : Cases()) {
    SCOPED_TRACE(c.name);
    ExpectUnderEverySplit(c.input, c.expected);
  }
}

TEST(EventParserTest, ActsOnCrAtOnce) {
  EventParser parser(kLimit);
  Seen seen;
  Feed("data: a\r\r"sv, &parser, &seen);
  EXPECT_EQ(seen.events, std::vector<std::string>{"|a"});
  Feed("\n"sv, &parser, &seen);  // belongs to the CR before it: no further line
  Feed("data: b\r\n\r"sv, &parser, &seen);
  EXPECT_EQ(seen.events, (std::vector<std::string>{"|a", "|b"}));
}

TEST(EventParserTest, StopsAfterEachEvent) {
  EventParser parser(kLimit);
  const std::string_view bytes = "data: a\n\ndata: b\n\n"sv;
  Event event;
  size_t used = 0;
  ASSERT_EQ(parser.Next(bytes, &used, &event), EventParser::Result::kEvent);
  EXPECT_EQ(used, 9u);
  EXPECT_EQ(event.data, "a");
  ASSERT_EQ(parser.Next(bytes.substr(9), &used, &event), EventParser::Result::kEvent);
  EXPECT_EQ(used, 9u);
  EXPECT_EQ(event.data, "b");
  ASSERT_EQ(parser.Next({}, &used, &event), EventParser::Result::kNeedMore);
  EXPECT_EQ(used, 0u);
  EXPECT_EQ(event.data, "");
}

TEST(EventParserTest, DoesNotCopyAnEventOfOneLine) {
  EventParser parser(kLimit);
  const std::string_view bytes = ": hi\nevent: delta\nid: 3\ndata: {\"a\":1}\n\n"sv;
  Event event;
  size_t used = 0;
  ASSERT_EQ(parser.Next(bytes, &used, &event), EventParser::Result::kEvent);
  EXPECT_EQ(event.data.data(), bytes.data() + bytes.find('{'));
  EXPECT_EQ(event.data, "{\"a\":1}");
  EXPECT_EQ(event.type, "delta");
}

TEST(EventParserTest, HoldsEventsUpToTheLimitExactly) {
  Seen fits;
  fits.events = {"|1234", "x|5", "|a\nb"};
  const std::string_view exact = "data: 1234\n\nevent:x\ndata:5\n\ndata:a\r\ndata:b\r\n\r\n"sv;
  ExpectUnderEverySplit(exact.substr(0, 12), {{"|1234"}}, 10);
  ExpectUnderEverySplit(exact, fits, 13);
}

TEST(EventParserTest, RefusesEventsOverTheLimitForEver) {
  Seen refused;
  refused.too_large = true;
  ExpectUnderEverySplit("data: 12345\n\ndata: 1\n\n"sv, refused, 10);
  ExpectUnderEverySplit("data: 12345"sv, refused, 10);  // without waiting for the end of the line
  ExpectUnderEverySplit("data:1\ndata:2\n\n"sv, refused, 11);
  ExpectUnderEverySplit("event: long-name\n\n"sv, refused, 10);
  ExpectUnderEverySplit(": a long comment\n\n"sv, refused, 10);
  ExpectUnderEverySplit("data: [DONE]"sv, refused, 11);

  refused.events = {"|12", "|34"};
  ExpectUnderEverySplit("data: 12\n\ndata: 34\n\ndata: 5678\n\ndata: 1\n\n"sv, refused, 8);
  refused.events.clear();
  refused.unparsed = "foo: 1\nbar: 2\n";
  ExpectUnderEverySplit("foo: 1\nbar: 2\nbaz: 3\n"sv, refused, 12);
}

TEST(EventParserTest, CommentsDoNotAddUpToTheLimit) {
  std::string input;
  for (int i = 0; i < 20; ++i) input += ": wait\n";
  input += "data: ok\n\n";
  Seen expected;
  expected.events = {"|ok"};
  expected.comments = 20;
  ExpectUnderEverySplit(input, expected, 10);
}

TEST(EventParserTest, KeepsFourKibibytesOfWhatIsNoEvent) {
  const std::string line(1000, 'x');
  std::string input;
  for (int i = 0; i < 10; ++i) input += line + "\n";
  const Seen whole = Parse({input});
  EXPECT_EQ(whole.unparsed, input.substr(0, 4096));
  EXPECT_EQ(Parse({std::string_view(input).substr(0, 4500)}).unparsed, input.substr(0, 4096));
  EXPECT_EQ(Parse({std::string_view(input).substr(0, 3500)}).unparsed,
            input.substr(0, 3500) + "\n");
}

// Lines about as long as the windows in which their ends are looked for.
TEST(EventParserTest, FindsEndsAtEveryDistance) {
  for (size_t size = 500; size < 520; ++size) {
    for (const char* end : {"\n", "\r", "\r\n"}) {
      const std::string data(size, 'd');
      const std::string input = "data: " + data + end + end;
      Seen expected;
      expected.events = {"|" + data};
      ASSERT_EQ(Parse({input}), expected) << size;
      ASSERT_EQ(Parse({input + input, input}).events.size(), 3u) << size;
    }
  }
}

// Each of these takes minutes in a parser that looks at a byte more than a few times.
TEST(EventParserTest, WorkGrowsWithTheBytesAlone) {
  constexpr size_t kSize = 4 << 20;
  const std::string data(kSize, 'd');
  const std::string line = "data: " + data + "\n\n";
  EventParser parser(2 * kSize);
  Seen seen;
  for (char c : line) Feed({&c, 1}, &parser, &seen);
  EXPECT_EQ(seen.events, std::vector<std::string>{"|" + data});

  std::string endings;
  for (size_t i = 0; i < kSize / 8; ++i) endings += "data:1\r\r";
  EXPECT_EQ(Parse({endings}).events.size(), kSize / 8);
  EXPECT_EQ(Parse({std::string(kSize, '\r')}).events.size(), 0u);
  EXPECT_EQ(Parse({std::string(kSize, '\n')}).events.size(), 0u);
}

}  // namespace
}  // namespace sparkgate::sse

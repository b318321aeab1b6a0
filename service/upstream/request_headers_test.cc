#include "service/upstream/request_headers.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sparkgate::upstream {
namespace {

std::vector<std::string> LinesOf(const HeaderSlist& list) {
  std::vector<std::string> lines;
  for (const curl_slist* line = list.get(); line != nullptr; line = line->next) {
    lines.emplace_back(line->data);
  }
  return lines;
}

std::vector<std::string> Lines(const Request& request, const std::string& key = "") {
  const auto list = BuildHeaders(request, key);
  EXPECT_TRUE(list.ok()) << list.status();
  return list.ok() ? LinesOf(*list) : std::vector<std::string>();
}

TEST(RequestHeaders, OursFollowTheRequests) {
  Request request;
  request.body = "{}";
  request.headers = {{"x-request-id", "1"}, {"x-empty", ""}};
  EXPECT_EQ(Lines(request, "key"),
            (std::vector<std::string>{"x-request-id: 1", "x-empty;", "authorization: Bearer key",
                                      "content-type: application/json", "accept: application/json",
                                      "accept-encoding: identity", "Expect:"}));
}

TEST(RequestHeaders, TheRequestsOwnWin) {
  Request request;
  request.event_stream = true;
  request.headers = {{"authorization", "Bearer caller"}, {"accept", "text/plain"}};
  EXPECT_EQ(Lines(request, "key"),
            (std::vector<std::string>{"authorization: Bearer caller", "accept: text/plain",
                                      "accept-encoding: identity", "Expect:"}));
}

TEST(RequestHeaders, FixedOnesCannotBeChanged) {
  Request request;
  request.headers = {{"x-tenant", "caller"}, {"x-mine", "1"}};
  const auto list = BuildHeaders(request, "key", "authorization",
                                 {{"x-tenant", "fixed"}, {"accept-language", "de"}});
  ASSERT_TRUE(list.ok());
  EXPECT_EQ(LinesOf(*list),
            (std::vector<std::string>{"x-tenant: fixed", "accept-language: de", "x-mine: 1",
                                      "authorization: Bearer key", "accept: application/json",
                                      "accept-encoding: identity", "Expect:"}));
}

TEST(RequestHeaders, Values) {
  EXPECT_TRUE(IsHeaderValue("a b\t\xc3\xa4 ~"));
  EXPECT_TRUE(IsHeaderValue(""));
  for (int c = 0; c < 256; ++c) {
    const bool control = (c < 0x20 && c != '\t') || c == 0x7f;
    EXPECT_EQ(IsHeaderValue(std::string(1, static_cast<char>(c))), !control) << c;
  }
}

TEST(RequestHeaders, AKeyWithALineEndIsRefusedWithoutBeingShown) {
  const auto list = BuildHeaders(Request(), "secret\r\nx: y");
  ASSERT_FALSE(list.ok());
  EXPECT_EQ(std::string(list.status().message()).find("secret"), std::string::npos);
}

TEST(RequestHeaders, TheKeyUnderAnotherName) {
  const auto list = BuildHeaders(Request(), "secret", "api-key");
  ASSERT_TRUE(list.ok());
  std::string all;
  for (const curl_slist* entry = list->get(); entry != nullptr; entry = entry->next) {
    all += std::string(entry->data) + "\n";
  }
  EXPECT_NE(all.find("api-key: secret\n"), std::string::npos) << all;
  EXPECT_EQ(all.find("authorization"), std::string::npos) << all;
}

}  // namespace
}  // namespace sparkgate::upstream

#include "tests/faults/sentence.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <string>

#include "tests/support/secrets.h"

namespace sparkgate::faults {
namespace {

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string Delivered(size_t messages) {
  if (messages == 0) return "Nothing was delivered.";
  if (messages == 1) return "1 message was delivered: ";
  return std::to_string(messages) + " messages were delivered: ";
}

// What the caller is advised to do stands last, and does not contradict the code.
void ExpectAdvice(const support::CallResult& result) {
  const size_t delivered = result.message.find(" delivered");
  const std::string advice = result.message.substr(result.message.find(". ", delivered) + 2);
  EXPECT_GT(advice.size(), 12u) << "no advice";
  if (result.may_have_run() == "true") {
    EXPECT_TRUE(Contains(advice, "do not send it again")) << advice;
    return;
  }
  const bool again = result.name == "UNAVAILABLE" || result.retry_delay_ms.has_value();
  EXPECT_EQ(again, Contains(advice, "again") && !Contains(advice, "it fails again")) << advice;
}

}  // namespace

void ExpectPlainSentences(const std::string& message) {
  ASSERT_FALSE(message.empty());
  EXPECT_LT(message.size(), 1024u);
  EXPECT_TRUE(message[0] >= 'A' && message[0] <= 'Z') << message;
  EXPECT_EQ(message.back(), '.') << message;
  EXPECT_FALSE(Contains(message, "..")) << message;
  EXPECT_TRUE(std::none_of(message.begin(), message.end(), [](unsigned char c) {
    return c < 0x20 || c == 0x7F;
  })) << message;
  static const std::regex kPath(R"((^|[\s"'(=])/\w+/\w+|[A-Za-z]:\\\w+)");
  EXPECT_FALSE(std::regex_search(message, kPath)) << message;
  support::ExpectNoSecret("a status message", message);
}

void ExpectForm(const support::CallResult& result) {
  EXPECT_LT(result.details_bytes + result.message.size(), 4096u);
  EXPECT_NE(result.Trailer("x-request-id") + result.InitialMetadata("x-request-id"), "");
  if (result.ok()) {
    EXPECT_EQ(result.message, "");
    EXPECT_EQ(result.error_infos, 0);
    return;
  }
  ExpectPlainSentences(result.message);
  EXPECT_TRUE(Contains(result.message, Delivered(result.messages.size()))) << result.message;
  ExpectAdvice(result);
  EXPECT_EQ(result.error_infos, 1);
  EXPECT_EQ(result.domain, "sparkgate");
  EXPECT_EQ(result.Info("messages_sent"), std::to_string(result.messages.size()));
  EXPECT_FALSE(result.Info("finished_choices").empty());
  EXPECT_FALSE(result.Info("attempts").empty());
  EXPECT_TRUE(result.may_have_run() == "true" || result.may_have_run() == "false");
  if (result.name == "UNAVAILABLE") {
    EXPECT_EQ(result.may_have_run(), "false");
  }
  if (result.may_have_run() == "true") {
    EXPECT_EQ(result.pushback(), "-1");
  }
}

}  // namespace sparkgate::faults

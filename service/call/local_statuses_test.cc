#include "service/call/local_statuses.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "service/config/settings.h"

namespace sparkgate::call {
namespace {

using std::chrono::milliseconds;

std::set<std::string> Flags() {
  std::set<std::string> flags;
  for (const std::string& name : config::SettingNames()) flags.insert("--" + name);
  return flags;
}

std::vector<std::string> FlagsIn(const CallStatus& status) {
  static const std::regex kFlag("--[a-z_]+");
  const std::string text = status.message + " " + status.advice;
  std::vector<std::string> flags;
  for (std::sregex_iterator at(text.begin(), text.end(), kFlag), end; at != end; ++at) {
    flags.push_back(at->str());
  }
  return flags;
}

// Whoever meets a limit must know which one to raise.
TEST(EndingsTest, ALimitNamesItsFlag) {
  const std::pair<CallStatus, const char*> rows[] = {
      {Stalled(Awaited::kFirstContent, milliseconds(1)), "--first_content_timeout"},
      {Stalled(Awaited::kNextContent, milliseconds(1)), "--content_gap_timeout"},
      {Stalled(Awaited::kAnyByte, milliseconds(1)), "--idle_timeout"},
      {MaxCallTime(milliseconds(1), true), "--max_call_time"},
      {MaxCallTime(milliseconds(1), false), "--max_call_time"},
      {SlowReader(milliseconds(1)), "--reader_stall_timeout"},
      {DrainCut(), "--drain_grace"},
      {TooLargeEvent(1), "--max_event_bytes"},
      {TooLargeAnswer(1), "--max_chat_body_bytes"},
      {TooManyElements(1), "--max_request_elements"},
      {RequestTimeout(milliseconds(1)), "--request_timeout"},
      {Overloaded(1), "--max_calls"},
      {TooManyConnections(1), "--max_connections"},
      {ProxyRefused(403, true), "--upstream_proxy"},
      {ProxyRefused(407, true), "--upstream_proxy_auth_file"},
      {ProxyRefused(407, false), "--upstream_proxy_auth_file"},
  };
  const std::set<std::string> known = Flags();
  for (const auto& [status, flag] : rows) {
    EXPECT_EQ(FlagsIn(status), std::vector<std::string>{flag}) << status.message;
    EXPECT_EQ(known.count(flag), 1u) << flag;
  }
}

TEST(EndingsTest, WhatIsNoLimitNamesNone) {
  for (const CallStatus& status :
       {Cancelled(true), Cancelled(false), CallerDeadline(true), CallerDeadline(false), Draining(),
        Truncated("The upstream ended"), ProtocolError("broke the rules of HTTP"),
        TransferFailed(upstream::TransferEnd::How::kLost),
        TransferFailed(upstream::TransferEnd::How::kNotConnected)}) {
    EXPECT_TRUE(FlagsIn(status).empty()) << status.message;
  }
}

}  // namespace
}  // namespace sparkgate::call

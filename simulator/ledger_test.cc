#include "simulator/ledger.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

namespace sparkgate::simulator {
namespace {

using nlohmann::json;

HttpRequest Request(const std::string& body) { return {"POST", "/x", {}, body, true}; }

json Status(const Ledger& ledger, size_t limit = 5000) {
  return json::parse(ledger.StatusJson(limit));
}

TEST(LedgerTest, CountsEachOutcome) {
  Ledger ledger;
  for (Outcome outcome :
       {Outcome::kFinished, Outcome::kAbortedFin, Outcome::kAbortedRst, Outcome::kCut}) {
    const uint64_t number = ledger.Received(Request("{}"), "id");
    ledger.Started(number, "m");
    EXPECT_EQ(Status(ledger)["open"], 1);
    ledger.Ended(number, outcome, 10);
  }
  ledger.Answered(ledger.Received(Request("{}"), "id"), 404);
  ledger.Answered(ledger.Received(Request(""), "id"), 200);
  const json status = Status(ledger);
  EXPECT_EQ(status["requests"], 6);
  EXPECT_EQ(status["open"], 0);
  EXPECT_EQ(status["finished"], 1);
  EXPECT_EQ(status["aborted"], 2);
  EXPECT_EQ(status["aborted_rst"], 1);
  EXPECT_EQ(status["cut"], 1);
  EXPECT_EQ(status["rejected"], 1);
  EXPECT_EQ(status["last_abort_reason"], "rst");
  EXPECT_EQ(status["recent_requests"][2]["outcome"], "aborted: rst");
  EXPECT_EQ(status["recent_requests"][4]["outcome"], "status 404");
}

TEST(LedgerTest, TheJournalIsBoundedByCount) {
  Ledger ledger;
  for (int i = 0; i < 1500; ++i) ledger.Received(Request("{}"), std::to_string(i));
  const json journal = json::parse(ledger.RequestsJson(5000))["requests"];
  ASSERT_EQ(journal.size(), 1000u);
  EXPECT_EQ(journal.front()["x_request_id"], "500");
  EXPECT_EQ(journal.back()["x_request_id"], "1499");
  EXPECT_EQ(json::parse(ledger.RequestsJson(2))["requests"].size(), 2u);
}

TEST(LedgerTest, TheJournalIsBoundedByBytes) {
  Ledger ledger;
  for (int i = 0; i < 12; ++i) ledger.Received(Request(std::string(1 << 20, 'x')), "one");
  EXPECT_EQ(Status(ledger)["recent_requests"].size(), 8u);
  ledger.Received(Request(std::string(9 << 20, 'x')), "huge");
  const json last = json::parse(ledger.RequestsJson(1))["requests"][0];
  EXPECT_EQ(last["body"], "");
  EXPECT_EQ(last["body_cut"], true);
}

TEST(LedgerTest, AForgottenRequestStillEnds) {
  Ledger ledger;
  const uint64_t number = ledger.Received(Request("{}"), "old");
  ledger.Started(number, "m");
  ledger.Reset();
  EXPECT_EQ(Status(ledger)["open"], 1);
  ledger.Ended(number, Outcome::kAbortedFin, 0);
  EXPECT_EQ(Status(ledger)["open"], 0);
  EXPECT_EQ(Status(ledger)["aborted"], 1);
}

TEST(LedgerTest, AbortsAreBounded) {
  Ledger ledger;
  for (int i = 0; i < 5000; ++i) {
    const uint64_t number = ledger.Received(Request(""), "id");
    ledger.Started(number, "m");
    ledger.Ended(number, Outcome::kAbortedFin, 0);
  }
  EXPECT_EQ(Status(ledger)["recent_aborts"].size(), 4096u);
  EXPECT_EQ(Status(ledger, 10)["recent_aborts"].size(), 10u);
  EXPECT_EQ(Status(ledger)["aborted"], 5000);
}

TEST(LedgerTest, BytesThatAreNoTextDoNotBreakTheStatus) {
  Ledger ledger;
  HttpRequest request = Request("\xff\xfe");
  request.fields = {{"x-odd", "\xff"}, {"cookie", "secret"}};
  ledger.Received(request, "id");
  EXPECT_EQ(Status(ledger)["recent_requests"][0]["headers"]["cookie"], "present");
  EXPECT_TRUE(json::accept(ledger.RequestsJson(1)));
}

TEST(LedgerTest, ManyThreadsMayUseIt) {
  Ledger ledger;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&ledger] {
      for (int k = 0; k < 500; ++k) {
        ledger.ConnectionOpened();
        const uint64_t number = ledger.Received(Request("{}"), "id");
        ledger.Started(number, "m");
        ledger.BytesSent(3);
        ledger.Ended(number, Outcome::kFinished, 3);
        ledger.ConnectionClosed();
        if (k % 100 == 0) ledger.StatusJson(10);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const json status = Status(ledger);
  EXPECT_EQ(status["finished"], 2000);
  EXPECT_EQ(status["bytes_sent"], 6000);
  EXPECT_EQ(status["connections_open"], 0);
}

}  // namespace
}  // namespace sparkgate::simulator

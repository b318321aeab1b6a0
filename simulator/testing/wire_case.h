// One fault or dialect as it looks on the wire, as a row of a table.
#ifndef SPARKGATE_SIMULATOR_TESTING_WIRE_CASE_H_
#define SPARKGATE_SIMULATOR_TESTING_WIRE_CASE_H_

#include <gtest/gtest.h>

#include <cctype>
#include <string>
#include <utility>
#include <vector>

#include "simulator/testing/test_client.h"
#include "simulator/testing/test_server.h"

namespace sparkgate::simulator {

inline constexpr char kTerminator[] = "\r\n0\r\n\r\n";
inline constexpr char kFinish[] = R"("finish_reason":"stop")";
inline constexpr char kDone[] = "data: [DONE]\n\n";

// Begin with Streamed(), Whole() or Refused(), then say what differs.
struct WireCase {
  std::string model;
  bool stream = true;
  std::string status = "200";                   // Of the first response; empty: no byte came.
  TestClient::End end = TestClient::End::kFin;  // With `Connection: close`; kOpen: it stays open.
  std::string last;                             // What the received bytes end with.
  std::vector<std::string> with;
  std::vector<std::string> without;
  std::string outcome = "finished";  // "finished", "cut" or "rejected".

  WireCase Status(std::string text) && { return status = std::move(text), std::move(*this); }
  WireCase EndsWith(std::string text) && { return last = std::move(text), std::move(*this); }
  WireCase Has(std::vector<std::string> texts) && {
    return with = std::move(texts), std::move(*this);
  }
  WireCase Lacks(std::vector<std::string> texts) && {
    return without = std::move(texts), std::move(*this);
  }
  WireCase StaysOpen(std::string text) && {
    end = TestClient::End::kOpen;
    return std::move(*this).EndsWith(std::move(text));
  }
  // Broken off by FIN or RST.
  WireCase Cut(std::string text) && {
    outcome = "cut";
    return std::move(*this).EndsWith(std::move(text));
  }
  WireCase Reset(std::string text) && {
    end = TestClient::End::kReset;
    return std::move(*this).Cut(std::move(text));
  }
};

inline WireCase Streamed(std::string model) {
  WireCase wire_case;
  wire_case.model = std::move(model);
  wire_case.last = kTerminator;
  return wire_case;
}

inline WireCase Whole(std::string model) {
  WireCase wire_case = Streamed(std::move(model)).EndsWith("}");
  wire_case.stream = false;
  return wire_case;
}

inline WireCase Refused(std::string model, std::string status, bool stream = true) {
  WireCase wire_case = Streamed(std::move(model)).Status(std::move(status)).EndsWith("\"}");
  wire_case.stream = stream;
  wire_case.outcome = "rejected";
  return wire_case;
}

inline std::string WireCaseName(const testing::TestParamInfo<WireCase>& info) {
  std::string name = info.param.stream ? "Stream_" : "Unary_";
  for (char c : info.param.model) name += std::isalnum(c) ? c : '_';
  return name;
}

// Makes the call and compares.
inline void ExpectOnTheWire(const WireCase& c) {
  TestServer server;
  TestClient client(server.port());
  client.Send(ChatPost(ChatBody(c.model, c.stream, R"(,"seed":3)"), "Connection: close\r\n"));
  if (c.end == TestClient::End::kOpen) {
    ASSERT_TRUE(client.ReadUntil(c.last));
    EXPECT_TRUE(client.IsSilent());
  } else {
    EXPECT_EQ(client.ReadToEnd(), c.end);
  }
  const std::string& all = client.received();
  EXPECT_EQ(all.substr(0, 12), c.status.empty() ? "" : "HTTP/1.1 " + c.status);
  ASSERT_GE(all.size(), c.last.size());
  EXPECT_EQ(all.substr(all.size() - c.last.size()), c.last);
  for (const std::string& text : c.with) EXPECT_NE(all.find(text), std::string::npos) << text;
  for (const std::string& text : c.without) EXPECT_EQ(all.find(text), std::string::npos) << text;
  EXPECT_TRUE(server.Await([&](const nlohmann::json& status) {
    return status[c.outcome] == 1 && status["open"] == 0;
  })) << server.Status().dump();
}

}  // namespace sparkgate::simulator

#endif  // SPARKGATE_SIMULATOR_TESTING_WIRE_CASE_H_

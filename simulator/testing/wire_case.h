// One fault or dialect as it looks on the wire, as a row of a table.
#ifndef SPARKGATE_SIMULATOR_TESTING_WIRE_CASE_H_
#define SPARKGATE_SIMULATOR_TESTING_WIRE_CASE_H_

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "simulator/testing/test_client.h"
#include "simulator/testing/test_server.h"

namespace sparkgate::simulator {

inline constexpr char kTerminator[] = "\r\n0\r\n\r\n";
inline constexpr char kFinish[] = R"("finish_reason":"stop")";
inline constexpr char kDone[] = "data: [DONE]\n\n";

struct Case {
  const char* model;
  bool stream;
  const char* status;   // Of the first response; empty: no byte came.
  TestClient::End end;  // With `Connection: close`; kOpen: it stays open.
  std::string last;     // What the received bytes end with.
  std::vector<std::string> with;
  std::vector<std::string> without;
  const char* outcome;  // "finished", "cut" or "rejected".
};

inline std::string Name(const testing::TestParamInfo<Case>& info) {
  std::string name = std::string(info.param.stream ? "Stream" : "Unary") + "_";
  for (char c : std::string(info.param.model)) name += std::isalnum(c) ? c : '_';
  return name;
}

// Makes the call and compares.
inline void ExpectOnTheWire(const Case& c) {
  TestServer server;
  TestClient client(server.port());
  const std::string model = c.model;
  client.Send(ChatPost(ChatBody(model, c.stream, R"(,"seed":3)"), "Connection: close\r\n"));
  if (c.end == TestClient::End::kOpen) {
    ASSERT_TRUE(client.ReadUntil(c.last));
    EXPECT_TRUE(client.IsSilent());
  } else {
    EXPECT_EQ(client.ReadToEnd(), c.end);
  }
  const std::string& all = client.received();
  EXPECT_EQ(all.substr(0, 12), c.status[0] == 0 ? "" : std::string("HTTP/1.1 ") + c.status);
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

#ifndef SPARKGATE_SERVICE_UPSTREAM_TESTING_CURL_CLIENT_FIXTURE_H_
#define SPARKGATE_SERVICE_UPSTREAM_TESTING_CURL_CLIENT_FIXTURE_H_

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "service/event_loop/loop.h"
#include "service/upstream/curl_client.h"
#include "service/upstream/resolver.h"
#include "tests/support/scripted_upstream.h"

namespace sparkgate::upstream {

// Writes down what it is told and then calls what the test has set.
class RecordingSink : public TransferSink {
 public:
  void OnHead(Head head) override {
    EXPECT_FALSE(this->head.has_value()) << "a second head";
    EXPECT_FALSE(end.has_value());
    this->head = std::move(head);
    if (on_head) on_head();
  }
  void OnBody(std::string_view bytes) override {
    EXPECT_TRUE(head.has_value()) << "a body before its head";
    EXPECT_FALSE(end.has_value()) << "a body after the end";
    EXPECT_LE(bytes.size(), 16u * 1024);
    received += bytes.size();
    if (keep) body += bytes;
    if (on_body) on_body();
  }
  void OnEnd(const TransferEnd& end) override {
    EXPECT_FALSE(this->end.has_value()) << "a second end";
    this->end = end;
    if (on_end) on_end();
  }

  int status() const { return head.has_value() ? head->status : 0; }
  std::string Header(std::string_view name) const {
    const std::string* value = head.has_value() ? FindHeader(head->headers, name) : nullptr;
    return value == nullptr ? "" : *value;
  }

  std::optional<Head> head;
  std::string body;
  size_t received = 0;
  bool keep = true;
  std::optional<TransferEnd> end;
  std::function<void()> on_head;
  std::function<void()> on_body;
  std::function<void()> on_end;
};

using How = TransferEnd::How;
std::string Name(How how);
void PrintTo(How how, std::ostream* out);

Request Post(std::string body, std::string path = "/chat/completions");

// One loop, one client, on the test's own thread. The client is made by `Connect`.
class ClientTest : public testing::Test {
 protected:
  static ClientOptions OptionsFor(const support::ScriptedUpstream& upstream);

  void Connect(const ClientOptions& options, const Resolver* resolver = nullptr);
  void Connect(const support::ScriptedUpstream& upstream) { Connect(OptionsFor(upstream)); }
  ~ClientTest() override;

  // Runs the loop until the condition holds; looks every millisecond. False when time was up.
  bool RunUntil(const std::function<bool()>& condition);
  // As many turns as there are within the time.
  void RunFor(std::chrono::milliseconds time);

  // A request from its start to its end.
  void Fetch(Request request, RecordingSink* sink);
  RecordingSink Fetch(Request request) {
    RecordingSink sink;
    Fetch(std::move(request), &sink);
    return sink;
  }

  event_loop::Loop loop_;
  std::unique_ptr<CurlClient> client_;
};

// The same over plain HTTP and over TLS.
class PlainAndTlsTest : public ClientTest, public testing::WithParamInterface<bool> {
 protected:
  void Serve(support::ScriptedUpstream::Script script);

  std::unique_ptr<support::ScriptedUpstream> upstream_;
};
inline std::string PlainOrTls(const testing::TestParamInfo<bool>& info) {
  return info.param ? "Tls" : "Plain";
}

}  // namespace sparkgate::upstream

#endif  // SPARKGATE_SERVICE_UPSTREAM_TESTING_CURL_CLIENT_FIXTURE_H_

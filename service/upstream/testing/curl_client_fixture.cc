#include "service/upstream/testing/curl_client_fixture.h"

#include <ostream>
#include <utility>

namespace sparkgate::upstream {

std::string Name(How how) {
  switch (how) {
    case How::kComplete:
      return "complete";
    case How::kClosed:
      return "closed";
    case How::kNotConnected:
      return "not connected";
    case How::kCertificateRefused:
      return "certificate refused";
    case How::kNotSeen:
      return "not seen";
    case How::kLost:
      return "lost";
    case How::kCut:
      return "cut";
    case How::kProtocol:
      return "protocol";
  }
  return "?";
}

void PrintTo(How how, std::ostream* out) { *out << Name(how); }

Request Post(std::string body, std::string path) {
  Request request;
  request.path = std::move(path);
  request.body = std::move(body);
  return request;
}

ClientOptions ClientTest::OptionsFor(const support::ScriptedUpstream& upstream) {
  ClientOptions options;
  options.base_url = upstream.base_url() + "/v1";
  if (upstream.tls()) options.ca_file = support::CaFile();
  return options;
}

void ClientTest::Connect(const ClientOptions& options, const Resolver* resolver) {
  client_ = std::make_unique<CurlClient>(&loop_, options, resolver);
}

ClientTest::~ClientTest() { client_.reset(); }

bool ClientTest::RunUntil(const std::function<bool()>& condition) {
  const auto until = event_loop::Loop::Clock::now() + support::kPatience;
  bool held = condition();
  std::optional<event_loop::Timer> look;
  look.emplace(&loop_, [&] {
    held = condition();
    if (held || event_loop::Loop::Clock::now() > until) {
      loop_.Stop();
    } else {
      look->ArmIn(std::chrono::milliseconds(1));
    }
  });
  if (held) return true;
  look->ArmIn(std::chrono::milliseconds(0));
  loop_.Run();
  return held;
}

void ClientTest::RunFor(std::chrono::milliseconds time) {
  event_loop::Timer end(&loop_, [this] { loop_.Stop(); });
  end.ArmAt(event_loop::Loop::Clock::now() + time);
  loop_.Run();
}

void ClientTest::Fetch(Request request, RecordingSink* sink) {
  const std::unique_ptr<Transfer> transfer = client_->Start(std::move(request), sink);
  EXPECT_TRUE(RunUntil([&] { return sink->end.has_value(); })) << "no end";
}

void PlainAndTlsTest::Serve(support::ScriptedUpstream::Script script) {
  upstream_ = GetParam() ? std::make_unique<support::ScriptedUpstream>(std::move(script),
                                                                       support::Certificate::kRight)
                         : std::make_unique<support::ScriptedUpstream>(std::move(script));
  Connect(*upstream_);
}

}  // namespace sparkgate::upstream

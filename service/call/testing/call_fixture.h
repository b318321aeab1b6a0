#ifndef SPARKGATE_SERVICE_CALL_TESTING_CALL_FIXTURE_H_
#define SPARKGATE_SERVICE_CALL_TESTING_CALL_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "service/call/stream_call.h"
#include "service/call/testing/fake_loop.h"
#include "service/call/unary_call.h"

namespace sparkgate::call {

inline std::string ContentEvent(const std::string& text) {
  return "data: {\"id\":\"a\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" + text +
         "\"}}]}\n\n";
}

inline constexpr char kFinishEvent[] =
    "data: {\"id\":\"a\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],"
    "\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4,\"total_tokens\":7}}\n\n";
inline constexpr char kDoneEvent[] = "data: [DONE]\n\n";

// One call between a caller and an upstream that the test plays.
class CallTest : public testing::Test {
 protected:
  void StartStream() {
    CallRequest request;
    request.stream = true;
    request.merge = merge_;
    request.heartbeat = heartbeat_;
    request.deadline = deadline_;
    request.upstream.body = "{}";
    loop_.call = std::make_unique<StreamCall>(&loop_, &writer_, limits_, std::move(request));
    loop_.call->OnStarted();
  }
  void StartChat() {
    CallRequest request;
    loop_.call = std::make_unique<UnaryCall>(&loop_, &writer_, limits_, std::move(request));
    loop_.call->OnStarted();
  }
  void Head(int status = 200, HeaderList headers = {{"content-type", "text/event-stream"}}) {
    upstream::Head head;
    head.status = status;
    head.headers = std::move(headers);
    Sink().OnHead(std::move(head));
    loop_.EndTurns();
  }
  void Body(const std::string& bytes) {
    Sink().OnBody(bytes);
    loop_.EndTurns();
  }
  void End(upstream::TransferEnd::How how) {
    upstream::TransferEnd end;
    end.how = how;
    Sink().OnEnd(end);
    loop_.EndTurns();
  }
  void Written(bool ok = true) {
    writer_.write_out = false;
    loop_.call->OnWriteDone(ok);
    loop_.EndTurns();
  }
  void Pass(Clock::duration time) {
    const Clock::time_point until = loop_.now + time;
    while (loop_.call && loop_.timer <= until) {
      loop_.FireTimer();
      loop_.EndTurns();
    }
    loop_.now = until;
  }
  upstream::TransferSink& Sink() { return *loop_.call; }
  const CallStatus& Status() const { return writer_.finished->status; }
  v1::StreamChatResponse Message(size_t i) const {
    v1::StreamChatResponse message;
    EXPECT_TRUE(message.ParseFromString(writer_.written.at(i)));
    return message;
  }
  std::string Text(size_t i) const { return Message(i).choices(0).delta().content(); }

  CallLimits limits_;
  bool merge_ = true;
  std::chrono::milliseconds heartbeat_{0};
  std::optional<Clock::time_point> deadline_;
  FakeWriter writer_;
  FakeLoop loop_;
};

}  // namespace sparkgate::call

#endif  // SPARKGATE_SERVICE_CALL_TESTING_CALL_FIXTURE_H_

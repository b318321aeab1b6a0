// Plays every legal order of a call's events up to a length, and checks after each what must hold
// for all of them: one Finish, no write after it, upstream closed, freed once, and the first cause
// wins.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "service/call/stream_call.h"
#include "service/call/testing/fake_loop.h"
#include "service/call/unary_call.h"

namespace sparkgate::call {
namespace {

// In the optimised build this takes a third of a second.
constexpr size_t kLength = 7;

using How = upstream::TransferEnd::How;

constexpr char kChunk[] =
    "data: {\"id\":\"a\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"word \"}}]}\n\n";
constexpr char kFinishChunk[] =
    "data: {\"id\":\"a\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
constexpr char kDone[] = "data: [DONE]\n\n";
constexpr char kBody[] =
    "{\"id\":\"a\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":"
    "\"hi\"},"
    "\"finish_reason\":\"stop\"}]}";

// S Started, H head, C content, F finish chunk, D end mark, B body, E complete end, X cut,
// W written, L write failed, K cancelled, T timer, R drain, Z Done.
constexpr char kStreamEvents[] = "HCFDEXWLKTRZ";
constexpr char kChatEvents[] = "HBEXKTRZ";

// When turns end, and when writes are acknowledged.
enum class Mode { kEachEvent, kEverySecondEvent, kWritesCompleteInside };

class Play {
 public:
  Play(bool stream, Mode mode) : stream_(stream), mode_(mode) {
    CallRequest request;
    request.stream = stream;
    if (stream) {
      loop_.call = std::make_unique<StreamCall>(&loop_, &writer_, limits_, std::move(request));
    } else {
      loop_.call = std::make_unique<UnaryCall>(&loop_, &writer_, limits_, std::move(request));
    }
    if (mode == Mode::kWritesCompleteInside) writer_.acknowledge_inside = [this] { Written(true); };
    loop_.call->OnStarted();
  }

  bool Legal(char event) const {
    if (!loop_.call) return false;
    const bool flowing = loop_.transfer && !loop_.transfer->paused;
    switch (event) {
      case 'H':
        return flowing && !head_;
      case 'C':
      case 'F':
      case 'D':
      case 'B':
        return flowing && head_;
      case 'E':
        return flowing && head_;
      case 'X':
        return flowing;
      case 'W':
      case 'L':
        return writer_.write_out;
      case 'K':
        return !cancelled_;
      case 'T':
        return loop_.TimerArmed();
      case 'R':
        return !drained_;
      case 'Z':
        return writer_.finished && !writer_.write_out;
    }
    return false;
  }

  void Do(char event) {
    played_.push_back(event);
    switch (event) {
      case 'H':
        Head();
        break;
      case 'C':
        finish_void_ = finish_void_ || finish_seen_;
        Bytes(kChunk);
        break;
      case 'F':
        Bytes(kFinishChunk);
        finish_seen_ = true;
        break;
      case 'D':
        Cause(absl::StatusCode::kOk, choice_seen_);
        Bytes(kDone);
        break;
      case 'B':
        Bytes(kBody);
        body_bytes_ += 1;
        break;
      case 'E':
        Cause(absl::StatusCode::kOk, CompleteIsOk());
        End(How::kComplete);
        break;
      case 'X':
        Cause(absl::StatusCode::kAborted, true);
        End(How::kCut);
        break;
      case 'W':
        Written(true);
        break;
      case 'L':
        Cause(absl::StatusCode::kCancelled, true);
        Written(false);
        break;
      case 'K':
        Cause(absl::StatusCode::kCancelled, true);
        cancelled_ = true;
        loop_.call->OnCancelled();
        break;
      case 'T':
        FireTimer();
        break;
      case 'R':
        // An answer that is complete ends well, if its reader takes it.
        Cause(absl::StatusCode::kAborted, !StreamIsComplete());
        drained_ = true;
        loop_.call->OnDrain();
        break;
      case 'Z':
        loop_.call->OnDone();
        break;
    }
    if (mode_ != Mode::kEverySecondEvent || played_.size() % 2 == 0) loop_.EndTurns();
    Check();
  }

  // Lets everything that is out come back, and the call end.
  void RunToTheEnd() {
    for (int step = 0; loop_.call && step < 40; ++step) {
      loop_.EndTurns();
      if (writer_.write_out) {
        Written(true);
      } else if (writer_.finished) {
        loop_.call->OnDone();
      } else if (loop_.TimerArmed()) {
        loop_.FireTimer();
      }
      Check();
    }
    EXPECT_FALSE(loop_.call) << played_ << ": never over";
    EXPECT_TRUE(writer_.finished) << played_ << ": no Finish";
    EXPECT_EQ(loop_.freed, 1) << played_;
    EXPECT_EQ(loop_.transfer, nullptr) << played_ << ": upstream still open";
    CheckVerdict();
  }

 private:
  void Head() {
    head_ = true;
    upstream::Head head;
    head.status = 200;
    head.headers = {{"content-type", stream_ ? "text/event-stream" : "application/json"}};
    Sink().OnHead(std::move(head));
  }
  void Bytes(std::string_view bytes) {
    if (bytes != kDone) choice_seen_ = true;
    Sink().OnBody(bytes);
  }
  void End(How how) {
    upstream::TransferEnd end;
    end.how = how;
    Sink().OnEnd(end);
  }
  // A deadline that closes the upstream is the cause, unless there was one before.
  void FireTimer() {
    const bool open = loop_.transfer != nullptr;
    const bool complete = StreamIsComplete();
    loop_.FireTimer();
    if (!open || loop_.transfer != nullptr || caused_) return;
    caused_ = true;
    if (!complete) ended_by_timer_ = true;
    if (complete && !writer_.finished) first_cause_ = absl::StatusCode::kOk;
  }
  void Written(bool ok) {
    writer_.write_out = false;
    loop_.call->OnWriteDone(ok);
  }
  upstream::TransferSink& Sink() { return *loop_.call; }

  // Two bodies in one answer are no JSON; none is none either.
  bool CompleteIsOk() const { return stream_ ? StreamIsComplete() : body_bytes_ == 1; }
  // Content behind a finish reason makes it void.
  bool StreamIsComplete() const { return finish_seen_ && !finish_void_; }

  // Remembers the first cause; those whose code depends on more than the event leave it open.
  void Cause(absl::StatusCode code, bool certain) {
    if (caused_) return;
    caused_ = true;
    if (certain) first_cause_ = code;
  }
  bool Played(char event) const { return played_.find(event) != std::string::npos; }

  void Check() {
    EXPECT_FALSE(writer_.wrong) << played_ << ": a verb in the wrong place";
    EXPECT_FALSE(loop_.wrong) << played_ << ": pause or resume in the wrong place";
    EXPECT_LE(loop_.freed, 1) << played_;
    EXPECT_LE(loop_.started, 1) << played_;
    if (writer_.finished) {
      EXPECT_EQ(loop_.transfer, nullptr) << played_ << ": upstream open after Finish";
    }
    // From the end of the upstream on there is always one more timer, until nobody waits any more.
    if (loop_.call && loop_.transfer == nullptr && writer_.abandons == 0) {
      EXPECT_TRUE(loop_.TimerArmed() || loop_.turn_end_wanted) << played_ << ": no bounded end";
    }
  }

  void CheckVerdict() {
    if (!writer_.finished) return;
    const absl::StatusCode code = writer_.finished->status.code;
    if (ended_by_timer_) {
      const v1::ErrorReason reason = writer_.finished->status.reason;
      EXPECT_TRUE(reason == v1::ERROR_REASON_UPSTREAM_STALLED ||
                  reason == v1::ERROR_REASON_MAX_CALL_TIME ||
                  reason == v1::ERROR_REASON_SLOW_READER)
          << played_ << ": " << writer_.finished->status.message;
    }
    if (!first_cause_) return;
    // OK does not survive messages that were never handed over.
    if (*first_cause_ == absl::StatusCode::kOk && code != absl::StatusCode::kOk) {
      EXPECT_TRUE(cancelled_ || drained_ || Played('L') || Played('T') ||
                  writer_.finished->messages_sent > 0)
          << played_;
      return;
    }
    EXPECT_EQ(code, *first_cause_) << played_ << ": " << writer_.finished->status.message;
  }

  const bool stream_;
  const Mode mode_;
  CallLimits limits_;
  FakeWriter writer_;
  FakeLoop loop_;
  std::string played_ = "S";
  bool head_ = false;
  bool choice_seen_ = false;
  bool finish_void_ = false;
  bool finish_seen_ = false;
  int body_bytes_ = 0;
  bool cancelled_ = false;
  bool drained_ = false;
  bool caused_ = false;
  std::optional<absl::StatusCode> first_cause_;
  bool ended_by_timer_ = false;
};

// Depth first; each order is played from its beginning.
class EveryOrder {
 public:
  EveryOrder(bool stream, Mode mode) : stream_(stream), mode_(mode) {}

  int Run() {
    Explore("");
    return orders_;
  }

 private:
  void Explore(const std::string& prefix) {
    if (testing::Test::HasFailure()) return;
    for (const char* event = stream_ ? kStreamEvents : kChatEvents; *event != 0; ++event) {
      Play play(stream_, mode_);
      for (const char earlier : prefix) play.Do(earlier);
      if (!play.Legal(*event)) continue;
      play.Do(*event);
      play.RunToTheEnd();
      ++orders_;
      if (prefix.size() + 2 < kLength) Explore(prefix + *event);
    }
  }

  const bool stream_;
  const Mode mode_;
  int orders_ = 0;
};

TEST(CallOrder, EveryOrderOfAStreamsEvents) {
  const int orders = EveryOrder(true, Mode::kEachEvent).Run();
  EXPECT_GT(orders, 1000);
  RecordProperty("orders", orders);
}

TEST(CallOrder, EveryOrderWithTwoEventsInATurn) {
  EXPECT_GT(EveryOrder(true, Mode::kEverySecondEvent).Run(), 1000);
}

TEST(CallOrder, EveryOrderWithWritesThatCompleteInside) {
  EXPECT_GT(EveryOrder(true, Mode::kWritesCompleteInside).Run(), 500);
}

TEST(CallOrder, EveryOrderOfAChatsEvents) {
  EXPECT_GT(EveryOrder(false, Mode::kEachEvent).Run(), 100);
}

TEST(CallOrder, EveryOrderOfAChatsEventsTwoInATurn) {
  EXPECT_GT(EveryOrder(false, Mode::kEverySecondEvent).Run(), 100);
}

}  // namespace
}  // namespace sparkgate::call

#ifndef SPARKGATE_CLIENT_CHAT_STATS_H_
#define SPARKGATE_CLIENT_CHAT_STATS_H_

#include <chrono>
#include <optional>
#include <string>

#include "sparkgate/v1/response.pb.h"

namespace sparkgate::client {

// When one call's first and last pieces came. The clock is monotonic.
class Stopwatch {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Stopwatch(Clock::time_point start = Clock::now()) : start_(start), end_(start) {}

  // A message of the stream has come; the first one with text, reasoning or a tool call counts as
  // the first token.
  void Add(const v1::StreamChatResponse& message, Clock::time_point now = Clock::now());
  void Stop(Clock::time_point now = Clock::now()) { end_ = now; }

  // Seconds.
  std::optional<double> first_token() const;
  double total() const;

 private:
  Clock::time_point start_;
  Clock::time_point end_;
  std::optional<Clock::time_point> first_token_;
};

// Lines for a person: tokens, times, the upstream's metrics. Speed is tokens after the first one
// per second after it for a stream, and all tokens over the whole time for Chat.
std::string StatsText(const v1::ChatResponse& response, const Stopwatch& watch,
                      const std::string& request_id);

}  // namespace sparkgate::client

#endif  // SPARKGATE_CLIENT_CHAT_STATS_H_

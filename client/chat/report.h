#ifndef SPARKGATE_CLIENT_CHAT_REPORT_H_
#define SPARKGATE_CLIENT_CHAT_REPORT_H_

#include <chrono>
#include <optional>
#include <string>

#include "google/protobuf/message.h"
#include "sparkgate/v1/debug_service.pb.h"
#include "sparkgate/v1/model.pb.h"
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

// A table with a line for each token: the token in quotes, its log probability, the probability,
// and what else could have stood there. Several answers have headings.
std::string LogprobsText(const v1::ChatResponse& response);

// A line for each model: its name, how many tokens it takes, and what it supports ("chat",
// "images", "tools"); "-" where the upstream said nothing. In columns, so that `awk '{print $1}'`
// finds names.
std::string ModelsText(const v1::ListModelsResponse& models);

// The upstream request as it stands in HTTP: a line with method and URL, the headers in order of
// name, an empty line and the body, StreamChat's or Chat's. `indented`: the body in lines, for a
// person; else byte for byte.
std::string ExplainText(const v1::ExplainChatResponse& explained, bool stream, bool indented);

// The message as ProtoJSON on one line, with its newline: what --json prints.
std::string ProtoJsonLine(const google::protobuf::Message& message);

}  // namespace sparkgate::client

#endif  // SPARKGATE_CLIENT_CHAT_REPORT_H_

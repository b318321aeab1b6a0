#ifndef SPARKGATE_SERVICE_TELEMETRY_LOG_CALL_H_
#define SPARKGATE_SERVICE_TELEMETRY_LOG_CALL_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "service/telemetry/log.h"

namespace sparkgate::telemetry {

// What is told of one call when it is over. Prompts, answers, metadata and keys have no place here,
// so that none can end up in a log.
struct CallRecord {
  std::string method;               // "Chat", "StreamChat", "ListModels"
  std::string request_id;           // ours or the caller's
  std::string peer;                 // the caller's address
  std::string model;                // as asked for
  std::string upstream_request_id;  // "": none came

  std::string code;     // name of the gRPC status: "OK", "CANCELLED"
  std::string reason;   // ErrorReason without its prefix; "" for OK
  std::string detail;   // for operators: where and how it broke; no content
  int http_status = 0;  // 0: no answer came
  bool caller_cancelled = false;
  bool may_have_run = false;  // told for errors only
  bool forced = false;        // ended although the caller had not read the last message
  bool abandoned = false;     // gRPC did not give the call back after its end

  std::chrono::microseconds duration{0};
  std::optional<std::chrono::microseconds> time_to_first_content;
  int attempts = 0;  // requests sent upstream
  int64_t messages_sent = 0;
  uint64_t bytes_sent = 0;      // serialised messages
  uint64_t bytes_received = 0;  // of the upstream's body
  int finished_choices = 0;
  int anomalies = 0;  // things the upstream's API does not describe
  std::optional<int64_t> prompt_tokens;
  std::optional<int64_t> completion_tokens;
};

// One line with the message "call". What does not apply is left out. An error that is Sparkgate's
// own fault is an error, other failures are warnings; a caller that left is no failure.
void LogCall(const CallRecord& record, Logger* logger);

}  // namespace sparkgate::telemetry

#endif  // SPARKGATE_SERVICE_TELEMETRY_LOG_CALL_H_

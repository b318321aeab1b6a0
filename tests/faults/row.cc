#include "tests/faults/row.h"

namespace sparkgate::faults {

Expected Expected::With(int message_count, int finished_choices) const {
  Expected expected = *this;
  expected.messages = message_count;
  expected.finished = finished_choices;
  return expected;
}

Expected Expected::Saying(std::string part) const {
  Expected expected = *this;
  expected.says = std::move(part);
  return expected;
}

Expected Ok(std::string text) { return {"OK", "", "", "", std::move(text)}; }

Expected MayHaveRun(std::string code, std::string reason, std::string text) {
  return {std::move(code), std::move(reason), "true", "-1", std::move(text)};
}

Expected Truncated(std::string text) {
  return MayHaveRun("ABORTED", "UPSTREAM_STREAM_TRUNCATED", std::move(text));
}

Expected ProtocolError(std::string text) {
  return MayHaveRun("INTERNAL", "UPSTREAM_PROTOCOL_ERROR", std::move(text));
}

Expected Stalled(std::string text) {
  return MayHaveRun("ABORTED", "UPSTREAM_STALLED", std::move(text));
}

Expected Lost() { return MayHaveRun("ABORTED", "UPSTREAM_CONNECTION_LOST"); }

Expected MaxCallTime(std::string text) {
  return MayHaveRun("DEADLINE_EXCEEDED", "MAX_CALL_TIME", std::move(text));
}

Expected StreamError(std::string code, std::string upstream_code, std::string text) {
  Expected expected = MayHaveRun(std::move(code), "UPSTREAM_STREAM_ERROR", std::move(text));
  expected.upstream_code = std::move(upstream_code);
  return expected;
}

Expected Refused(std::string code, std::string reason) {
  return {std::move(code), std::move(reason), "false", "-1"};
}

Expected TryAgain(std::string reason) {
  Expected expected{"UNAVAILABLE", std::move(reason), "false", ""};
  expected.retry_info = true;
  return expected;
}

}  // namespace sparkgate::faults

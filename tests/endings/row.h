#ifndef SPARKGATE_TESTS_ENDINGS_ROW_H_
#define SPARKGATE_TESTS_ENDINGS_ROW_H_

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/scripted_connection.h"

namespace sparkgate::endings {

// What the caller must see.
struct Expected {
  std::string code;
  std::string reason;        // "": no details (OK, and what gRPC says itself)
  std::string may_have_run;  // "true", "false"
  std::string pushback;      // the trailer; "": none
  std::string text = "";     // what was delivered of choice 0
  bool retry_info = false;
  int http_status = 0;             // as ErrorInfo says it; 0: not checked
  std::string upstream_code = "";  // as ErrorInfo says it; "": not checked
};

inline Expected Ok(std::string text) { return {"OK", "", "", "", std::move(text)}; }
// What may have run: nobody may send it again by himself.
inline Expected MayHaveRun(std::string code, std::string reason, std::string text = "") {
  return {std::move(code), std::move(reason), "true", "-1", std::move(text)};
}
inline Expected Truncated(std::string text = "") {
  return MayHaveRun("ABORTED", "UPSTREAM_STREAM_TRUNCATED", std::move(text));
}
inline Expected ProtocolError(std::string text = "") {
  return MayHaveRun("INTERNAL", "UPSTREAM_PROTOCOL_ERROR", std::move(text));
}
inline Expected Stalled(std::string text = "") {
  return MayHaveRun("ABORTED", "UPSTREAM_STALLED", std::move(text));
}
// An error that the upstream gave after its 200.
inline Expected StreamError(std::string code, std::string upstream_code, std::string text = "") {
  Expected expected = MayHaveRun(std::move(code), "UPSTREAM_STREAM_ERROR", std::move(text));
  expected.upstream_code = std::move(upstream_code);
  return expected;
}
// A refusal: nothing has run.
inline Expected Refused(std::string code, std::string reason) {
  return {std::move(code), std::move(reason), "false", "-1"};
}
// Sending again costs nothing.
inline Expected TryAgain(std::string reason) {
  Expected expected{"UNAVAILABLE", std::move(reason), "false", ""};
  expected.retry_info = true;
  return expected;
}

enum class After {
  kKeep,   // the connection stays open for the next request
  kClose,  // FIN, over TLS with close_notify
  kCut,    // FIN, over TLS without close_notify
  kReset,  // RST, when what was sent has been read
};

enum class Transport { kBoth, kPlain, kTls };

enum Rpcs { kStream = 1, kChat = 2, kAny = 3 };

// The server's flags that a row needs.
enum class Timers { kUsual, kShort };

// One way in which an answer can end. Adding a row to a table is all that a further one needs: it
// is run for each RPC, plain and over TLS, with its bytes cut in several ways, and printed with its
// status.
struct Row {
  std::string name;
  Rpcs rpcs = kAny;
  std::string bytes;  // the whole response
  After after = After::kKeep;
  Expected expected;
  std::string request = "";  // further members of the request, each with a comma before it
  Transport transport = Transport::kBoth;
  // Instead of `bytes` and `after`, when that does not say it; the request has been read.
  std::function<void(support::Connection&)> script = nullptr;
  Timers timers = Timers::kUsual;
};

std::vector<Row> StreamRows();  // how streams end
std::vector<Row> ChatRows();    // how Chat's answers end
std::vector<Row> HttpRows();    // what an HTTP status alone leads to
std::vector<Row> TimerRows();   // silence of all kinds

// The limit on one event that the tests' server is given.
inline constexpr int kMaxEventBytes = 64 * 1024;

}  // namespace sparkgate::endings

#endif  // SPARKGATE_TESTS_ENDINGS_ROW_H_

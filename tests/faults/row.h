#ifndef SPARKGATE_TESTS_FAULTS_ROW_H_
#define SPARKGATE_TESTS_FAULTS_ROW_H_

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace sparkgate::faults {

// What the caller must see. Written by hand in the tables: nothing of it comes from the code under
// test.
struct Expected {
  std::string code;
  std::string reason;        // "": no details (OK, and what gRPC says itself)
  std::string may_have_run;  // "true", "false"
  std::string pushback;      // the trailer; "": none
  std::string text = "";     // what was delivered of choice 0
  bool retry_info = false;
  int http_status = 0;                 // as ErrorInfo says it; 0: not checked
  std::string upstream_code = "";      // as ErrorInfo says it; "": not checked
  std::string says = "";               // a part of the message
  int messages = -1;                   // -1: not checked, since waiting increments may become one
  int finished = -1;                   // choices; -1: not checked
  std::vector<Expected> or_else = {};  // what is right as well, where the kernel decides

  // With x-sparkgate-coalesce: off, so that the number of messages is known.
  Expected With(int message_count, int finished_choices) const;
  Expected Saying(std::string part) const;
};

Expected Ok(std::string text);
// What may have run: nobody may send it again by himself.
Expected MayHaveRun(std::string code, std::string reason, std::string text = "");
Expected Truncated(std::string text = "");
Expected ProtocolError(std::string text = "");
Expected Stalled(std::string text = "");
Expected Lost();
Expected MaxCallTime(std::string text = "");
// An error that the upstream gave after its 200.
Expected StreamError(std::string code, std::string upstream_code, std::string text = "");
// A refusal: nothing has run.
Expected Refused(std::string code, std::string reason);
// Sending again costs nothing.
Expected TryAgain(std::string reason);

// What the upstream does with the connection when it has said everything.
enum class After {
  kKeep,     // the connection stays open for the next request
  kClose,    // FIN, over TLS with close_notify
  kCut,      // FIN, over TLS without close_notify
  kReset,    // RST, when what was sent has been read
  kRubbish,  // bytes below TLS that are none of it; then it waits until the server leaves
  kSilence,  // nothing more, until the server leaves
  kForEver,  // `again` at its pace, until the server leaves
};

enum class Transport { kBoth, kPlain, kTls };

enum Rpcs { kStream = 1, kChat = 2, kAny = 3 };

// The server's flags that a row needs.
enum class Timers { kUsual, kShort };

// One way in which an answer can end: run for each RPC, plain and over TLS, with its bytes cut in
// several ways, and printed with its status.
struct Row {
  std::string fault;
  Rpcs rpcs = kAny;
  std::string bytes;  // all that is sent
  After after = After::kKeep;
  Expected expected;
  std::string request = "";  // further members of the request, each with a comma before it
  Transport transport = Transport::kBoth;
  Timers timers = Timers::kUsual;
  std::string moment = "";  // "": the answer as a whole is the fault
  std::string again = "";   // for kForEver
  std::chrono::milliseconds pace{20};
  bool unread = false;  // it happens before the request is read
};

// Adding a row to one of these tables is all that a further ending needs.
std::vector<Row> FaultRows();   // every fault at every moment (fault_table.cc)
std::vector<Row> StreamRows();  // answers to StreamChat that are odd as a whole
std::vector<Row> ChatRows();    // and to Chat
std::vector<Row> HttpRows();    // what an HTTP status alone leads to

// The limits that the tests' server is given.
inline constexpr int kMaxEventBytes = 64 * 1024;
inline constexpr int kMaxChatBytes = 1024 * 1024;

}  // namespace sparkgate::faults

#endif  // SPARKGATE_TESTS_FAULTS_ROW_H_

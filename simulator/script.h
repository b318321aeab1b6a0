// What a connection does to answer one request, step by step. All behaviour, faults included, is
// decided here without sockets; the connection carries it out.
#ifndef SPARKGATE_SIMULATOR_SCRIPT_H_
#define SPARKGATE_SIMULATOR_SCRIPT_H_

#include <chrono>
#include <deque>
#include <functional>
#include <string>

#include "simulator/answer.h"
#include "simulator/http.h"
#include "simulator/plan.h"

namespace sparkgate::simulator {

struct Step {
  enum class Then {
    kContinue,   // Ask for the next step.
    kKeep,       // The answer is complete; the connection waits for the next request.
    kClose,      // Close properly, with TLS's own close first.
    kCut,        // FIN at once, without TLS's own close.
    kHalfClose,  // FIN, then keep the socket open without limit.
    kReset,      // RST.
    kHang,       // Send nothing more, and keep the connection open.
  };
  std::chrono::microseconds wait{0};  // Before the bytes.
  std::string bytes;
  Then then = Then::kContinue;
  bool generation_over = false;  // From here on, a client that leaves aborts nothing.
};

// Returns the next step. Owned and called by one connection, and never called again after a step
// that does not continue.
using Script = std::function<Step()>;

// A complete response in one piece.
Script SimpleScript(std::string response, bool keep_alive);

struct AnswerContext {
  Plan plan;
  Answer answer;
  Fields fields;           // Of every answer: request id, rate limits.
  std::string request_id;  // For errors inside a stream.
  bool keep_alive = true;  // What the client wants of its connection.
};

// A completion with the plan's fault in it, streamed if the request asks for it. Not for plans that
// answer with an error status.
Script AnswerScript(AnswerContext context);

// Used by AnswerScript alone (stream_script.cc).
Script StreamScript(AnswerContext context);

// Shared by whole and streamed answers:

// The header fields of both, with `media_type` unless the plan has another.
Fields AnswerFields(const AnswerContext& context, const char* media_type);

// The informational responses before the final one.
std::string InformationalText(const Plan& plan);

// How a complete answer ends, and what the plan sends after it; `last` completes the answer.
std::deque<Step> EndingSteps(const Plan& plan, bool keep_alive, std::string last);

// Breaks off in the middle.
Step BreakStep(Fault fault);

}  // namespace sparkgate::simulator

#endif  // SPARKGATE_SIMULATOR_SCRIPT_H_

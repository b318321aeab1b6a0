#ifndef SPARKGATE_CLIENT_CHAT_ASKER_H_
#define SPARKGATE_CLIENT_CHAT_ASKER_H_

#include <optional>

#include "client/call_error.h"
#include "client/chat/interrupts.h"
#include "client/chat/options.h"
#include "client/chat/screen.h"
#include "client/chat/stats.h"
#include "client/client.h"
#include "client/error_text.h"
#include "sparkgate/v1/request.pb.h"
#include "sparkgate/v1/response.pb.h"

namespace sparkgate::client {

// How one question ended.
struct Answer {
  v1::ChatResponse response;  // what arrived, also when it is not the whole
  ExitCode exit_code = kExitOk;
  bool complete() const { return exit_code == kExitOk; }
};

// Sends one request, shows the answer, its statistics or its error, and lets Ctrl-C cancel it.
// Main thread only; everything it is given outlives it.
class Asker {
 public:
  Asker(Client* client, Interrupts* interrupts, const Options& options, Screen* out, Screen* err)
      : client_(*client), interrupts_(*interrupts), options_(options), out_(*out), err_(*err) {}

  Answer Ask(const v1::ChatRequest& request, bool stream);

 private:
  Answer AskStream(const v1::ChatRequest& request, const CallOptions& call, Stopwatch* watch);
  Answer AskWhole(const v1::ChatRequest& request, const CallOptions& call, Stopwatch* watch);
  void Complain(const std::optional<CallError>& error, bool partly, Answer* answer);
  Screen* ReasoningScreen();
  void PrintRemarks(const v1::ChatResponse& response);
  void PrintStats(const Answer& answer, const Stopwatch& watch, const Metadata& metadata);

  Client& client_;
  Interrupts& interrupts_;
  const Options& options_;
  Screen& out_;
  Screen& err_;
};

}  // namespace sparkgate::client

#endif  // SPARKGATE_CLIENT_CHAT_ASKER_H_

#ifndef SPARKGATE_CLIENT_CHAT_COMMANDS_H_
#define SPARKGATE_CLIENT_CHAT_COMMANDS_H_

#include <optional>

#include "client/call_error.h"
#include "client/chat/options.h"
#include "client/chat/report.h"
#include "client/chat/terminal.h"
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

// What sparkgate-chat does with a server. Each prints its answer to `out` and its error to `err`,
// and lets Ctrl-C cancel it. Main thread only; everything it is given outlives it.
class Commands {
 public:
  Commands(Client* client, Interrupts* interrupts, const Options& options, Console* out,
           Console* err)
      : client_(*client), interrupts_(*interrupts), options_(options), out_(*out), err_(*err) {}

  // Sends one request; with --stats its statistics are shown too.
  Answer Ask(const v1::ChatRequest& request, bool stream);

  // `sparkgate-chat models`.
  ExitCode ListModels();

  // `--explain`: the request that the upstream would get for `request`.
  ExitCode ExplainChat(const v1::ChatRequest& request, bool stream);

 private:
  CallOptions Begin(Canceller* canceller);
  Answer AskStream(const v1::ChatRequest& request, const CallOptions& call, Stopwatch* watch);
  Answer AskWhole(const v1::ChatRequest& request, const CallOptions& call, Stopwatch* watch);
  ExitCode PrintError(const CallError& error, const std::string& text);
  ExitCode PrintErrorOf(const CallError& error, const char* if_not_served);
  Console* ReasoningConsole();
  void PrintRemarks(const v1::ChatResponse& response);
  void PrintStats(const Answer& answer, const Stopwatch& watch, const Metadata& metadata);

  Client& client_;
  Interrupts& interrupts_;
  const Options& options_;
  Console& out_;
  Console& err_;
};

}  // namespace sparkgate::client

#endif  // SPARKGATE_CLIENT_CHAT_COMMANDS_H_

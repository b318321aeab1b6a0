#ifndef SPARKGATE_CLIENT_CHAT_ENQUIRY_H_
#define SPARKGATE_CLIENT_CHAT_ENQUIRY_H_

#include "client/chat/interrupts.h"
#include "client/chat/options.h"
#include "client/chat/screen.h"
#include "client/client.h"
#include "client/error_text.h"
#include "sparkgate/v1/request.pb.h"

namespace sparkgate::client {

// The calls of sparkgate-chat that ask no model: what a server has, and what it would do. Each
// prints its answer to `out` or its error to `err`; Ctrl-C cancels. Main thread only; everything it
// is given outlives it.
class Enquiry {
 public:
  Enquiry(Client* client, Interrupts* interrupts, const Options& options, Screen* out, Screen* err)
      : client_(*client), interrupts_(*interrupts), options_(options), out_(*out), err_(*err) {}

  // `sparkgate-chat models`.
  ExitCode ListModels();

  // `--explain`: the request that the upstream would get for `request`.
  ExitCode ExplainChat(const v1::ChatRequest& request, bool stream);

 private:
  CallOptions Begin(Canceller* canceller);
  ExitCode Complain(const CallError& error, const char* if_not_served);

  Client& client_;
  Interrupts& interrupts_;
  const Options& options_;
  Screen& out_;
  Screen& err_;
};

}  // namespace sparkgate::client

#endif  // SPARKGATE_CLIENT_CHAT_ENQUIRY_H_

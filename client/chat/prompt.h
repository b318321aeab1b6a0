#ifndef SPARKGATE_CLIENT_CHAT_PROMPT_H_
#define SPARKGATE_CLIENT_CHAT_PROMPT_H_

#include <string>

#include "client/chat/commands.h"
#include "client/chat/conversation.h"
#include "client/chat/terminal.h"
#include "sparkgate/v1/request.pb.h"

namespace sparkgate::client {

// The conversation at a prompt: reads lines, obeys commands, asks. Prompt and notices go to `err`,
// so that `out` holds answers alone. Main thread only; everything it is given outlives it.
class Prompt {
 public:
  // `parameters`: the request without messages.
  Prompt(Commands* commands, Interrupts* interrupts, int input, Console* err,
         Conversation conversation, v1::ChatRequest parameters, bool stream);

  // Until the user ends it. `first`, if not empty, is asked before the first prompt.
  void Run(const std::string& first);

 private:
  enum class Next { kGoOn, kEnd };

  Next OnLine(const std::string& line);
  Next OnInterrupt();
  Next OnCommand(const std::string& line);
  void SetSystem(const std::string& text);
  void AttachImage(const std::string& name);
  void AddResult(const std::string& text);
  void Ask(const std::string& text);
  void Send();
  void NoticeWhatWaits();
  void Notice(const std::string& text);

  Commands& commands_;
  Interrupts& interrupts_;
  Console& err_;
  LineReader lines_;
  Conversation conversation_;
  const v1::ChatRequest parameters_;
  const bool stream_;
  bool interrupted_ = false;  // the last thing that the user did was Ctrl-C
};

}  // namespace sparkgate::client

#endif  // SPARKGATE_CLIENT_CHAT_PROMPT_H_

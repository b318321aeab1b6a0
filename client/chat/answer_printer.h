#ifndef SPARKGATE_CLIENT_CHAT_ANSWER_PRINTER_H_
#define SPARKGATE_CLIENT_CHAT_ANSWER_PRINTER_H_

#include <string>

#include "client/chat/terminal.h"
#include "sparkgate/v1/response.pb.h"

namespace sparkgate::client {

// Shows one answer: the first choice as it arrives, the others and all tool calls at the end. With
// more than one choice each has a heading. Reasoning goes to a screen of its own, which may be the
// answer's, dimmed.
class AnswerPrinter {
 public:
  // `reasoning`: where reasoning is shown; `out`, another screen, or null for nowhere. `several`:
  // the request asks for more than one answer, so that the first gets its heading too.
  AnswerPrinter(Console* out, Console* reasoning, bool several)
      : out_(*out), reasoning_console_(reasoning), several_(several) {}

  void Add(const v1::StreamChatResponse& message);

  // `whole` holds everything that was added, and for Chat is all there is.
  void Finish(const v1::ChatResponse& whole);

 private:
  void Heading(int index);
  void Reasoning(const std::string& text);
  void EndReasoning();
  void Content(const std::string& text);
  void EndLine();
  void PrintWhole(const v1::Choice& choice);
  void PrintToolCalls(const v1::ChatMessage& message);

  Console& out_;
  Console* const reasoning_console_;
  const bool several_;
  bool live_ = false;        // something of choice 0 has been shown
  bool reasoning_ = false;   // the last thing shown was reasoning
  char last_ = '\n';         // the last character on `out_`
  char last_beside_ = '\n';  // the last character on another screen
};

}  // namespace sparkgate::client

#endif  // SPARKGATE_CLIENT_CHAT_ANSWER_PRINTER_H_

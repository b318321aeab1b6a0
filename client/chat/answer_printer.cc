#include "client/chat/answer_printer.h"

namespace sparkgate::client {

void AnswerPrinter::Heading(int index) {
  EndLine();
  out_.Print("--- answer " + std::to_string(index + 1) + " ---\n", Console::Tone::kBold);
}

void AnswerPrinter::Reasoning(const std::string& text) {
  if (text.empty() || reasoning_console_ == nullptr) return;
  // Without colour nothing else would tell it from the answer.
  if (!reasoning_ && !reasoning_console_->colour()) reasoning_console_->Print("[reasoning]\n");
  reasoning_ = true;
  reasoning_console_->Print(text, Console::Tone::kDim);
  (reasoning_console_ == &out_ ? last_ : last_beside_) = text.back();
}

void AnswerPrinter::EndReasoning() {
  if (last_beside_ != '\n') reasoning_console_->Print("\n");
  last_beside_ = '\n';
  reasoning_ = false;
}

void AnswerPrinter::Content(const std::string& text) {
  if (text.empty()) return;
  if (reasoning_ && reasoning_console_ == &out_) {
    EndLine();
    out_.Print(out_.colour() ? "\n" : "[answer]\n");
  }
  EndReasoning();
  out_.Print(text);
  last_ = text.back();
}

void AnswerPrinter::EndLine() {
  if (last_ != '\n') out_.Print("\n");
  last_ = '\n';
}

void AnswerPrinter::Add(const v1::StreamChatResponse& message) {
  for (const v1::StreamChoice& choice : message.choices()) {
    if (choice.index() != 0) continue;
    if (several_ && !live_) Heading(0);
    live_ = true;
    Reasoning(choice.delta().reasoning_content());
    Content(choice.delta().content());
  }
}

void AnswerPrinter::PrintToolCalls(const v1::ChatMessage& message) {
  for (const v1::ToolCall& call : message.tool_calls()) {
    EndLine();
    out_.Print("tool call: " + call.function().name() + "(" + call.function().arguments() + ")");
    if (!call.id().empty()) out_.Print("  id " + call.id(), Console::Tone::kDim);
    out_.Print("\n");
  }
}

void AnswerPrinter::PrintWhole(const v1::Choice& choice) {
  Reasoning(choice.message().reasoning_content());
  Content(choice.message().content());
}

void AnswerPrinter::Finish(const v1::ChatResponse& whole) {
  const bool headings = several_ || whole.choices_size() > 1;
  for (const v1::Choice& choice : whole.choices()) {
    const bool shown = choice.index() == 0 && live_;
    if (headings && !shown) Heading(choice.index());
    if (!shown) PrintWhole(choice);
    EndLine();
    EndReasoning();
    PrintToolCalls(choice.message());
  }
}

}  // namespace sparkgate::client

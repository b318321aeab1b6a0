#include "client/chat/answer_printer.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

namespace sparkgate::client {
namespace {

struct Piece {
  int index = 0;
  std::string content;
  std::string reasoning;
};

void AddTo(v1::ChatMessage* message, const Piece& piece) {
  message->mutable_content()->append(piece.content);
  if (!piece.reasoning.empty()) message->mutable_reasoning_content()->append(piece.reasoning);
}

// A screen into memory.
class Printed {
 public:
  Printed(bool terminal, bool colour)
      : file_(open_memstream(&text_, &size_)), screen_(file_, terminal, colour) {}
  ~Printed() {
    std::fclose(file_);
    std::free(text_);
  }
  Console* screen() { return &screen_; }
  std::string text() {
    std::fflush(file_);
    return std::string(text_, size_);
  }

 private:
  char* text_ = nullptr;
  size_t size_ = 0;
  FILE* file_;
  Console screen_;
};

void Stream(const std::vector<Piece>& pieces, AnswerPrinter* printer) {
  v1::ChatResponse whole;
  for (const Piece& piece : pieces) {
    v1::StreamChatResponse message;
    v1::StreamChoice* choice = message.add_choices();
    choice->set_index(piece.index);
    AddTo(choice->mutable_delta(), piece);
    printer->Add(message);
    while (whole.choices_size() <= piece.index) {
      whole.add_choices()->set_index(whole.choices_size() - 1);
    }
    AddTo(whole.mutable_choices(piece.index)->mutable_message(), piece);
  }
  printer->Finish(whole);
}

std::string Show(const std::vector<Piece>& pieces, bool several, bool terminal, bool colour) {
  Printed printed(terminal, colour);
  AnswerPrinter printer(printed.screen(), terminal ? printed.screen() : nullptr, several);
  Stream(pieces, &printer);
  return printed.text();
}

TEST(AnswerPrinter, EndsWithOneNewline) {
  EXPECT_EQ(Show({{0, "a"}, {0, "b"}}, false, false, false), "ab\n");
  EXPECT_EQ(Show({{0, "a\n"}}, false, false, false), "a\n");
  EXPECT_EQ(Show({{0, ""}}, false, false, false), "");
}

TEST(AnswerPrinter, ReasoningMayGoElsewhere) {
  Printed answer(false, false), reasoning(false, false);
  AnswerPrinter printer(answer.screen(), reasoning.screen(), false);
  Stream({{0, "", "hm"}, {0, "", "m"}, {0, "yes"}, {0, "", "oh"}, {0, " and no"}}, &printer);
  EXPECT_EQ(answer.text(), "yes and no\n");
  EXPECT_EQ(reasoning.text(), "[reasoning]\nhmm\n[reasoning]\noh\n");

  Printed alone(false, false), coloured(true, true);
  AnswerPrinter without_answer(alone.screen(), coloured.screen(), false);
  Stream({{0, "", "hm"}}, &without_answer);
  EXPECT_EQ(alone.text(), "");
  EXPECT_EQ(coloured.text(), "\033[2mhm\033[0m\n");
}

TEST(AnswerPrinter, ShowsReasoningOnItsScreen) {
  const std::vector<Piece> pieces = {{0, "", "hm"}, {0, "", "m"}, {0, "yes"}};
  EXPECT_EQ(Show(pieces, false, false, false), "yes\n");
  EXPECT_EQ(Show(pieces, false, true, false), "[reasoning]\nhmm\n[answer]\nyes\n");
  EXPECT_EQ(Show(pieces, false, true, true), "\033[2mhm\033[0m\033[2mm\033[0m\n\nyes\n");
}

TEST(AnswerPrinter, ControlCharactersAreHarmlessAtTerminalsAndKeptInFiles) {
  EXPECT_EQ(Show({{0, "a\033[2J"}}, false, true, true), "a\uFFFD[2J\n");
  EXPECT_EQ(Show({{0, "a\033[2J"}}, false, false, false), "a\033[2J\n");
}

TEST(AnswerPrinter, SeveralAnswersHaveHeadingsTheFirstOneLive) {
  EXPECT_EQ(Show({{0, "a"}, {1, "b"}, {0, "A"}, {1, "B\n"}}, true, false, false),
            "--- answer 1 ---\naA\n--- answer 2 ---\nbB\n");
}

TEST(AnswerPrinter, AnAnswerThatNobodyAskedForIsShownToo) {
  EXPECT_EQ(Show({{0, "a"}, {1, "b"}}, false, false, false), "a\n--- answer 2 ---\nb\n");
}

TEST(AnswerPrinter, ToolCallsAreReadable) {
  Printed printed(false, false);
  v1::ChatResponse whole;
  v1::ChatMessage* message = whole.add_choices()->mutable_message();
  message->set_content("Let me look.");
  v1::ToolCall* call = message->add_tool_calls();
  call->set_id("call_1");
  call->mutable_function()->set_name("weather");
  call->mutable_function()->set_arguments(R"({"city":"Paris"})");
  message->add_tool_calls()->mutable_function()->set_name("time");
  AnswerPrinter(printed.screen(), nullptr, false).Finish(whole);
  EXPECT_EQ(printed.text(),
            "Let me look.\ntool call: weather({\"city\":\"Paris\"})  id call_1\n"
            "tool call: time()\n");
}

}  // namespace
}  // namespace sparkgate::client

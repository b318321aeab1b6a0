// The outbox's limit is one on memory, whatever the messages are.
#include <gtest/gtest.h>

#include <cstdio>
#include <functional>
#include <string>

#include "service/call/outbox.h"
#include "service/translate/testing/allocations.h"

namespace sparkgate::call {
namespace {

constexpr size_t kLimit = 256 << 10;

using Fill = std::function<void(int i, v1::StreamChoice* choice)>;

size_t HeldWhenFull(bool merge, const Fill& fill) {
  Outbox outbox(kLimit, merge);
  const size_t before = translate::CountAllocations().now;
  for (int i = 0; !outbox.full(); ++i) {
    v1::StreamChatResponse message;
    fill(i, message.add_choices());
    outbox.Add(std::move(message));
  }
  return translate::CountAllocations().now - before;
}

void Word(v1::StreamChoice* choice) { choice->mutable_delta()->set_content("word "); }

TEST(OutboxMemory, IsBoundedWhateverWaits) {
  const struct {
    const char* name;
    bool merge;
    Fill fill;
  } rows[] = {
      {"one choice, merged", true, [](int, v1::StreamChoice* choice) { Word(choice); }},
      {"two choices in turn", true,
       [](int i, v1::StreamChoice* choice) {
         choice->set_index(i % 2);
         Word(choice);
       }},
      {"with log probabilities", true,
       [](int, v1::StreamChoice* choice) {
         Word(choice);
         v1::TokenLogprob* token = choice->mutable_logprobs()->add_content();
         token->set_token("word ");
         token->set_logprob(-0.5);
         for (int k = 0; k < 5; ++k) token->add_top_logprobs()->set_token("other");
       }},
      {"one to one", false, [](int, v1::StreamChoice* choice) { Word(choice); }},
      {"tool calls in turn", true,
       [](int i, v1::StreamChoice* choice) {
         v1::ToolCall* call = choice->mutable_delta()->add_tool_calls();
         call->set_index(i);
         call->mutable_function()->set_arguments("{");
       }},
  };
  for (const auto& row : rows) {
    const size_t held = HeldWhenFull(row.merge, row.fill);
    std::printf("%-24s %4zu KiB\n", row.name, held >> 10);
    EXPECT_LE(held, kLimit + (kLimit >> 1)) << row.name;
  }
}

}  // namespace
}  // namespace sparkgate::call

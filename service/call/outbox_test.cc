#include "service/call/outbox.h"

#include <gtest/gtest.h>

namespace sparkgate::call {
namespace {

v1::StreamChatResponse Content(int index, const std::string& text) {
  v1::StreamChatResponse message;
  auto* choice = message.add_choices();
  choice->set_index(index);
  choice->mutable_delta()->set_content(text);
  return message;
}

std::string TakeText(Outbox* outbox) {
  v1::StreamChatResponse message;
  EXPECT_TRUE(message.ParseFromString(outbox->Take()));
  return message.choices(0).delta().content();
}

TEST(Outbox, MergesWhatCanBeOneMessage) {
  Outbox outbox(1000, /*merge=*/true);
  outbox.Add(Content(0, "a"));
  outbox.Add(Content(0, "b"));
  outbox.Add(Content(1, "c"));
  EXPECT_EQ(TakeText(&outbox), "ab");
  EXPECT_EQ(TakeText(&outbox), "c");
  EXPECT_TRUE(outbox.empty());
  EXPECT_EQ(outbox.bytes(), 0u);
}

TEST(Outbox, KeepsOneToOneWhenTold) {
  Outbox outbox(1000, /*merge=*/false);
  outbox.Add(Content(0, "a"));
  outbox.Add(Content(0, "b"));
  EXPECT_EQ(TakeText(&outbox), "a");
  EXPECT_EQ(TakeText(&outbox), "b");
}

TEST(Outbox, CountsBytesAlsoOfWhatWasMerged) {
  Outbox outbox(160, /*merge=*/true);
  outbox.Add(Content(0, std::string(60, 'x')));
  EXPECT_FALSE(outbox.full());
  EXPECT_FALSE(outbox.half_empty());
  outbox.Add(Content(0, std::string(60, 'x')));
  EXPECT_TRUE(outbox.full());
  outbox.Take();
  EXPECT_TRUE(outbox.half_empty());
}

TEST(Outbox, ClearDropsAll) {
  Outbox outbox(100, /*merge=*/false);
  outbox.Add(Content(0, "x"));
  outbox.Add(Content(0, "y"));
  outbox.Clear();
  EXPECT_TRUE(outbox.empty());
  EXPECT_EQ(outbox.bytes(), 0u);
}

}  // namespace
}  // namespace sparkgate::call

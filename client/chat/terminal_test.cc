#include "client/chat/terminal.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace sparkgate::client {
namespace {

TEST(Text, MakesControlCharactersHarmless) {
  EXPECT_EQ(ForTerminal("a\tb\nü😀"), "a\tb\nü😀");
  EXPECT_EQ(ForTerminal("\x1b]0;title\x07"), "\uFFFD]0;title\uFFFD");
  EXPECT_EQ(ForTerminal("a\rb\x7f"), "a\uFFFDb\uFFFD");
  EXPECT_EQ(ForTerminal("\u009b2J"), "\uFFFD2J");
}

using Result = LineReader::Result;

class LineReaderTest : public testing::Test {
 protected:
  LineReaderTest() {
    EXPECT_EQ(pipe(input_), 0);
    EXPECT_EQ(pipe(interrupt_), 0);
  }
  ~LineReaderTest() override {
    for (const int fd : {input_[0], input_[1], interrupt_[0], interrupt_[1]}) {
      if (fd >= 0) close(fd);
    }
  }
  void Type(const std::string& text) {
    EXPECT_EQ(write(input_[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  void End() {
    close(input_[1]);
    input_[1] = -1;
  }

  int input_[2];
  int interrupt_[2];
};

TEST_F(LineReaderTest, CutsLines) {
  Type("one\ntwo\r\n\nlast");
  End();
  LineReader reader(input_[0], interrupt_[0]);
  std::string line;
  for (const char* expected : {"one", "two", "", "last"}) {
    ASSERT_EQ(reader.Read(&line), Result::kLine);
    EXPECT_EQ(line, expected);
  }
  EXPECT_EQ(reader.Read(&line), Result::kEnd);
  EXPECT_EQ(reader.Read(&line), Result::kEnd);
}

TEST_F(LineReaderTest, AnInterruptDropsWhatWasBegun) {
  Type("half");
  EXPECT_EQ(write(interrupt_[1], "x", 1), 1);
  LineReader reader(input_[0], interrupt_[0]);
  std::string line;
  EXPECT_EQ(reader.Read(&line), Result::kInterrupted);
  char taken;
  EXPECT_EQ(read(interrupt_[0], &taken, 1), 1);
}

}  // namespace
}  // namespace sparkgate::client

#ifndef SPARKGATE_CLIENT_CHAT_LINE_READER_H_
#define SPARKGATE_CLIENT_CHAT_LINE_READER_H_

#include <string>

namespace sparkgate::client {

// Lines from a descriptor, given up when another descriptor becomes readable (Ctrl-C). A terminal
// in its usual mode does the editing. One thread.
class LineReader {
 public:
  enum class Result { kLine, kInterrupted, kEnd };

  // Both descriptors stay the caller's.
  LineReader(int input, int interrupt) : input_(input), interrupt_(interrupt) {}

  // kLine: `*line` is the next line without its end; the last one needs no newline.
  Result Read(std::string* line);

 private:
  bool TakeLine(std::string* line);

  const int input_;
  const int interrupt_;
  std::string rest_;
};

}  // namespace sparkgate::client

#endif  // SPARKGATE_CLIENT_CHAT_LINE_READER_H_

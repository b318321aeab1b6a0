#ifndef SPARKGATE_CLIENT_CHAT_SCREEN_H_
#define SPARKGATE_CLIENT_CHAT_SCREEN_H_

#include <cstdio>
#include <string_view>

namespace sparkgate::client {

// Standard output or standard error: knows whether a person looks at it. One thread.
class Screen {
 public:
  enum class Tone { kPlain, kDim, kBold, kRed };

  // `file` is not owned. Colour: at a terminal, unless NO_COLOR is set to anything or TERM is
  // "dumb".
  explicit Screen(FILE* file);
  // For tests.
  Screen(FILE* file, bool terminal, bool colour)
      : file_(file), terminal_(terminal), colour_(colour) {}

  bool terminal() const { return terminal_; }
  bool colour() const { return colour_; }

  // Shows `text` at once. At a terminal control characters are made harmless.
  void Print(std::string_view text, Tone tone = Tone::kPlain);

  // Whether everything could be written.
  bool good() const { return std::ferror(file_) == 0; }

 private:
  void Write(std::string_view text) { std::fwrite(text.data(), 1, text.size(), file_); }

  FILE* const file_;
  const bool terminal_;
  const bool colour_;
};

}  // namespace sparkgate::client

#endif  // SPARKGATE_CLIENT_CHAT_SCREEN_H_

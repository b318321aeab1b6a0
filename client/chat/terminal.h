#ifndef SPARKGATE_CLIENT_CHAT_TERMINAL_H_
#define SPARKGATE_CLIENT_CHAT_TERMINAL_H_

#include <cstdio>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace sparkgate::client {

// `text` for a terminal: control characters (C0 but newline and tab, DEL, C1) become U+FFFD,
// because a model's answer must not move the cursor, write the clipboard or change the window's
// title.
std::string ForTerminal(std::string_view text);

// Standard output or standard error: knows whether a person looks at it. One thread.
class Console {
 public:
  enum class Tone { kPlain, kDim, kBold, kRed };

  // `file` is not owned. Colour: at a terminal, unless NO_COLOR is set to anything or TERM is
  // "dumb".
  explicit Console(FILE* file);
  // For tests.
  Console(FILE* file, bool terminal, bool colour)
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

// Ctrl-C (SIGINT) as events of the program. A thread of its own waits for the signal, so that what
// it calls may take locks, which a signal handler may not.
//
// Made once, before any other thread, because it blocks SIGINT and threads inherit that. A process
// that was started with SIGINT ignored (nohup, `&` in a script) keeps ignoring it.
class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  // From now on Ctrl-C calls `handler`, on the watching thread and under a lock; when ClearHandler
  // returns it is not running and will not be called again.
  void SetHandler(std::function<void()> handler);
  void ClearHandler();

  // An event descriptor that is readable once Ctrl-C came while there was no handler, until Take().
  int event() const { return event_; }
  void Take();

 private:
  void Watch();
  void OnInterrupt();

  int signals_ = -1;
  int event_ = -1;
  int stop_ = -1;
  std::mutex mutex_;
  std::function<void()> handler_;
  std::thread watcher_;
};

}  // namespace sparkgate::client

#endif  // SPARKGATE_CLIENT_CHAT_TERMINAL_H_

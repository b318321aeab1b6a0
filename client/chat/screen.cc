#include "client/chat/screen.h"

#include <unistd.h>

#include <cstdlib>
#include <string>

#include "client/text.h"

namespace sparkgate::client {
namespace {

bool IsSet(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

bool MayColour() {
  const char* terminal = std::getenv("TERM");
  return !IsSet("NO_COLOR") && terminal != nullptr && std::string_view(terminal) != "dumb";
}

const char* Begin(Screen::Tone tone) {
  switch (tone) {
    case Screen::Tone::kDim:
      return "\033[2m";
    case Screen::Tone::kBold:
      return "\033[1m";
    case Screen::Tone::kRed:
      return "\033[31m";
    default:
      return "";
  }
}

}  // namespace

Screen::Screen(FILE* file)
    : file_(file), terminal_(isatty(fileno(file)) != 0), colour_(terminal_ && MayColour()) {}

void Screen::Print(std::string_view text, Tone tone) {
  const bool toned = colour_ && tone != Tone::kPlain;
  if (toned) Write(Begin(tone));
  if (terminal_) {
    Write(ForTerminal(text));
  } else {
    Write(text);
  }
  if (toned) Write("\033[0m");
  std::fflush(file_);
}

}  // namespace sparkgate::client

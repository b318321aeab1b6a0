#ifndef SPARKGATE_CLIENT_CHAT_OPTIONS_H_
#define SPARKGATE_CLIENT_CHAT_OPTIONS_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/call_error.h"

namespace sparkgate::client {

// What the command line and the environment ask for, checked.
struct Options {
  enum class Action { kRun, kModels, kHelp, kVersion };
  Action action = Action::kRun;

  std::string server;
  std::string ca_file;
  std::optional<std::string> model;  // absent: not given anywhere, DefaultModel() holds
  bool model_on_command_line = false;
  std::optional<std::string> system;  // "" is sent, absent is not
  std::optional<double> temperature;
  std::optional<int32_t> max_tokens;
  std::optional<bool> stream;  // absent: true, or what the body says
  std::optional<std::string> body;
  std::optional<std::string> tools;  // a file's name, as are these two
  std::optional<std::string> schema;
  std::vector<std::string> images;
  std::optional<int32_t> logprobs;  // so many alternatives
  std::optional<bool> reasoning;    // shown; absent: at a terminal
  bool explain = false;
  std::optional<std::chrono::milliseconds> timeout;
  Metadata metadata;
  bool json = false;
  bool stats = false;
  bool interactive = false;
  std::string question;  // the words, joined
};

// Parses flags (Abseil; an unknown one ends the process with exit code 1 and its own message) and
// the word `models`, which is a command unless it stands behind a "--".
// INVALID_ARGUMENT names the flag and what would be right. Call it once.
absl::StatusOr<Options> ParseOptions(int argc, char** argv);

// "name=value,name=value"; a comma belongs to the value unless a name and '=' follow it.
absl::StatusOr<Metadata> ParseMetadata(const std::string& text);

const char* DefaultModel();
const char* DefaultServer();

// The text of --help.
std::string HelpText();

}  // namespace sparkgate::client

#endif  // SPARKGATE_CLIENT_CHAT_OPTIONS_H_

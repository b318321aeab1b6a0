#ifndef SPARKGATE_CLIENT_TESTING_CHAT_PROGRAM_H_
#define SPARKGATE_CLIENT_TESTING_CHAT_PROGRAM_H_

#include <string>
#include <vector>

#include "client/testing/process.h"

namespace sparkgate::client {

inline constexpr char kChatProgram[] = "client/sparkgate-chat";

// How one run of sparkgate-chat with pipes ended.
struct ChatRun {
  int code;
  std::string out;
  std::string err;
};

// Runs it with `--server=target` and `arguments` to its end; `input` is its standard input.
ChatRun RunChat(const std::string& target, const std::vector<std::string>& arguments,
                const std::string& input = "", const Process::Environment& environment = {});

}  // namespace sparkgate::client

#endif  // SPARKGATE_CLIENT_TESTING_CHAT_PROGRAM_H_

#include "client/testing/chat_program.h"

namespace sparkgate::client {

ChatRun RunChat(const std::string& target, const std::vector<std::string>& arguments,
                const std::string& input, const Process::Environment& environment) {
  std::vector<std::string> all = {kChatProgram};
  if (!target.empty()) all.push_back("--server=" + target);
  all.insert(all.end(), arguments.begin(), arguments.end());
  Process process(all, Process::Io::kPipes, environment);
  process.Send(input);
  process.CloseInput();
  const int code = process.Wait();
  return {code, process.out(), process.err()};
}

}  // namespace sparkgate::client

// sparkgate-chat: ask a model through a Sparkgate server, from the command line.

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "client/chat/commands.h"
#include "client/chat/conversation.h"
#include "client/chat/options.h"
#include "client/chat/prompt.h"
#include "client/chat/task.h"
#include "client/chat/terminal.h"
#include "client/client.h"
#include "client/error_text.h"

namespace sparkgate::client {
namespace {

absl::Status Wrong(const std::string& why) { return absl::InvalidArgumentError(why); }

ExitCode Converse(const Options& options, const Task& task, Commands* commands,
                  Interrupts* interrupts, Console* err) {
  if (isatty(STDIN_FILENO) != 0) {
    err->Print(task.request.model() + " at " + options.server + "; /help lists commands.\n",
               Console::Tone::kDim);
  }
  Conversation conversation(options.system);
  for (const v1::ImageData& image : task.images) conversation.Attach(image);
  Prompt(commands, interrupts, STDIN_FILENO, err, std::move(conversation), task.request,
         task.stream)
      .Run(options.question);
  return kExitOk;
}

ExitCode Perform(const Options& options, const Task& task, Client* client, Interrupts* interrupts,
                 Console* out, Console* err) {
  Commands commands(client, interrupts, options, out, err);
  if (options.action == Options::Action::kModels) return commands.ListModels();
  if (options.explain) return commands.ExplainChat(task.request, task.stream);
  if (task.conversation) return Converse(options, task, &commands, interrupts, err);
  return commands.Ask(task.request, task.stream).exit_code;
}

ExitCode UsageError(const absl::Status& status, Console* err) {
  err->Print("sparkgate-chat: " + std::string(status.message()) + "\n", Console::Tone::kRed);
  return kExitUsage;
}

ExitCode Run(const Options& options) {
  // gRPC's own log lines would stand between the sentences, which say the same.
  setenv("GRPC_VERBOSITY", "NONE", 0);
  Console out(stdout);
  Console err(stderr);
  const absl::StatusOr<Task> task =
      options.action == Options::Action::kModels ? Task() : ReadTask(options);
  if (!task.ok()) return UsageError(task.status(), &err);
  // Before the first call, which starts gRPC's threads.
  Interrupts interrupts;
  ClientOptions connection;
  connection.ca_file = options.ca_file;
  connection.user_agent = std::string("sparkgate-chat/") + kVersion;
  const auto client = Client::Create(options.server, connection);
  if (!client.ok()) {
    return UsageError(Wrong("--ca_file: " + std::string(client.status().message())), &err);
  }
  const ExitCode code = Perform(options, *task, client->get(), &interrupts, &out, &err);
  if (out.good()) return code;
  err.Print("sparkgate-chat: the answer could not be written to standard output\n");
  return code == kExitOk ? kExitUsage : code;
}

int Main(int argc, char** argv) {
  const absl::StatusOr<Options> options = ParseOptions(argc, argv);
  if (!options.ok()) {
    Console err(stderr);
    return UsageError(options.status(), &err);
  }
  if (options->action == Options::Action::kHelp) {
    std::fputs(HelpText().c_str(), stdout);
    return kExitOk;
  }
  if (options->action == Options::Action::kVersion) {
    std::printf("sparkgate-chat %s\n", kVersion);
    return kExitOk;
  }
  return Run(*options);
}

}  // namespace
}  // namespace sparkgate::client

int main(int argc, char** argv) { return sparkgate::client::Main(argc, argv); }

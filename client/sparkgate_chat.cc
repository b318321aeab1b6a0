// sparkgate-chat: ask a model through a Sparkgate server, from the command line.

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "client/chat/asker.h"
#include "client/chat/conversation.h"
#include "client/chat/interrupts.h"
#include "client/chat/options.h"
#include "client/chat/prompt.h"
#include "client/chat/screen.h"
#include "client/client.h"
#include "client/error_text.h"
#include "client/http_body.h"
#include "client/text.h"
#include "client/version.h"

namespace sparkgate::client {
namespace {

// What to ask, read before anything is started.
struct Task {
  v1::ChatRequest request;  // in a conversation: without messages
  bool stream = true;
  bool conversation = false;
};

absl::Status Wrong(const std::string& why) { return absl::InvalidArgumentError(why); }

// C's streams, because C++'s throw or stay silent when a directory is read.
absl::StatusOr<std::string> ReadAll(const std::string& name) {
  FILE* const file = name == "-" ? stdin : std::fopen(name.c_str(), "rb");
  if (file == nullptr) return Wrong(name + " cannot be read");
  std::string text;
  char buffer[4096];
  size_t size;
  while ((size = std::fread(buffer, 1, sizeof buffer, file)) > 0) text.append(buffer, size);
  const bool good = std::ferror(file) == 0;
  if (file != stdin) std::fclose(file);
  if (!good) return Wrong(name + " cannot be read");
  return text;
}

void SetParameters(const Options& options, v1::ChatRequest* request) {
  if (options.temperature) request->set_temperature(*options.temperature);
  if (!options.max_tokens) return;
  request->clear_max_completion_tokens();
  request->set_max_tokens(*options.max_tokens);
}

absl::StatusOr<Task> TaskFromBody(const Options& options) {
  const absl::StatusOr<std::string> text = ReadAll(*options.body);
  if (!text.ok()) return Wrong("--body: " + std::string(text.status().message()));
  absl::StatusOr<HttpBody> body = ParseHttpBody(*text);
  if (!body.ok()) return Wrong("--body: " + std::string(body.status().message()));
  Task task;
  task.request = std::move(body->request);
  task.stream = options.stream.value_or(body->stream);
  if (options.model_on_command_line) task.request.set_model(*options.model);
  SetParameters(options, &task.request);
  return task;
}

absl::Status AddQuestion(const Options& options, v1::ChatRequest* request) {
  std::string question = options.question;
  if (question.empty()) {
    const absl::StatusOr<std::string> text = ReadAll("-");
    if (!text.ok()) return Wrong("standard input cannot be read");
    question = text->substr(0, text->find_last_not_of("\r\n") + 1);
    if (!IsValidUtf8(question)) return Wrong("standard input is not UTF-8 text");
  }
  if (question.empty()) return Wrong("there is no question; see --help");
  Conversation conversation(options.system);
  conversation.Ask(question);
  conversation.AddTo(request);
  return absl::OkStatus();
}

absl::StatusOr<Task> ReadTask(const Options& options) {
  if (options.body) return TaskFromBody(options);
  Task task;
  task.stream = options.stream.value_or(true);
  task.request.set_model(options.model.value_or(DefaultModel()));
  SetParameters(options, &task.request);
  task.conversation =
      options.interactive || (options.question.empty() && isatty(STDIN_FILENO) != 0);
  if (task.conversation) return task;
  if (absl::Status status = AddQuestion(options, &task.request); !status.ok()) return status;
  return task;
}

ExitCode Perform(const Options& options, const Task& task, Client* client, Interrupts* interrupts,
                 Screen* out, Screen* err) {
  Asker asker(client, interrupts, options, out, err);
  if (!task.conversation) return asker.Ask(task.request, task.stream).exit_code;
  if (isatty(STDIN_FILENO) != 0) {
    err->Print(task.request.model() + " at " + options.server + "; /help lists commands.\n",
               Screen::Tone::kDim);
  }
  Prompt(&asker, interrupts, STDIN_FILENO, err, Conversation(options.system), task.request,
         task.stream)
      .Run(options.question);
  return kExitOk;
}

ExitCode UsageError(const absl::Status& status, Screen* err) {
  err->Print("sparkgate-chat: " + std::string(status.message()) + "\n", Screen::Tone::kRed);
  return kExitUsage;
}

ExitCode Run(const Options& options) {
  // gRPC's own log lines would stand between the sentences, which say the same.
  setenv("GRPC_VERBOSITY", "NONE", 0);
  Screen out(stdout);
  Screen err(stderr);
  const absl::StatusOr<Task> task = ReadTask(options);
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
    Screen err(stderr);
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

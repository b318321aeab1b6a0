#include "client/chat/task.h"

#include <unistd.h>

#include <string>
#include <utility>

#include "base/text.h"
#include "client/chat/conversation.h"
#include "client/chat/files.h"
#include "client/chat/image_file.h"
#include "client/chat/schema_file.h"
#include "client/chat/tools_file.h"
#include "client/http_body.h"

namespace sparkgate::client {
namespace {

absl::Status Wrong(const std::string& why) { return absl::InvalidArgumentError(why); }

absl::Status Wrong(const std::string& before, const absl::Status& status) {
  return Wrong(before + ": " + std::string(status.message()));
}

absl::Status ReadToolsFlag(const Options& options, v1::ChatRequest* request) {
  if (!options.tools) return absl::OkStatus();
  const absl::StatusOr<std::string> text = ReadFile(*options.tools);
  if (!text.ok()) return Wrong("--tools", text.status());
  const absl::Status status = SetTools(*text, request);
  return status.ok() ? status : Wrong("--tools: " + *options.tools, status);
}

absl::Status ReadSchemaFlag(const Options& options, v1::ChatRequest* request) {
  if (!options.schema) return absl::OkStatus();
  const absl::StatusOr<std::string> text = ReadFile(*options.schema);
  if (!text.ok()) return Wrong("--schema", text.status());
  absl::StatusOr<v1::ResponseFormat> format = SchemaFormat(*text, *options.schema);
  if (!format.ok()) return Wrong("--schema: " + *options.schema, format.status());
  *request->mutable_response_format() = *std::move(format);
  return absl::OkStatus();
}

void SetLogprobs(int32_t alternatives, v1::ChatRequest* request) {
  request->clear_logprobs_count();
  request->clear_top_logprobs();
  request->set_logprobs(true);
  if (alternatives > 0) request->set_top_logprobs(alternatives);
}

// Of everything but a body, which is sent as it is: StreamChat has the upstream's metrics only when
// asked.
void AskForMetrics(const Options& options, Task* task) {
  if (options.stats && task->stream) task->request.set_perf_metrics_in_response(true);
}

absl::Status SetParameters(const Options& options, v1::ChatRequest* request) {
  if (options.temperature) request->set_temperature(*options.temperature);
  if (options.logprobs) SetLogprobs(*options.logprobs, request);
  if (options.max_tokens) {
    request->clear_max_completion_tokens();
    request->set_max_tokens(*options.max_tokens);
  }
  if (absl::Status status = ReadToolsFlag(options, request); !status.ok()) return status;
  return ReadSchemaFlag(options, request);
}

absl::StatusOr<Task> TaskFromBody(const Options& options) {
  const absl::StatusOr<std::string> text =
      *options.body == "-" ? ReadStandardInput() : ReadFile(*options.body);
  if (!text.ok()) return Wrong("--body", text.status());
  absl::StatusOr<HttpBody> body = ParseHttpBody(*text);
  if (!body.ok()) return Wrong("--body", body.status());
  Task task;
  task.request = std::move(body->request);
  task.stream = options.stream.value_or(body->stream);
  if (options.model_on_command_line) task.request.set_model(*options.model);
  if (absl::Status status = SetParameters(options, &task.request); !status.ok()) return status;
  return task;
}

absl::Status ReadImages(const Options& options, Task* task) {
  for (const std::string& name : options.images) {
    absl::StatusOr<v1::ImageData> image = ReadImage(name);
    if (!image.ok()) return Wrong("--image", image.status());
    task->images.push_back(*std::move(image));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadQuestion(const Options& options) {
  if (!options.question.empty()) return options.question;
  const absl::StatusOr<std::string> text = ReadStandardInput();
  if (!text.ok()) return text.status();
  const std::string question = text->substr(0, text->find_last_not_of("\r\n") + 1);
  if (!IsValidUtf8(question)) return Wrong("standard input is not UTF-8 text");
  if (question.empty()) return Wrong("there is no question; see --help");
  return question;
}

absl::Status AddQuestion(const Options& options, Task* task) {
  const absl::StatusOr<std::string> question = ReadQuestion(options);
  if (!question.ok()) return question.status();
  Conversation conversation(options.system);
  for (v1::ImageData& image : task->images) conversation.Attach(std::move(image));
  const bool images = !task->images.empty();
  task->images.clear();
  conversation.Ask(*question);
  conversation.AddTo(&task->request);
  const size_t size = task->request.ByteSizeLong();
  if (!images || size <= kMostRequestBytes) return absl::OkStatus();
  return Wrong("--image: with its images the request has " + std::to_string(size) +
               " bytes; a server takes " + std::to_string(kMostRequestBytes));
}

}  // namespace

absl::StatusOr<Task> ReadTask(const Options& options) {
  if (options.body) return TaskFromBody(options);
  Task task;
  task.stream = options.stream.value_or(true);
  task.request.set_model(options.model.value_or(DefaultModel()));
  if (absl::Status status = SetParameters(options, &task.request); !status.ok()) return status;
  AskForMetrics(options, &task);
  if (absl::Status status = ReadImages(options, &task); !status.ok()) return status;
  const bool nothing_to_ask = options.question.empty() && isatty(STDIN_FILENO) != 0;
  if (options.explain && nothing_to_ask)
    return Wrong("--explain: there is no question; see --help");
  task.conversation = options.interactive || nothing_to_ask;
  if (task.conversation) return task;
  if (absl::Status status = AddQuestion(options, &task); !status.ok()) return status;
  return task;
}

}  // namespace sparkgate::client

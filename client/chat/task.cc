#include "client/chat/task.h"

#include <unistd.h>

#include <cctype>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "client/chat/conversation.h"
#include "client/json.h"

namespace sparkgate::client {
namespace {

absl::Status Wrong(const std::string& why) { return absl::InvalidArgumentError(why); }

// C's streams, because C++'s throw or stay silent when a directory is read.
absl::StatusOr<std::string> ReadAll(FILE* file, const std::string& name, size_t most) {
  std::string text;
  char buffer[4096];
  size_t size;
  while ((size = std::fread(buffer, 1, sizeof buffer, file)) > 0) {
    if (size > most - text.size()) {
      return Wrong(name + " has more than " + std::to_string(most >> 20) + " MiB");
    }
    text.append(buffer, size);
  }
  if (std::ferror(file) != 0) return Wrong(name + " cannot be read");
  return text;
}

absl::StatusOr<JsonValue> ArrayOf(const JsonValue& json) {
  if (json.is(JsonKind::kArray)) return json;
  const auto tools = json.Find("tools", JsonKind::kArray);
  if (tools && json.size() == 1) return *tools;
  return Wrong(R"(an array of tools, or {"tools": [...]}, is expected)");
}

// A type that is not known here is the upstream's business; a function without a name, or one that
// is not wrapped in `function` (the form of another API), can only be a mistake.
absl::Status CheckTool(const JsonValue& tool, const std::string& place) {
  if (!tool.is(JsonKind::kObject)) return Wrong(place + ": an object is expected");
  const auto type = tool.Find("type");
  if (type && type->raw() != "\"function\"") return absl::OkStatus();
  const auto function = tool.Find("function", JsonKind::kObject);
  if (!function) {
    return Wrong(place + R"(.function: an object such as {"name": ...} is expected)");
  }
  const auto name = function->Find("name", JsonKind::kString);
  return name && !name->AsText().empty() ? absl::OkStatus()
                                         : Wrong(place + ".function.name: a name is expected");
}

constexpr size_t kLongestName = 64;

// a-z, A-Z, 0-9, _ and -, up to 64: what names may have upstream.
std::string NameOf(std::string_view text) {
  std::string name;
  for (const char c : text.substr(0, kLongestName)) {
    const bool good = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
    name += good ? c : '_';
  }
  return name;
}

std::string StemOf(const std::string& file) {
  const size_t slash = file.find_last_of('/');
  const std::string name = slash == std::string::npos ? file : file.substr(slash + 1);
  return name.substr(0, name.find('.', 1));
}

using std::string_view_literals::operator""sv;

constexpr std::pair<std::string_view, std::string_view> kBeginnings[] = {
    {"\x89PNG\r\n\x1a\n"sv, "image/png"},
    {"\xff\xd8\xff"sv, "image/jpeg"},
    {"GIF87a"sv, "image/gif"},
    {"GIF89a"sv, "image/gif"},
    {"II*\0"sv, "image/tiff"},
    {"MM\0*"sv, "image/tiff"},
};

absl::Status Wrong(const std::string& before, const absl::Status& status) {
  return Wrong(before + ": " + std::string(status.message()));
}

// Behind the other members of extra_body_json, an object without space around it.
absl::Status ReadToolsFlag(const Options& options, v1::ChatRequest* request) {
  if (!options.tools) return absl::OkStatus();
  const absl::StatusOr<std::string> text = ReadFile(*options.tools);
  if (!text.ok()) return Wrong("--tools", text.status());
  const absl::StatusOr<std::string> tools = ReadTools(*text);
  if (!tools.ok()) return Wrong("--tools: " + *options.tools, tools.status());
  std::string extra = request->extra_body_json();
  if (extra.empty()) extra = "{}";
  extra.pop_back();
  if (extra.size() > 1) extra += ',';
  request->set_extra_body_json(extra + "\"tools\":" + *tools + "}");
  return absl::OkStatus();
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
  if (options.max_tokens) request->set_max_tokens(*options.max_tokens);
  if (absl::Status status = ReadToolsFlag(options, request); !status.ok()) return status;
  return ReadSchemaFlag(options, request);
}

// Members of a body in whose place flags are sent.
std::vector<std::string_view> ReplacedMembers(const Options& options) {
  std::vector<std::string_view> names;
  if (options.model_on_command_line) names.push_back("model");
  if (options.temperature) names.push_back("temperature");
  if (options.max_tokens) names.insert(names.end(), {"max_tokens", "max_completion_tokens"});
  if (options.logprobs) names.insert(names.end(), {"logprobs", "top_logprobs"});
  if (options.tools) names.push_back("tools");
  if (options.schema) names.push_back("response_format");
  return names;
}

// The body goes as it is written; the server leaves its `stream` out.
absl::StatusOr<Task> TaskFromBody(const Options& options) {
  const absl::StatusOr<std::string> text =
      *options.body == "-" ? ReadStandardInput() : ReadFile(*options.body);
  if (!text.ok()) return Wrong("--body", text.status());
  JsonDocument document;
  if (absl::Status status = ParseJson(*text, &document); !status.ok()) {
    return Wrong("--body", status);
  }
  const JsonValue body = document.root();
  if (!body.is(JsonKind::kObject)) return Wrong("--body: the body must be a JSON object");
  if (document.duplicate_key_offset()) return Wrong("--body: an object in it has a member twice");
  const auto stream = body.Find("stream");
  if (stream && !stream->is(JsonKind::kBool) && !stream->is(JsonKind::kNull)) {
    return Wrong("--body: stream: true or false is expected");
  }
  Task task;
  task.stream = options.stream.value_or(stream && stream->is(JsonKind::kBool) && stream->AsBool());
  const std::vector<std::string_view> replaced = ReplacedMembers(options);
  task.request.set_extra_body_json(replaced.empty() ? std::string(body.raw())
                                                    : WithoutMembers(body, replaced));
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

absl::StatusOr<std::string> ReadFile(const std::string& name, size_t most) {
  FILE* const file = std::fopen(name.c_str(), "rb");
  if (file == nullptr) return Wrong(name + " cannot be read");
  absl::StatusOr<std::string> text = ReadAll(file, name, most);
  std::fclose(file);
  return text;
}

absl::StatusOr<std::string> ReadStandardInput() {
  return ReadAll(stdin, "standard input", kAnySize);
}

absl::StatusOr<std::string> ReadTools(const std::string& json) {
  JsonDocument document;
  if (absl::Status status = ParseJson(json, &document); !status.ok()) return status;
  if (document.duplicate_key_offset()) return Wrong("an object in it has a member twice");
  const absl::StatusOr<JsonValue> array = ArrayOf(document.root());
  if (!array.ok()) return array.status();
  if (array->size() == 0) return Wrong("there are no tools in it");
  absl::Status status;
  int index = 0;
  array->ForEachElement([&](const JsonValue& tool) {
    const std::string place = "tools[" + std::to_string(index++) + "]";
    if (status.ok()) status = CheckTool(tool, place);
  });
  if (!status.ok()) return status;
  return std::string(array->raw());
}

absl::StatusOr<v1::ResponseFormat> SchemaFormat(const std::string& json, const std::string& file) {
  JsonDocument document;
  if (absl::Status status = ParseJson(json, &document); !status.ok()) return status;
  const JsonValue schema = document.root();
  if (!schema.is(JsonKind::kObject)) return Wrong("a JSON Schema, an object, is expected");
  // No keywords of JSON Schema, but what a response_format wraps it in.
  for (const char* wrapper : {"json_schema", "schema"}) {
    if (schema.Find(wrapper)) {
      return Wrong(std::string("the schema itself is expected, without `") + wrapper +
                   "` around it");
    }
  }
  const auto title = schema.Find("title", JsonKind::kString);
  std::string name;
  if (title) name = NameOf(title->AsText());
  if (name.empty()) name = NameOf(StemOf(file));
  v1::ResponseFormat format;
  format.set_type("json_schema");
  format.set_json_schema_json(R"({"name":")" + name + R"(","schema":)" + std::string(schema.raw()) +
                              "}");
  return format;
}

std::string MediaTypeOf(std::string_view bytes) {
  for (const auto& [beginning, type] : kBeginnings) {
    if (bytes.substr(0, beginning.size()) == beginning) return std::string(type);
  }
  if (bytes.substr(0, 4) == "RIFF" && bytes.size() >= 12 && bytes.substr(8, 4) == "WEBP") {
    return "image/webp";
  }
  // Two letters alone would be many a text: the four reserved bytes of its header are 0.
  if (bytes.substr(0, 2) == "BM" && bytes.size() >= 14 && bytes.substr(6, 4) == "\0\0\0\0"sv) {
    return "image/bmp";
  }
  return "";
}

absl::StatusOr<v1::ImageData> ReadImage(const std::string& name) {
  absl::StatusOr<std::string> bytes = ReadFile(name, kMostRequestBytes);
  if (!bytes.ok()) return bytes.status();
  v1::ImageData image;
  image.set_mime_type(MediaTypeOf(*bytes));
  if (image.mime_type().empty()) {
    return absl::InvalidArgumentError(
        name + " is no image of a known kind: PNG, JPEG, GIF, WebP, BMP or TIFF is expected");
  }
  image.set_data(*std::move(bytes));
  return image;
}

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

#include "client/chat/options.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/types/optional.h"
#include "base/text.h"
#include "client/call_error.h"
#include "client/chat/arguments.h"

namespace sparkgate::client {

// A text flag that knows whether it was given: absl::optional<std::string> reads "" as absent.
struct GivenText {
  std::optional<std::string> text;
};

bool AbslParseFlag(absl::string_view text, GivenText* flag, std::string*) {
  flag->text = std::string(text.data(), text.size());
  return true;
}

std::string AbslUnparseFlag(const GivenText& flag) { return flag.text.value_or(""); }

}  // namespace sparkgate::client

using sparkgate::client::GivenText;

ABSL_FLAG(GivenText, server, GivenText{}, "HOST:PORT of the Sparkgate server");
ABSL_FLAG(std::string, ca_file, "", "PEM file with the authorities to trust; without it no TLS");
ABSL_FLAG(GivenText, model, GivenText{}, "the model");
ABSL_FLAG(GivenText, system, GivenText{}, "the system message; an empty one is sent");
ABSL_FLAG(absl::optional<double>, temperature, absl::nullopt, "randomness, 0 to 2");
ABSL_FLAG(absl::optional<int32_t>, max_tokens, absl::nullopt, "at most so many tokens");
ABSL_FLAG(absl::optional<bool>, stream, absl::nullopt, "show the answer as it is generated");
ABSL_FLAG(GivenText, body, GivenText{}, "file with an HTTP request body; - is standard input");
ABSL_FLAG(GivenText, tools, GivenText{}, "file with a JSON array of tools");
ABSL_FLAG(GivenText, schema, GivenText{}, "file with a JSON Schema that the answer follows");
ABSL_FLAG(absl::optional<int32_t>, logprobs, absl::nullopt, "print log probabilities");
ABSL_FLAG(absl::optional<bool>, reasoning, absl::nullopt, "show the model's reasoning");
ABSL_FLAG(bool, explain, false, "print the upstream request and send nothing");
ABSL_FLAG(absl::optional<double>, timeout, absl::nullopt, "seconds for one answer");
ABSL_FLAG(std::string, metadata, "", "name=value, request metadata");
ABSL_FLAG(bool, json, false, "print each message as ProtoJSON");
ABSL_FLAG(bool, stats, false, "print usage and times to standard error");
ABSL_FLAG(bool, interactive, false, "a conversation, also without a terminal");

namespace sparkgate::client {
namespace {

const std::vector<std::string>& FlagNames() {
  static const auto* const names = new std::vector<std::string>{
      "server",   "ca_file",   "model",    "system",      "temperature", "max_tokens", "stream",
      "body",     "timeout",   "metadata", "json",        "stats",       "tools",      "schema",
      "logprobs", "reasoning", "explain",  "interactive", "image"};
  return *names;
}

std::optional<std::string> FromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return std::string(value);
}

// Before Abseil sees them: it has a --help of its own, which lists its own flags too.
Options::Action ActionOf(const std::vector<std::string>& arguments) {
  for (const std::string& argument : arguments) {
    if (argument == "--") break;
    if (argument == "--help" || argument == "-help" || argument == "-h") {
      return Options::Action::kHelp;
    }
    if (argument == "--version" || argument == "-version") return Options::Action::kVersion;
  }
  return Options::Action::kRun;
}

// The words that are no flags, without the program's name.
struct Words {
  std::vector<std::string> words;
  size_t before_dashes = 0;  // so many of them stand before a "--"
};

Words ParseWords(std::vector<std::string> arguments) {
  const auto dashes = std::find(arguments.begin(), arguments.end(), "--");
  const size_t behind = dashes == arguments.end() ? 0 : arguments.end() - dashes - 1;
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  const std::vector<char*> rest =
      absl::ParseCommandLine(static_cast<int>(pointers.size()), pointers.data());
  Words words{{rest.begin() + 1, rest.end()}, 0};
  words.before_dashes = words.words.size() - std::min(behind, words.words.size());
  return words;
}

std::string Joined(const std::vector<std::string>& words) {
  std::string joined;
  for (size_t i = 0; i < words.size(); ++i) joined += (i == 0 ? "" : " ") + words[i];
  return joined;
}

absl::Status Wrong(const std::string& why) { return absl::InvalidArgumentError(why); }

absl::Status CheckFiles(const Options& options) {
  if (options.body && options.body->empty()) return Wrong("--body: a file's name or - is expected");
  if (options.tools && options.tools->empty()) return Wrong("--tools: a file's name is expected");
  if (options.schema && options.schema->empty()) {
    return Wrong("--schema: a file's name is expected");
  }
  for (const std::string& image : options.images) {
    if (image.empty()) return Wrong("--image: a file's name is expected");
  }
  return absl::OkStatus();
}

absl::Status CheckTexts(const Options& options) {
  if (options.server.empty()) return Wrong("--server: HOST:PORT is expected");
  if (options.model && options.model->empty()) return Wrong("--model: a model's name is expected");
  for (const std::string* text : {&options.question, &options.server}) {
    if (!IsValidUtf8(*text)) return Wrong("the command line is not UTF-8 text");
  }
  if (!IsValidUtf8(options.system.value_or(""))) return Wrong("--system: this is not UTF-8 text");
  if (!IsValidUtf8(options.model.value_or(""))) return Wrong("--model: this is not UTF-8 text");
  return absl::OkStatus();
}

absl::Status CheckTogether(const Options& options) {
  if (options.temperature && !std::isfinite(*options.temperature)) {
    return Wrong("--temperature: a number is expected");
  }
  if (options.logprobs.value_or(0) < 0) {
    return Wrong("--logprobs: how many alternatives, 0 or more, is expected");
  }
  if (options.json && options.reasoning) {
    return Wrong("--json and --reasoning exclude each other: --json prints reasoning too");
  }
  if (options.explain && options.interactive) {
    return Wrong("--explain and --interactive exclude each other");
  }
  if (!options.body) return absl::OkStatus();
  if (!options.question.empty()) return Wrong("--body and a question exclude each other");
  if (options.system) return Wrong("--body and --system exclude each other");
  if (options.interactive) return Wrong("--body and --interactive exclude each other");
  if (!options.images.empty()) return Wrong("--body and --image exclude each other");
  return absl::OkStatus();
}

// `models` asks nothing, so nothing that belongs to a question belongs to it.
absl::Status CheckModels(const Options& options, const std::vector<std::string>& words) {
  if (words.size() > 1) {
    return Wrong("models stands alone; a question that begins with it is asked with -- before it");
  }
  const std::pair<bool, const char*> questions[] = {
      {options.model_on_command_line, "--model"},
      {options.system.has_value(), "--system"},
      {options.temperature.has_value(), "--temperature"},
      {options.max_tokens.has_value(), "--max-tokens"},
      {options.stream.has_value(), "--stream"},
      {options.body.has_value(), "--body"},
      {options.tools.has_value(), "--tools"},
      {options.schema.has_value(), "--schema"},
      {!options.images.empty(), "--image"},
      {options.logprobs.has_value(), "--logprobs"},
      {options.reasoning.has_value(), "--reasoning"},
      {options.explain, "--explain"},
      {options.stats, "--stats"},
      {options.interactive, "--interactive"}};
  for (const auto& [given, flag] : questions) {
    if (given) return Wrong("models and " + std::string(flag) + " exclude each other");
  }
  return absl::OkStatus();
}

absl::Status ReadTimeout(Options* options) {
  const absl::optional<double> seconds = absl::GetFlag(FLAGS_timeout);
  if (!seconds) return absl::OkStatus();
  // gRPC counts nanoseconds in 64 bits; a year is far from the end of that.
  if (!(*seconds > 0 && *seconds <= 366 * 86400.0)) {
    return Wrong("--timeout: seconds above 0 and up to a year are expected");
  }
  options->timeout = std::chrono::milliseconds(
      std::max<int64_t>(1, static_cast<int64_t>(std::ceil(*seconds * 1000))));
  return absl::OkStatus();
}

absl::Status ReadMetadata(Options* options) {
  absl::StatusOr<Metadata> metadata = ParseMetadata(absl::GetFlag(FLAGS_metadata));
  if (!metadata.ok()) return metadata.status();
  options->metadata = *std::move(metadata);
  return absl::OkStatus();
}

template <typename To, typename From>
std::optional<To> Standard(const From& from) {
  return from ? std::optional<To>(*from) : std::nullopt;
}

void ReadFlags(Options* options) {
  options->server =
      absl::GetFlag(FLAGS_server)
          .text.value_or(FromEnvironment("SPARKGATE_SERVER").value_or(DefaultServer()));
  options->ca_file = absl::GetFlag(FLAGS_ca_file);
  options->model = absl::GetFlag(FLAGS_model).text;
  options->model_on_command_line = options->model.has_value();
  if (!options->model) options->model = FromEnvironment("SPARKGATE_MODEL");
  options->system = absl::GetFlag(FLAGS_system).text;
  options->temperature = Standard<double>(absl::GetFlag(FLAGS_temperature));
  options->max_tokens = Standard<int32_t>(absl::GetFlag(FLAGS_max_tokens));
  options->stream = Standard<bool>(absl::GetFlag(FLAGS_stream));
  options->body = absl::GetFlag(FLAGS_body).text;
  options->tools = absl::GetFlag(FLAGS_tools).text;
  options->schema = absl::GetFlag(FLAGS_schema).text;
  options->logprobs = Standard<int32_t>(absl::GetFlag(FLAGS_logprobs));
  options->reasoning = Standard<bool>(absl::GetFlag(FLAGS_reasoning));
  options->explain = absl::GetFlag(FLAGS_explain);
  options->json = absl::GetFlag(FLAGS_json);
  options->stats = absl::GetFlag(FLAGS_stats);
  options->interactive = absl::GetFlag(FLAGS_interactive);
}

bool StartsMetadata(const std::string& text, size_t at) {
  const size_t equals = text.find('=', at);
  if (equals == std::string::npos) return false;
  return CheckMetadata({{text.substr(at, equals - at), ""}}).ok();
}

}  // namespace

const char* DefaultModel() { return "accounts/fireworks/models/deepseek-v3p1"; }
const char* DefaultServer() { return "127.0.0.1:50051"; }

absl::StatusOr<Metadata> ParseMetadata(const std::string& text) {
  Metadata metadata;
  for (size_t at = 0; at < text.size();) {
    size_t end = text.find(',', at);
    while (end != std::string::npos && !StartsMetadata(text, end + 1)) {
      end = text.find(',', end + 1);
    }
    const std::string item = text.substr(at, end == std::string::npos ? end : end - at);
    const size_t equals = item.find('=');
    if (equals == std::string::npos) return Wrong("--metadata: name=value is expected");
    metadata.emplace(item.substr(0, equals), item.substr(equals + 1));
    at = end == std::string::npos ? text.size() : end + 1;
  }
  if (absl::Status status = CheckMetadata(metadata); !status.ok()) {
    return Wrong("--metadata: " + std::string(status.message()));
  }
  return metadata;
}

absl::StatusOr<Options> ParseOptions(int argc, char** argv) {
  Options options;
  const std::vector<std::string> given(argv, argv + argc);
  options.action = ActionOf(given);
  if (options.action != Options::Action::kRun) return options;
  std::vector<std::string> arguments = NormaliseArguments(given, FlagNames());
  absl::StatusOr<std::vector<std::string>> images = TakeValues("image", &arguments);
  if (!images.ok()) return images.status();
  options.images = *std::move(images);
  const Words words = ParseWords(std::move(arguments));
  options.question = Joined(words.words);
  ReadFlags(&options);
  if (absl::Status status = ReadTimeout(&options); !status.ok()) return status;
  if (absl::Status status = CheckFiles(options); !status.ok()) return status;
  if (absl::Status status = CheckTexts(options); !status.ok()) return status;
  if (absl::Status status = ReadMetadata(&options); !status.ok()) return status;
  if (words.before_dashes > 0 && words.words[0] == "models") {
    options.action = Options::Action::kModels;
    absl::Status status = CheckModels(options, words.words);
    return status.ok() ? absl::StatusOr<Options>(std::move(options)) : status;
  }
  if (absl::Status status = CheckTogether(options); !status.ok()) return status;
  return options;
}

std::string HelpText() {
  return R"(sparkgate-chat: ask a model through a Sparkgate server.

  sparkgate-chat [flags] QUESTION...     one question
  ... | sparkgate-chat [flags]           one question from standard input
  sparkgate-chat [flags]                 a conversation, at a terminal
  sparkgate-chat [flags] --body FILE     an HTTP request body as it is; - is standard input
  sparkgate-chat [flags] models          the models that the server's key may use

Where to:
  --server HOST:PORT     the server (127.0.0.1:50051; environment: SPARKGATE_SERVER)
  --ca_file FILE         use TLS and trust the authorities in this PEM file; without it no TLS
  --metadata NAME=VALUE  request metadata; repeat it, or separate by commas
  --timeout SECONDS      for one answer (none: the server's own limit)

What:
  --model NAME           (accounts/fireworks/models/deepseek-v3p1; environment: SPARKGATE_MODEL)
  --system TEXT          the system message. An empty one is sent, which switches the model's own
                         off; without the flag none is sent
  --temperature NUMBER   randomness, 0 to 2 (the model's default)
  --max-tokens NUMBER    at most so many tokens are generated (the upstream's default)
  --body FILE            the request as JSON of the upstream's HTTP API. Its `stream` decides, and
                         --model, --temperature, --max-tokens, --tools, --schema and --logprobs
                         replace its own
  --tools FILE           functions that the model may call: the JSON array `tools` of the HTTP API
  --image FILE           a picture that goes with the question: PNG, JPEG, GIF, WebP, BMP or TIFF;
                         repeat it for more
  --schema FILE          the answer is JSON that follows this JSON Schema
  --interactive          a conversation, also when standard input is no terminal

How it is shown:
  --nostream             wait for the whole answer (Chat instead of StreamChat)
  --json                 print each message as ProtoJSON, one per line
  --reasoning            show the model's reasoning: dimmed at a terminal, where it is shown anyway,
                         else on standard error; --noreasoning hides it
  --logprobs [N]         afterwards, on standard error: each token's log probability, and those of
                         the N likeliest alternatives (0; the upstream takes up to 5)
  --explain              print the upstream request instead of sending it; the server must run with
                         --debug_service
  --stats                afterwards, on standard error: tokens, time to first token, tokens per
                         second and the upstream's own metrics
  --help, --version

Dashes and underscores in flags are the same. Words after -- are the question, whatever they look
like. Colour is used at a terminal only, and not when NO_COLOR is set. `models` takes --server,
--ca_file, --metadata, --timeout and --json; docs/examples.md has an example of everything.

In a conversation: Ctrl-C stops the answer, a second one at the prompt ends, as do Ctrl-D and /quit.
/help lists the other commands.

Exit codes:
  0    answered; a conversation was ended
  1    wrong use: a flag, a file, no question
  2    the request was refused and would be again: change it, the key or the account
  3    nothing ran, try again later
  4    the upstream, the server or the connection failed, or time ran out
  130  cancelled with Ctrl-C
)";
}

}  // namespace sparkgate::client

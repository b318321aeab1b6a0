#include "simulator/plan.h"

#include <absl/time/time.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <utility>

namespace sparkgate::simulator {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int64_t kBigBytes = 5'000'000;
constexpr int kMaxTokens = 10'000'000;
constexpr int64_t kMaxBytes = 64'000'000;

struct Row {
  const char* name;  // Without "sim/".
  const char* description;
  std::function<void(Plan*)> apply;
};

std::function<void(Plan*)> Say(Content content) {
  return [content](Plan* plan) { plan->content = content; };
}

std::function<void(Plan*)> Write(Dialect dialect, Content content = Content::kStory) {
  return [=](Plan* plan) {
    plan->dialect = dialect;
    plan->content = content;
  };
}

std::function<void(Plan*)> Fail(Fault fault, milliseconds delay = milliseconds(0)) {
  return [fault, delay](Plan* plan) {
    plan->fault = fault;
    if (delay.count() > 0) plan->delay = delay;
  };
}

std::function<void(Plan*)> Status(int status, Fault fault = Fault::kErrorStatus,
                                  std::optional<int> retry_after = std::nullopt) {
  return [=](Plan* plan) {
    plan->fault = fault;
    plan->status = status;
    plan->retry_after_seconds = retry_after;
  };
}

void Firehose(Plan* plan) {
  plan->interval = plan->first_token_delay = milliseconds(0);
  plan->tokens = 20'000;
}

void Big(Plan* plan) {
  plan->content = Content::kBig;
  plan->interval = plan->first_token_delay = milliseconds(0);
  plan->size = kBigBytes;
}

void EchoRequest(Plan* plan) {
  plan->content = Content::kEchoRequest;
  plan->interval = plan->first_token_delay = milliseconds(0);
}

std::vector<Row> AnswerRows() {
  return {
      {"story", "a made-up story; the same for the same seed", Say(Content::kStory)},
      {"echo", "says back the last user message, after the system prompt if there is one",
       Say(Content::kEcho)},
      {"echo-request", "says back the request body, byte for byte", EchoRequest},
      {"slow", "a story, one token every 500 ms",
       [](Plan* plan) { plan->interval = milliseconds(500); }},
      {"tools", "calls the first of the tools, or one of its own", Say(Content::kTools)},
      {"parallel-tools", "two tool calls in one answer", Say(Content::kParallelTools)},
      {"broken-arguments", "a tool call with arguments that are not JSON",
       Say(Content::kBrokenArguments)},
      {"reasoning", "reasoning_content, then the answer", Say(Content::kReasoning)},
      {"json", "JSON text, whatever response_format says", Say(Content::kJson)},
      {"surrogates", "emoji, each cut into two halves of a surrogate pair over two chunks",
       Say(Content::kSurrogates)},
      {"content-parts", "`content` as a list of typed parts, with a thinking part",
       Write(Dialect::kContentParts, Content::kReasoning)},
      {"finish-each", "a finish reason on every chunk", Write(Dialect::kFinishOnEach)},
      {"tools-index-0", "two tool calls, both with index 0",
       Write(Dialect::kIndexZero, Content::kParallelTools)},
      {"tools-no-index", "two tool calls without index",
       Write(Dialect::kNoIndex, Content::kParallelTools)},
      {"raw-controls", "control characters that are not escaped",
       Write(Dialect::kRawControls, Content::kControls)},
      {"message-beside-delta", "the whole text so far in a `message` beside each delta",
       Write(Dialect::kMessageBesideDelta)},
      {"big", "an answer of 5 MB (size=BYTES)", Big},
      {"firehose", "20,000 tokens as fast as it can", Firehose},
  };
}

std::vector<Row> WaitRows() {
  return {
      {"first-token-slow", "headers and the role at once, the first text after 10 s (delay=)",
       [](Plan* plan) { plan->first_token_delay = plan->delay = seconds(10); }},
      {"headers-slow", "nothing at all for 10 s (delay=), then a story",
       [](Plan* plan) { plan->headers_delay = plan->delay = seconds(10); }},
      {"silent", "headers, then nothing for ever", Fail(Fault::kSilent)},
      {"comments", "headers, then a comment every 100 ms (interval=) for ever",
       [](Plan* plan) {
         plan->fault = Fault::kComments;
         plan->interval = milliseconds(100);
       }},
      {"data-keep-alives", "events between the texts whose data is no object",
       Fail(Fault::kDataKeepAlives)},
      {"stall", "stops for ever in the middle (at=EVENTS)", Fail(Fault::kStall)},
  };
}

std::vector<Row> EndingRows() {
  return {
      {"drop", "closes before the first byte", Fail(Fault::kDrop)},
      {"cut", "FIN in the middle (at=EVENTS or byte=N), no [DONE]", Fail(Fault::kCut)},
      {"half-close", "FIN in the middle, the socket stays open", Fail(Fault::kHalfClose)},
      {"reset", "RST in the middle (at=EVENTS or byte=N)", Fail(Fault::kReset)},
      {"no-finish", "a proper end without finish reason and [DONE]", Fail(Fault::kNoFinish)},
      {"no-done", "finish reason and a proper end, no [DONE]", Fail(Fault::kNoDone)},
      {"no-done-open", "finish reason, no [DONE], then nothing for ever", Fail(Fault::kNoDoneOpen)},
      {"no-done-comments", "finish reason, no [DONE], then comments for ever",
       Fail(Fault::kNoDoneComments)},
      {"no-blank-line", "no [DONE], and the last event lacks its blank line",
       Fail(Fault::kNoBlankLine)},
      {"done-unfinished", "[DONE], but the last choice has no finish reason",
       Fail(Fault::kDoneUnfinished)},
      {"finish-cut", "finish reason, then FIN", Fail(Fault::kFinishCut)},
      {"finish-reset", "finish reason, then RST", Fail(Fault::kFinishReset)},
      {"done-no-terminator", "[DONE], then FIN without the last HTTP chunk",
       Fail(Fault::kNoTerminator)},
      {"keep-open", "[DONE], but the body ends only 6 s (delay=) later",
       Fail(Fault::kKeepOpen, seconds(6))},
      {"close-delimited", "a body without chunks that ends with the connection",
       Fail(Fault::kCloseDelimited)},
      {"empty-stream", "200 and a proper end without any event", Fail(Fault::kEmptyStream)},
      {"done-only", "[DONE] as the first event; without stream: no choices",
       Fail(Fault::kDoneOnly)},
      {"error-in-stream", "an error event in the middle, then the end",
       Fail(Fault::kErrorInStream)},
      {"error-then-done", "an error event in the middle, then [DONE]", Fail(Fault::kErrorThenDone)},
      {"bare-error-in-stream", "an event that is an error's `message` alone, then the end",
       Fail(Fault::kBareError)},
      {"finish-error", "ends with finish_reason \"error\"", Fail(Fault::kFinishError)},
      {"bad-json", "one broken event in the middle, then it goes on", Fail(Fault::kBadJson)},
      {"json-instead-of-sse", "the other media type than was asked for",
       Fail(Fault::kOtherMediaType)},
      {"second-response", "a second answer that nobody asked for (delay=)",
       Fail(Fault::kSecondResponse)},
      {"late-408", "a good answer, then 408 on the idle connection after 50 ms (delay=)",
       Fail(Fault::kLate408, milliseconds(50))},
      {"1xx", "100 and 103 before the answer", Fail(Fault::kInformational)},
      {"trailers", "HTTP trailers after the body", Fail(Fault::kTrailers)},
      {"gzip", "a compressed body that nobody asked for", Fail(Fault::kGzip)},
      {"gzip-undeclared", "the same without a header that says so", Fail(Fault::kGzipUndeclared)},
      {"deaf", "goes on generating when its client has left, to the end (delay=: for so long)",
       Fail(Fault::kDeaf)},
      {"drops-next", "when its client has left, the next 3 calls (count=) are dropped",
       Fail(Fault::kDropsNext)},
  };
}

std::vector<Row> ErrorRows() {
  return {
      {"scaling-up", "503 DEPLOYMENT_SCALING_UP", Fail(Fault::kScalingUp)},
      {"prompt-too-long", "400 with the upstream's words for it", Fail(Fault::kPromptTooLong)},
      {"html-502", "an HTML error page with status 502", Status(502, Fault::kHtml)},
      {"error-412-string", "412 with `error` as a bare string", Status(412, Fault::kErrorText)},
      {"error-500-as-stream", "500 as JSON under the media type of a stream",
       Status(500, Fault::kErrorAsStream)},
      {"error-429-retry-after", "429 with Retry-After: 1 (retry_after=SECONDS)",
       Status(429, Fault::kErrorStatus, 1)},
      {"error-503-retry-after", "503 with Retry-After: 1 (retry_after=SECONDS)",
       Status(503, Fault::kErrorStatus, 1)},
      {"error-400", "bad request", Status(400)},
      {"error-401", "invalid API key", Status(401)},
      {"error-402", "no paid plan", Status(402)},
      {"error-403", "forbidden", Status(403)},
      {"error-404", "model not found", Status(404)},
      {"error-408", "took too long", Status(408)},
      {"error-412", "account suspended", Status(412)},
      {"error-413", "payload too large", Status(413)},
      {"error-422", "validation error in `detail`", Status(422)},
      {"error-425", "deployment in a weight swap", Status(425)},
      {"error-429", "rate limit", Status(429)},
      {"error-500", "internal error", Status(500)},
      {"error-502", "bad gateway", Status(502)},
      {"error-503", "overloaded", Status(503)},
      {"error-504", "gateway timeout, an HTML page", Status(504)},
      {"error-520", "unknown error, an HTML page", Status(520)},
      {"error-529", "overloaded", Status(529)},
  };
}

const std::vector<Row>& Rows() {
  static const auto* const rows = [] {
    auto* all = new std::vector<Row>;
    for (auto part : {AnswerRows(), WaitRows(), EndingRows(), ErrorRows()}) {
      all->insert(all->end(), part.begin(), part.end());
    }
    return all;
  }();
  return *rows;
}

template <typename Int>
bool ParseNumber(std::string_view text, Int max, Int* out) {
  Int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0 || value > max) {
    return false;
  }
  *out = value;
  return true;
}

// Units as Go and Abseil write them (us, ms, s, m, h); at most a day.
bool ParseDuration(std::string_view text, std::chrono::microseconds* out) {
  absl::Duration duration;
  if (!absl::ParseDuration(absl::string_view(text.data(), text.size()), &duration)) return false;
  if (duration < absl::ZeroDuration() || duration > absl::Hours(24)) return false;
  *out = absl::ToChronoMicroseconds(duration);
  return true;
}

bool ParseUsage(std::string_view text, UsageChunk* out) {
  static const std::pair<std::string_view, UsageChunk> kNames[] = {
      {"finish", UsageChunk::kFinish},
      {"trailing", UsageChunk::kTrailing},
      {"auto", UsageChunk::kAuto},
      {"none", UsageChunk::kNone}};
  for (const auto& [name, usage] : kNames) {
    if (text == name) return *out = usage, true;
  }
  return false;
}

bool ParseHeaderValue(std::string_view text, std::string* out) {
  const bool printable =
      std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
  if (text.empty() || !printable) return false;
  *out = text;
  return true;
}

// One `delay` serves every model: it is the wait for which the model exists, else a wait before
// the first text.
bool ApplyDelay(std::string_view value, bool headers_slow, Plan* plan) {
  if (!ParseDuration(value, &plan->delay)) return false;
  if (headers_slow) {
    plan->headers_delay = plan->delay;
  } else if (plan->fault != Fault::kKeepOpen && plan->fault != Fault::kLate408 &&
             plan->fault != Fault::kSecondResponse && plan->fault != Fault::kDeaf) {
    plan->first_token_delay = plan->delay;
  }
  return true;
}

bool ApplyParameter(std::string_view key, std::string_view value, bool headers_slow, Plan* plan) {
  if (key == "tokens") return ParseNumber(value, kMaxTokens, &plan->tokens);
  if (key == "interval") return ParseDuration(value, &plan->interval);
  if (key == "delay") return ApplyDelay(value, headers_slow, plan);
  if (key == "at") return ParseNumber(value, kMaxTokens, &plan->at);
  if (key == "byte") return ParseNumber(value, kMaxBytes, &plan->byte.emplace());
  if (key == "size") return ParseNumber(value, kMaxBytes, &plan->size);
  if (key == "count") return ParseNumber(value, kMaxTokens, &plan->count);
  if (key == "usage") return ParseUsage(value, &plan->usage);
  if (key == "type") return ParseHeaderValue(value, &plan->media_type);
  if (key == "coding") return ParseHeaderValue(value, &plan->coding);
  if (key == "retry_after") return ParseNumber(value, 86'400, &plan->retry_after_seconds.emplace());
  return false;
}

bool ApplyParameters(std::string_view text, bool headers_slow, Plan* plan, std::string* error) {
  while (!text.empty()) {
    const std::string_view one = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), one.size() + 1));
    const size_t equals = one.find('=');
    if (equals == std::string_view::npos ||
        !ApplyParameter(one.substr(0, equals), one.substr(equals + 1), headers_slow, plan)) {
      *error = "bad parameter in the model's name: '" + std::string(one) +
               "'; known: tokens, interval, delay, at, byte, size, count, usage, type, coding, "
               "retry_after";
      return false;
    }
  }
  return true;
}

// sim/error-NNN for codes that are not listed.
bool ApplyAnyStatus(std::string_view name, Plan* plan) {
  constexpr std::string_view kPrefix = "error-";
  int status = 0;
  if (name.substr(0, kPrefix.size()) != kPrefix ||
      !ParseNumber(name.substr(kPrefix.size()), 599, &status) || status < 300) {
    return false;
  }
  Status(status)(plan);
  return true;
}

bool ApplyName(std::string_view name, Plan* plan) {
  for (const Row& row : Rows()) {
    if (name == row.name) return row.apply(plan), true;
  }
  return ApplyAnyStatus(name, plan);
}

}  // namespace

const std::vector<Model>& Models() {
  static const auto* const models = [] {
    auto* list = new std::vector<Model>;
    for (const Row& row : Rows()) {
      list->push_back({std::string("sim/") + row.name, row.description});
    }
    list->push_back({"accounts/fireworks/models/deepseek-v3p1",
                     "a story, as every model path of the documentation"});
    return list;
  }();
  return *models;
}

std::string ModelsAsText() {
  std::string text;
  for (const Model& model : Models()) {
    std::string line = "  " + model.name;
    line.resize(std::max<size_t>(line.size() + 1, 30), ' ');
    text += line + model.description + "\n";
  }
  return text;
}

Resolution Resolve(std::string_view model, Plan* plan, std::string* error) {
  const std::string_view name = model.substr(0, model.find('?'));
  const std::string_view parameters =
      name.size() < model.size() ? model.substr(name.size() + 1) : std::string_view();
  constexpr std::string_view kSim = "sim/", kAccounts = "accounts/";
  if (name.substr(0, kSim.size()) == kSim) {
    if (!ApplyName(name.substr(kSim.size()), plan)) return Resolution::kUnknownModel;
  } else if (name.substr(0, kAccounts.size()) != kAccounts || name.size() == kAccounts.size()) {
    return Resolution::kUnknownModel;
  }
  return ApplyParameters(parameters, name == "sim/headers-slow", plan, error)
             ? Resolution::kFound
             : Resolution::kBadParameter;
}

bool Overlay(std::string_view spec, Plan* plan, std::string* error) {
  const Content content = plan->content;
  const Resolution resolution = Resolve("sim/" + std::string(spec), plan, error);
  if (plan->content == Content::kStory) plan->content = content;
  if (resolution == Resolution::kUnknownModel) *error = "no such fault: " + std::string(spec);
  return resolution == Resolution::kFound;
}

}  // namespace sparkgate::simulator

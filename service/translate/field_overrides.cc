#include "service/translate/field_overrides.h"

namespace sparkgate::translate {

const std::vector<FieldOverride>& FieldOverrides() {
  static const auto* const kRows = new std::vector<FieldOverride>{
      // Unions: several fields for one upstream key, because a oneof cannot hold lists, shares its
      // message's namespace and makes later additions breaking.
      {"ChatMessage", "content_parts", "content", Form::kPlain, Direction::kSentOnly,
       "the list form of `content`; answers are documented as text"},
      {"ChatRequest", "logprobs_count", "logprobs", Form::kPlain, Direction::kBoth,
       "the integer form of `logprobs`"},
      {"ChatRequest", "tool_choice_function", "tool_choice", Form::kToolFunction, Direction::kBoth,
       "the object form of `tool_choice`; nested, as the strict schema wants it"},
      {"ChatRequest", "reasoning_effort_tokens", "reasoning_effort", Form::kPlain, Direction::kBoth,
       "the integer form of `reasoning_effort`"},
      {"ChatRequest", "reasoning_effort_enabled", "reasoning_effort", Form::kPlain,
       Direction::kBoth, "the boolean form of `reasoning_effort`"},
      {"ChatRequest", "prediction_parts", "prediction", Form::kContentParts, Direction::kBoth,
       "the object form of `prediction`"},
      {"ChatRequest", "speculation_token_ids", "speculation", Form::kPlain, Direction::kBoth,
       "the list form of `speculation`"},
      {"ContentPart", "image_data", "image_url", Form::kImageData, Direction::kSentOnly,
       "gRPC carries bytes as they are, JSON does not"},

      // The member that is set tells the type.
      {"ContentPart", "type", "", Form::kKind, Direction::kBoth, "may be left out"},
      {"Tool", "type", "", Form::kKind, Direction::kBoth, "may be left out"},
      {"ToolCall", "type", "", Form::kKind, Direction::kBoth, "may be left out"},

      // Output only: the upstream's strict validator would refuse them in an echoed answer.
      {"ToolCall", "index", "", Form::kPlain, Direction::kReadOnly,
       "numbers a stream's calls; not in the request's schema"},

      // Forms that the upstream's schema allows besides the usual one.
      {"ToolCall", "function", "", Form::kFunction, Direction::kBoth,
       "the schema allows a string: nothing but a name can be meant by it"},
      {"FunctionCall", "arguments", "", Form::kArguments, Direction::kBoth,
       "the schema allows an object, and callers get text in any case"},
      {"TokenLogprob", "bytes", "", Form::kByteList, Direction::kReadOnly,
       "a list of numbers upstream"},
      {"TopLogprob", "bytes", "", Form::kByteList, Direction::kReadOnly,
       "a list of numbers upstream"},
      {"Choice", "logprobs", "", Form::kLogprobs, Direction::kReadOnly, "two forms upstream"},
      {"StreamChoice", "logprobs", "", Form::kLogprobs, Direction::kReadOnly, "two forms upstream"},
      {"RawOutput", "completion_logprobs", "", Form::kLogprobs, Direction::kReadOnly,
       "two forms upstream"},
      {"ChatMessage", "content", "", Form::kText, Direction::kBoth,
       "some servers answer with typed parts"},
      {"ChatResponse", "created", "", Form::kWholeSeconds, Direction::kReadOnly,
       "some servers send fractions"},
      {"StreamChatResponse", "created", "", Form::kWholeSeconds, Direction::kReadOnly,
       "some servers send fractions"},
      {"ChatResponse", "perf_metrics", "", Form::kMetrics, Direction::kReadOnly,
       "numbers or numeric strings, also from headers, which have no order"},
      {"StreamChatResponse", "perf_metrics", "", Form::kMetrics, Direction::kReadOnly,
       "numbers or numeric strings, also from headers, which have no order"},
  };
  return *kRows;
}

const std::vector<Exclusion>& Exclusions() {
  static const auto* const kRows = new std::vector<Exclusion>{
      {"ChatRequest", "max_tokens", "max_completion_tokens",
       "two names of one parameter; the upstream refuses both together"},
  };
  return *kRows;
}

const std::vector<Alias>& Aliases() {
  static const auto* const kRows = new std::vector<Alias>{
      {"ChatMessage", "reasoning_content", "reasoning",
       "the name that several servers and gateways use"},
  };
  return *kRows;
}

const std::vector<MisplacedMember>& MisplacedMembers() {
  static const auto* const kRows = new std::vector<MisplacedMember>{
      {"Choice", "usage", true, "the answer's, sent in its choice"},
      {"Choice", "perf_metrics", true, "the answer's, sent in its choice"},
      {"Choice", "delta", true, "what a chunk has in place of a message"},
      {"Choice", "text", false, "of the older completions"},
      {"StreamChoice", "usage", true, "the answer's, sent in its choice"},
      {"StreamChoice", "perf_metrics", true, "the answer's, sent in its choice"},
      {"StreamChoice", "message", true, "what a whole answer has in place of a delta"},
      {"StreamChoice", "text", false, "of the older completions"},
  };
  return *kRows;
}

const std::vector<DroppedMember>& DroppedMembers() {
  static const auto* const kRows = new std::vector<DroppedMember>{
      {"ChatResponse", "object", "chat.completion", "the message's type says the same"},
      {"StreamChatResponse", "object", "chat.completion.chunk", "the message's type says the same"},
      {"ListModelsResponse", "object", "list", "the message's type says the same"},
      {"Model", "object", "model", "the message's type says the same"},
  };
  return *kRows;
}

}  // namespace sparkgate::translate

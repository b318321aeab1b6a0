// The body of a chat-completions request: its validation, and what an answer needs of it.
#ifndef SPARKGATE_SIMULATOR_CHAT_REQUEST_H_
#define SPARKGATE_SIMULATOR_CHAT_REQUEST_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sparkgate::simulator {

// Validation is as strict as the upstream's: unknown members are refused at every level. It works
// from a table written by hand from the upstream's documentation (field_table.h), so that it can
// catch mistakes of a codec made from other descriptors.
struct Violation {
  enum class Kind {
    kBrokenJson,  // No JSON object, or nested deeper than 128.
    kExtra,       // A member that the upstream does not know.
    kType,        // A known member of a wrong type, or null where null is not allowed.
    kMissing,     // A required member is not there.
    kConflict,    // Two members that exclude each other.
    kValue,       // A value outside the documented set.
  };
  Kind kind;
  std::string path;     // As the upstream writes it: messages[1].content.list[...][0].key
  std::string message;  // The whole sentence for the error body.
};

// All violations, in the order of the body; empty if the upstream would accept it. Any thread.
std::vector<Violation> Validate(const std::string& body);

struct ToolOffer {
  std::string name;
  std::string parameters_json;  // The JSON schema; empty if none was given.
};

enum class ToolChoiceMode { kAuto, kNone, kRequired };
enum class LogprobsShape { kNone, kPerToken, kLegacy };
enum class TextFormat { kText, kJson };

struct ChatRequest {
  std::string model;
  bool stream = false;
  bool has_stream_options = false;
  std::optional<bool> include_usage;

  std::string prompt;          // All texts of the conversation, for counting and `echo`.
  int prompt_tokens = 0;       // Four for each message and the prompt's tokens.
  std::string last_user_text;  // Text parts joined.
  std::optional<std::string> system_text;  // Of the first system message; "" is not absent.
  bool answers_tool_result = false;        // The last message is a tool's.

  std::optional<int64_t> seed;
  int n = 1;
  std::optional<int> max_tokens;
  std::vector<std::string> stop;
  bool ignore_eos = false;
  bool reasoning = false;

  std::vector<ToolOffer> tools;
  ToolChoiceMode tool_choice = ToolChoiceMode::kAuto;
  std::string forced_tool;  // The one function that must be called, if one was named.

  TextFormat format = TextFormat::kText;
  std::string schema_json;  // Of response_format; empty if none.

  LogprobsShape logprobs = LogprobsShape::kNone;
  int top_logprobs = 0;
  bool echo = false;
  int echo_last = 0;
  bool raw_output = false;
  bool return_token_ids = false;
  bool perf_metrics = false;
};

// `body` has passed Validate(). Members that only the real upstream can act on are not read.
ChatRequest ParseChatRequest(const std::string& body);

}  // namespace sparkgate::simulator

#endif  // SPARKGATE_SIMULATOR_CHAT_REQUEST_H_

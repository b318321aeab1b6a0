// How one call is to be answered (what to say, how fast, what goes wrong), and the models by whose
// names callers choose it.
#ifndef SPARKGATE_SIMULATOR_PLAN_H_
#define SPARKGATE_SIMULATOR_PLAN_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sparkgate::simulator {

enum class Content {
  kStory,
  kEcho,           // The last user message.
  kEchoRequest,    // The request body as received.
  kTools,          // A tool call, asked for or not.
  kParallelTools,  // Two.
  kBrokenArguments,
  kReasoning,
  kJson,
  kSurrogates,  // Emoji, each streamed as two halves of a surrogate pair.
  kControls,    // Control characters between the words.
  kBig,         // Some megabytes.
};

// How an answer is written, where servers differ.
enum class Dialect {
  kPlain,
  kContentParts,        // `content` is a list of typed parts, the reasoning among them.
  kFinishOnEach,        // A finish reason on every chunk.
  kIndexZero,           // Tool calls are all numbered 0.
  kNoIndex,             // Or not at all.
  kRawControls,         // Control characters in strings stand for themselves.
  kMessageBesideDelta,  // The whole text so far in a `message` beside each delta.
};

enum class Fault {
  kNone,
  kErrorStatus,     // Instead of an answer: Plan::status.
  kErrorAsStream,   // The same with the media type of a stream.
  kErrorText,       // The same as a bare string in `error`.
  kScalingUp,       // 503 of a deployment without replicas.
  kPromptTooLong,   // 400 with the upstream's words for it.
  kHtml,            // An error page of the edge.
  kDrop,            // Closed before the first byte.
  kSilent,          // Headers, then nothing.
  kComments,        // Headers, then comments for ever.
  kDataKeepAlives,  // Events between the texts whose data is no object.
  kCut,             // FIN in the middle.
  kHalfClose,       // FIN in the middle, the socket stays open.
  kReset,           // RST in the middle.
  kStall,           // Stops in the middle.
  kErrorInStream,   // An error event, then the end.
  kErrorThenDone,   // An error event, then [DONE].
  kBareError,       // An event that is an error's `message` alone, then the end.
  kFinishError,     // finish_reason "error".
  kBadJson,         // One broken event, then the stream goes on.
  kNoFinish,        // A proper end without finish reason and [DONE].
  kNoDone,          // Finish reason and proper end, no [DONE].
  kNoDoneOpen,      // Finish reason, then nothing for ever.
  kNoDoneComments,  // Finish reason, then comments for ever.
  kNoBlankLine,     // No [DONE], and the last event lacks its blank line.
  kDoneUnfinished,  // [DONE] although the last choice has no finish reason.
  kFinishCut,       // Finish reason, then FIN.
  kFinishReset,     // Finish reason, then RST.
  kNoTerminator,    // [DONE], then FIN without the last HTTP chunk.
  kKeepOpen,        // [DONE], the last HTTP chunk only after Plan::delay.
  kCloseDelimited,  // No chunks, the end of the connection ends the body.
  kEmptyStream,     // 200 and a proper end without any event.
  kDoneOnly,        // [DONE] as the first event.
  kOtherMediaType,  // JSON where a stream was asked, and the other way round.
  kSecondResponse,  // A second answer that nobody asked for, after Plan::delay.
  kLate408,         // 408 and close on the idle connection, after Plan::delay.
  kInformational,   // 100 and 103 before the answer.
  kTrailers,        // HTTP trailers after the body.
  kGzip,            // Content-Encoding: gzip, unasked.
  kGzipUndeclared,  // The same without the header.
  kDeaf,            // Goes on generating when its client has left, for Plan::delay if that is set.
  kDropsNext,       // When its client has left, the next Plan::count calls are dropped.
};

enum class UsageChunk { kFinish, kTrailing, kAuto, kNone };

// What a server does when its client leaves before the end.
struct Leaving {
  bool is_noticed = true;                      // Generation stops; else it continues.
  std::chrono::microseconds noticed_after{0};  // How long it then continues; 0: to the end.
  int drops = 0;  // Of the next calls by any client, how many are dropped.
};

struct Plan {
  Content content = Content::kStory;
  Dialect dialect = Dialect::kPlain;
  Fault fault = Fault::kNone;
  int status = 200;  // Of kErrorStatus, kErrorAsStream, kErrorText and kHtml.
  std::optional<int> retry_after_seconds;

  std::chrono::microseconds interval{0};           // Between tokens.
  std::chrono::microseconds first_token_delay{0};  // From the headers to the first text.
  std::chrono::microseconds headers_delay{0};
  std::chrono::microseconds delay{0};  // Of the fault, where it has one.

  int tokens = 0;               // Natural length of a story.
  int at = 5;                   // Text events before a fault in the middle of a stream.
  std::optional<int64_t> byte;  // kDrop, kCut, kReset: exactly after this many bytes sent.
  int64_t size = 0;             // kBig: bytes of text.
  int count = 3;                // kDropsNext: calls.
  std::string media_type;       // In place of the right one.
  std::string coding;           // Content-Encoding, whatever the bytes are.
  UsageChunk usage = UsageChunk::kFinish;
};

struct Model {
  std::string name;         // "sim/cut"
  std::string description;  // One line.
};

// Every listed model, in the order in which --help and GET /models show them.
const std::vector<Model>& Models();

// The same as text, one line each.
std::string ModelsAsText();

enum class Resolution { kFound, kUnknownModel, kBadParameter };

// Reads "sim/story?tokens=200&interval=20ms" into *plan, which holds the server's defaults before.
// Any "accounts/..." path is a story, so that bodies from the documentation work as they are;
// "sim/error-NNN" works for every NNN from 300 to 599. On kBadParameter *error says which.
Resolution Resolve(std::string_view model, Plan* plan, std::string* error);

// Puts the fault of `spec` (a model's name without "sim/", parameters allowed) over *plan and
// keeps the content that the caller asked for. False: no such fault.
bool Overlay(std::string_view spec, Plan* plan, std::string* error);

}  // namespace sparkgate::simulator

#endif  // SPARKGATE_SIMULATOR_PLAN_H_

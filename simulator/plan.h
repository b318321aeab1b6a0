// How one call is to be answered: what to say, how fast, and what goes wrong.
#ifndef SPARKGATE_SIMULATOR_PLAN_H_
#define SPARKGATE_SIMULATOR_PLAN_H_

#include <chrono>
#include <cstdint>
#include <optional>

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
  kBig,         // Some megabytes.
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
  kCut,             // FIN in the middle.
  kHalfClose,       // FIN in the middle, the socket stays open.
  kReset,           // RST in the middle.
  kStall,           // Stops in the middle.
  kErrorInStream,   // An error event, then the end.
  kErrorThenDone,   // An error event, then [DONE].
  kFinishError,     // finish_reason "error".
  kBadJson,         // One broken event, then the stream goes on.
  kNoFinish,        // A proper end without finish reason and [DONE].
  kNoDone,          // Finish reason and proper end, no [DONE].
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
};

enum class UsageChunk { kFinish, kTrailing, kAuto, kNone };

struct Plan {
  Content content = Content::kStory;
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
  UsageChunk usage = UsageChunk::kFinish;
};

}  // namespace sparkgate::simulator

#endif  // SPARKGATE_SIMULATOR_PLAN_H_

#ifndef SPARKGATE_SERVICE_TRANSLATE_STREAM_TRANSLATOR_H_
#define SPARKGATE_SERVICE_TRANSLATE_STREAM_TRANSLATOR_H_

#include <memory>
#include <string_view>
#include <vector>

#include "service/translate/call_status.h"
#include "sparkgate/v1/response.pb.h"

namespace sparkgate::translate {

// Turns the events of one streamed answer into the messages of StreamChat and keeps the stream's
// contract (see StreamChatResponse in the .proto): increments, at least one choice per message, id,
// created, model and each finish reason once, usage and metrics on the last message only, which is
// therefore held back until the end.
//
// A finish reason that content follows means nothing: some servers send one with each chunk.
//
// Owned by one call; not thread-safe, but may be handed from thread to thread between calls.
class StreamTranslator {
 public:
  // `headers` of the 200 fill the final performance metrics, the body wins.
  StreamTranslator(int requested_choices, const HeaderList& headers);
  ~StreamTranslator();
  StreamTranslator(StreamTranslator&&) noexcept;
  StreamTranslator& operator=(StreamTranslator&&) noexcept;

  struct Outcome {
    // The event was `[DONE]`. The held message is not released by this: call Release.
    bool done = false;
    // It carried content: a delta with any non-empty member but role (reasoning and tool arguments
    // included). Usage, metrics and role alone are not content.
    bool content = false;
    // Not OK: the event is malformed (UPSTREAM_PROTOCOL_ERROR) or an error (UPSTREAM_STREAM_ERROR);
    // the call ends with it, after what Release gives.
    CallStatus status;
  };

  // Reads one event; what the caller may see at once is appended to `messages`.
  Outcome Push(std::string_view event_type, std::string_view data,
               std::vector<v1::StreamChatResponse>* messages);

  // All bytes that have arrived are read: content that was held with a finish reason leaves, the
  // finish reason goes on waiting.
  void ReleaseContent(std::vector<v1::StreamChatResponse>* messages);

  // Whether `[DONE]` is a good end now. It is none if an event held words and not every choice had
  // its finish reason: then the words say what went wrong.
  CallStatus StatusAtEndMark() const;

  // The stream is over. Appends what was held: with the final usage and metrics if the answer is
  // `complete`; in any case with half a surrogate pair that waited as U+FFFD. At most once.
  void Release(bool complete, std::vector<v1::StreamChatResponse>* messages);

  // Every requested choice has its finish reason, and no content followed it.
  bool AllChoicesFinished() const;
  // At least one chunk had a choice.
  bool SawChoice() const;
  int finished_choices() const;

  // What was odd and let pass (content after a finish reason, index over n, unexpected types, …).
  int anomalies() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_STREAM_TRANSLATOR_H_

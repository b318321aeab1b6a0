#ifndef SPARKGATE_SERVICE_CALL_RESPONSE_WRITER_H_
#define SPARKGATE_SERVICE_CALL_RESPONSE_WRITER_H_

#include <optional>
#include <string>

#include "service/translate/call_status.h"

namespace sparkgate::call {

// How a call ended, with what it had done by then.
struct CallEnd {
  CallStatus status;
  HeaderList
      upstream_metadata;  // request id, rate limits: trailers, unless they went out at the start
  int attempts = 0;
  int messages_sent = 0;
  int finished_choices = 0;
};

// The caller's side of one call, as the call sees it: four verbs. Called on the loop's thread
// alone, and each as the last thing that the call does, because what it causes (WriteDone) may be
// told inside it.
//
// The owner tells the call in turn: Started, WriteDone(ok) once for each Write, Cancelled at any
// time (also beside WriteDone and after Finish), FinishFailed if what Finish was given did not
// reach the transport, and Done last of all.
class ResponseWriter {
 public:
  virtual ~ResponseWriter() = default;

  // At most once, before any Write. Not acknowledged.
  virtual void SendInitialMetadata(const HeaderList& metadata) = 0;

  // One serialised message. Not again before its WriteDone.
  virtual void Write(std::string message) = 0;

  // The last word, exactly once, with the last message in the same operation if there is one
  // (Chat's answer, or the end of a stream's). Without a message it may be called while a Write is
  // out; the caller then sees the status only if he reads on.
  virtual void Finish(const CallEnd& end, std::optional<std::string> last_message) = 0;

  // Ends a call whose reader takes neither messages nor status. Only after Finish; Done follows.
  virtual void Cancel() = 0;

  // Done has not followed within a bound after Cancel: nothing waits for it any more, and the
  // call's place is free. Should it come all the same, the call is freed then.
  virtual void Abandon() = 0;
};

}  // namespace sparkgate::call

#endif  // SPARKGATE_SERVICE_CALL_RESPONSE_WRITER_H_

#ifndef SPARKGATE_TESTS_FAULTS_MOMENT_H_
#define SPARKGATE_TESTS_FAULTS_MOMENT_H_

#include <string>

#include "tests/support/caller.h"

namespace sparkgate::faults {

// How far a right answer has come when the fault strikes. For Chat an event is the body.
enum class Moment {
  kBeforeRequest,  // the connection stands, nothing has been read
  kBeforeAnswer,   // the request has been read
  kInStatusLine,
  kInHeaders,
  kAfterHeaders,
  kInEvent,  // what there is of it stands in a whole chunk
  kInChunk,  // the chunk is not whole either
  kBetweenEvents,
  kAfterFinish,
  kInDone,     // "[DO"
  kAfterDone,  // all but the framing's end; for Chat: behind the body's last byte
  kAfterEnd,
};

std::string NameOf(Moment moment, support::Rpc rpc);

// How the body says where it ends.
enum class Framing { kChunks, kLength, kClose };

// What has been said until then. The stream's texts are "Hel" and "lo", in four messages with the
// role and the finish reason; of "lo" only the beginning has been sent at kInEvent and kInChunk.
std::string SaidBefore(Moment moment, Framing framing, support::Rpc rpc);

// Says it within the framing.
std::string Framed(Framing framing, const std::string& data);

}  // namespace sparkgate::faults

#endif  // SPARKGATE_TESTS_FAULTS_MOMENT_H_

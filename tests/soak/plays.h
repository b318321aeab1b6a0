#ifndef SPARKGATE_TESTS_SOAK_PLAYS_H_
#define SPARKGATE_TESTS_SOAK_PLAYS_H_

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace sparkgate::soak {

// What the upstream does after a request, one after the other.
struct Step {
  enum class Then {
    kGoOn,
    kFin,     // closes when all is sent
    kReset,   // resets when all is sent
    kRepeat,  // this step again and again
    kHold,    // waits for Upstream::ReleaseHeld
    kStay,    // nothing more, until the peer goes
  };
  std::chrono::milliseconds after{0};
  std::string bytes;
  Then then = Then::kGoOn;
};

// What the caller does beside reading all that comes.
enum class Act {
  kNothing,
  kCancel,           // at a random moment
  kCancelUnread,     // the same, and reads one message only
  kReadSlowly,       // with a pause before each message
  kStopReading,      // after one message; goes on when the upstream was let go
  kResetAfterFirst,  // tells the upstream to reset when the first message is here
  kShortDeadline,
};

// One kind of call: both sides' parts, and how the caller must see it end.
struct Play {
  std::string name;
  int per_mille;  // of a round's calls
  bool stream;
  Act act;
  // Of the call with this name ("kind/number"): the answer holds AnswerText(name).
  std::vector<Step> (*steps)(std::string_view call_name);
  std::vector<std::string> endings;  // "CODE REASON", "CODE" where there is no ErrorInfo
  bool answered = false;             // ends with AnswerText(name) delivered
};

const std::vector<Play>& Plays();

// Null if there is none.
const Play* FindPlay(std::string_view name);

// Which call is meant: no caller may get another's.
std::string AnswerText(std::string_view call_name);

// The call that waits for Upstream::ReleaseHeld; in no round.
const Play& HeldPlay();

}  // namespace sparkgate::soak

#endif  // SPARKGATE_TESTS_SOAK_PLAYS_H_

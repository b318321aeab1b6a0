#ifndef SPARKGATE_SERVICE_TRANSLATE_CHOICE_STATE_H_
#define SPARKGATE_SERVICE_TRANSLATE_CHOICE_STATE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "service/translate/half_joiner.h"
#include "service/translate/json_reader.h"
#include "sparkgate/v1/response.pb.h"

namespace sparkgate::translate {

// What has been sent of one choice of a stream: makes an entry of a chunk say only what is new.
class ChoiceState {
 public:
  // `value` is the choice in `document`, `entry` what was decoded from it.
  void Advance(const JsonDocument& document, const JsonValue& value, v1::StreamChoice* entry);

  // Half a surrogate pair waits for what may never come.
  bool waiting() const;
  // Appends U+FFFD for each half that waits.
  void Flush(v1::ChatMessage* delta);

  bool finished() const { return finished_; }
  // Roles, ids and names that changed.
  int oddities() const { return oddities_; }

 private:
  struct Call {
    std::optional<std::string> id, type, name;
    HalfJoiner arguments;
    uint64_t last_delta = 0;  // that had a fragment of it
  };

  void AdvanceRole(v1::ChatMessage* delta);
  void AdvanceTexts(const JsonDocument& document, const JsonValue& value, v1::ChatMessage* delta);
  void AdvanceCalls(const JsonDocument& document, const JsonValue& value, v1::ChatMessage* delta);
  Call& CallOf(const v1::ToolCall& fragment);
  void KeepNew(v1::ToolCall* fragment, Call* call);
  template <typename Clear>
  void KeepNew(bool has, const std::string& value, std::optional<std::string>* known, Clear clear);
  void FlushCalls(bool all, v1::ChatMessage* delta);

  bool role_sent_ = false;
  std::string role_;
  bool finished_ = false;
  int oddities_ = 0;
  HalfJoiner content_;
  HalfJoiner reasoning_;
  // By index; calls without one count down from -1.
  std::map<int, Call> calls_;
  // Those whose arguments wait for a half: what a delta costs must not grow with all calls so far.
  std::set<int> waiting_calls_;
  uint64_t delta_ = 0;  // number of the delta at hand
  int last_call_ = 0;
  int next_nameless_ = -1;
};

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_CHOICE_STATE_H_

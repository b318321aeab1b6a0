#ifndef SPARKGATE_SERVICE_TRANSLATE_TOOL_CALL_JOINER_H_
#define SPARKGATE_SERVICE_TRANSLATE_TOOL_CALL_JOINER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_reader.h"
#include "service/translate/joined_text.h"
#include "sparkgate/v1/response.pb.h"

namespace sparkgate::translate {

// The tool calls of one choice of a stream. Whatever indices, ids and repetitions a server sends,
// `calls[fragment.index] += fragment` is right for what this makes of its fragments: calls have the
// indices 0, 1, 2 …; id, type and name come once and whole.
//
// A call begins with a new id; without ids with a new name, or with a name behind complete
// arguments.
class ToolCallJoiner {
 public:
  // Rewrites the fragments of `delta`; `fragments` is the list that they were decoded from.
  void Advance(const JsonDocument& document, const JsonValue& fragments, v1::ChatMessage* delta);

  // A delta without fragments came: halves of characters that waited for it are sent.
  void AdvanceWithout(v1::ChatMessage* delta);

  // The last delta of the choice: adds what was held back.
  void Flush(v1::ChatMessage* delta);

  bool empty() const { return next_index_ == 0; }
  bool waiting() const { return !waiting_.empty(); }

  // Indices that had to be changed, names that changed.
  int anomalies() const { return anomalies_; }

 private:
  // Whether arguments that arrive in pieces are a complete object yet.
  class Balance {
   public:
    void Add(std::string_view piece);
    bool complete() const { return begun_ && depth_ == 0 && !in_string_; }

   private:
    int depth_ = 0;
    bool begun_ = false, in_string_ = false, escaped_ = false;
  };

  struct Call {
    int index = 0;  // ours
    std::string id, name;
    bool type_sent = false;
    bool name_sent = false;       // else `name` is what has come of it
    std::string held_arguments;   // `{}`, which some servers send before the real ones
    bool arguments_sent = false;  // of any length but 0
    Balance balance;
    SurrogateJoiner surrogate;  // of the arguments
    uint64_t last_delta = 0;    // that had a fragment of it

    bool waiting() const {
      return surrogate.waiting() || !held_arguments.empty() || (!name.empty() && !name_sent);
    }
  };

  void AdvanceFragment(const JsonDocument& document, const JsonValue& value,
                       v1::ToolCall* fragment);
  // These find the call that a fragment belongs to, as a place in calls_.
  size_t CallOf(const v1::ToolCall& fragment);
  std::optional<size_t> Find(const v1::ToolCall& fragment) const;
  std::optional<size_t> Current(const v1::ToolCall& fragment) const;
  static bool BeginsAnother(const v1::ToolCall& fragment, const Call& call);
  size_t Begin();
  // These leave in a fragment what its call does not have yet.
  void SetIndex(bool first, const Call& call, v1::ToolCall* fragment);
  void KeepIdAndType(v1::ToolCall* fragment, size_t at);
  void KeepName(bool whole, v1::FunctionCall* function, Call* call);
  void KeepArguments(v1::FunctionCall* function, Call* call);
  void FlushHalves(v1::ChatMessage* delta);

  std::vector<Call> calls_;
  std::map<int, size_t> by_upstream_index_;  // the latest call under it
  std::map<std::string, size_t> by_id_;
  size_t last_ = 0;           // in calls_
  std::set<size_t> waiting_;  // what a delta costs must not grow with all calls so far
  int next_index_ = 0;
  uint64_t delta_ = 0;
  int anomalies_ = 0;
};

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_TOOL_CALL_JOINER_H_

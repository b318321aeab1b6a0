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
// `calls[fragment.index] += fragment` is right for the fragments that this rewrites: calls have the
// indices 0, 1, 2 …; id, type and name come once and whole.
//
// A call begins with a new id; without ids with a new name, or with a name after complete
// arguments.
class ToolCallJoiner {
 public:
  // Rewrites the fragments of `delta`; `fragments` is the list that they were decoded from.
  void Advance(const JsonDocument& document, const JsonValue& fragments, v1::ChatMessage* delta);

  // For a delta without fragments: surrogates that waited for their other halves become U+FFFD.
  void AdvanceWithoutFragments(v1::ChatMessage* delta);

  // Adds what was held back to the last delta of the choice.
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
    int index = 0;  // ours, not the upstream's
    std::string id, name;
    bool type_sent = false;
    bool name_sent = false;       // until then `name` may be incomplete
    std::string held_arguments;   // `{}`, which some servers send before the real ones
    bool arguments_sent = false;  // at least one byte
    Balance balance;
    SurrogateJoiner surrogate;  // of the arguments
    uint64_t last_delta = 0;    // the latest delta_ with a fragment of this call

    bool waiting() const {
      return surrogate.waiting() || !held_arguments.empty() || (!name.empty() && !name_sent);
    }
  };

  void AdvanceFragment(const JsonDocument& document, const JsonValue& value,
                       v1::ToolCall* fragment);
  // These find the call that a fragment belongs to, as an index into calls_.
  size_t CallOf(const v1::ToolCall& fragment);
  std::optional<size_t> Find(const v1::ToolCall& fragment) const;
  std::optional<size_t> Current(const v1::ToolCall& fragment) const;
  static bool BeginsAnother(const v1::ToolCall& fragment, const Call& call);
  size_t Begin();
  // These reduce a fragment to what its call does not have yet.
  void SetIndex(bool first, const Call& call, v1::ToolCall* fragment);
  void KeepIdAndType(v1::ToolCall* fragment, size_t at);
  void KeepName(bool whole, v1::FunctionCall* function, Call* call);
  void KeepArguments(v1::FunctionCall* function, Call* call);
  void FlushSurrogates(v1::ChatMessage* delta);

  std::vector<Call> calls_;
  std::map<int, size_t> by_upstream_index_;  // the latest call with it
  std::map<std::string, size_t> by_id_;
  size_t last_ = 0;           // the call of the last fragment
  std::set<size_t> waiting_;  // so that a delta need not look at all calls so far
  int next_index_ = 0;
  uint64_t delta_ = 0;
  int anomalies_ = 0;
};

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_TOOL_CALL_JOINER_H_

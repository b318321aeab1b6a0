// One answer as the chunks of a stream: their JSON texts, one after the other.
#ifndef SPARKGATE_SIMULATOR_CHUNK_SOURCE_H_
#define SPARKGATE_SIMULATOR_CHUNK_SOURCE_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "simulator/answer.h"
#include "simulator/plan.h"

namespace sparkgate::simulator {

struct Chunk {
  enum class Kind { kRole, kText, kFinish, kUsage };
  Kind kind;
  std::string json;
  bool paced = false;  // A new token of the first choice still running: the pace applies.
};

// A role chunk for each choice, then about one chunk per token, the choices in turn, then each
// choice's finish chunk. Owned by one connection.
class ChunkSource {
 public:
  // `timing` is called when a chunk with performance metrics is made.
  ChunkSource(Answer answer, UsageChunk usage, std::function<Timing()> timing);

  // The cursors point into the answer.
  ChunkSource(const ChunkSource&) = delete;
  ChunkSource& operator=(const ChunkSource&) = delete;

  // Nothing after the last chunk.
  std::optional<Chunk> Next();
  // No chunk follows the one that Next() gave last.
  bool at_end() const { return all_finished() && !trailing_due_; }
  // Next() has given every choice's finish chunk.
  bool all_finished() const { return running_ == 0; }

 private:
  struct Cursor {
    std::string_view reasoning, content, arguments;  // What is still to be sent.
    size_t next_tool = 0;
    size_t offset = 0;
    std::string low_surrogate;  // The half that waits for its own chunk.
    int tokens = 0;             // Generated so far, the echoed prompt left out.
    bool ended = false;
  };

  Chunk Role(size_t index);
  std::optional<Chunk> InTurn();
  Chunk FromChoice(size_t index);
  std::string NextDelta(size_t index, std::string* more);
  std::string ReasoningDelta(std::string_view token) const;
  std::string MessageSoFar(size_t index) const;
  std::string ContentDelta(size_t index, std::string* more);
  std::string ToolDelta(const ChoiceAnswer& choice, Cursor* cursor);
  std::string ToolIndex(size_t number) const;
  Chunk Finish(size_t index);
  Chunk Trailing();
  // A chunk with one choice. `more`: further members of the choice, each with a comma in front.
  std::string Json(size_t index, const std::string& delta, const std::string& more,
                   const std::string& finish_reason, const std::string& top) const;
  std::string Closing() const;
  int TokensSoFar() const;

  const Answer answer_;
  const UsageChunk usage_;
  const std::function<Timing()> timing_;
  std::string prefix_;  // Up to the opening bracket of `choices`.
  std::vector<Cursor> cursors_;
  size_t roles_sent_ = 0;
  size_t turn_ = 0;
  size_t running_;
  bool trailing_due_;
};

}  // namespace sparkgate::simulator

#endif  // SPARKGATE_SIMULATOR_CHUNK_SOURCE_H_

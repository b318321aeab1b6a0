// A streamed answer.
#ifndef SPARKGATE_SIMULATOR_STREAM_SCRIPT_H_
#define SPARKGATE_SIMULATOR_STREAM_SCRIPT_H_

#include <chrono>
#include <deque>
#include <string>

#include "simulator/answer_script.h"
#include "simulator/chunk_source.h"
#include "simulator/script.h"

namespace sparkgate::simulator {

class StreamScript : public Script {
 public:
  explicit StreamScript(AnswerContext context);
  Step Next() override;

 private:
  Step Head();
  Step Body();
  Step FromChunk(const Chunk& chunk);
  Step MiddleFault(const Chunk& chunk);
  Step End(std::string before);
  Step DoneFault();
  Step WholeAsGzip();
  Step FirstOf(std::deque<Step> steps);
  std::string Frame(const std::string& text) const;
  bool FaultIsDue(const Chunk& chunk) const;

  const Plan plan_;
  const Fields fields_;
  const std::string request_id_;
  const bool keep_alive_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  ChunkSource chunks_;
  std::deque<Step> queued_;  // Decided already; before anything else.
  bool head_sent_ = false;
  bool fault_done_ = false;
  int texts_ = 0;
};

}  // namespace sparkgate::simulator

#endif  // SPARKGATE_SIMULATOR_STREAM_SCRIPT_H_

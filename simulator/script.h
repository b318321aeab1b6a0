// What a connection does to answer one request, step by step. The whole behaviour, faults
// included, is decided here, without sockets; the connection only carries it out.
#ifndef SPARKGATE_SIMULATOR_SCRIPT_H_
#define SPARKGATE_SIMULATOR_SCRIPT_H_

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

namespace sparkgate::simulator {

struct Step {
  enum class Then {
    kContinue,   // Ask for the next step.
    kKeep,       // The answer is complete; the connection waits for the next request.
    kClose,      // Close properly, with TLS's own close first.
    kCut,        // FIN at once, without TLS's own close.
    kHalfClose,  // FIN, and then wait for the other side for ever.
    kReset,      // RST.
    kHang,       // Nothing more, for ever.
  };
  std::chrono::microseconds wait{0};  // Before the bytes.
  std::string bytes;
  Then then = Then::kContinue;
  bool generation_over = false;  // From here on, a client that leaves aborts nothing.
};

// Owned and called by one connection. After a step that does not continue there is no other.
class Script {
 public:
  virtual ~Script() = default;
  virtual Step Next() = 0;
};

// Steps that are known beforehand. The last one must not continue.
class FixedScript : public Script {
 public:
  explicit FixedScript(std::deque<Step> steps) : steps_(std::move(steps)) {}
  Step Next() override;

 private:
  std::deque<Step> steps_;
};

// Another script, ended after exactly `limit` bytes if it would send more.
class LimitedScript : public Script {
 public:
  LimitedScript(std::unique_ptr<Script> inner, int64_t limit, Step::Then then)
      : inner_(std::move(inner)), left_(limit), then_(then) {}
  Step Next() override;

 private:
  const std::unique_ptr<Script> inner_;
  int64_t left_;
  const Step::Then then_;
  bool over_ = false;
};

// A complete response in one piece.
std::unique_ptr<Script> SimpleScript(std::string response, bool keep_alive);

}  // namespace sparkgate::simulator

#endif  // SPARKGATE_SIMULATOR_SCRIPT_H_

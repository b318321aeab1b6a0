#ifndef SPARKGATE_TESTS_SOAK_LOAD_H_
#define SPARKGATE_TESTS_SOAK_LOAD_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/soak/plays.h"
#include "tests/soak/upstream.h"

namespace sparkgate::soak {

// How the calls of one round ended.
struct RoundResult {
  std::map<std::string, std::map<std::string, int>> endings;  // by play, then by ending
  std::vector<std::string> wrong;  // calls that ended as their play does not allow, the first few
  int calls = 0;
  int wrong_calls = 0;
  double seconds = 0;
};

// The callers: as many calls at once as told, the next as soon as one has ended, all on the thread
// that asks. gRPC does not show here.
class Load {
 public:
  // `upstream`: told by some callers what to do; must outlive it.
  Load(const std::string& target, int channels, int at_once, Upstream* upstream);
  ~Load();
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  // So many calls, of each play its share, in an order and with moments that follow from `seed`.
  RoundResult RunRound(int calls, uint32_t seed);

  // So many calls at the same moment: all are let go when the upstream has every one of them. With
  // the server's max_calls as count that shows that no other call is left in it.
  RoundResult RunHeld(int calls);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sparkgate::soak

#endif  // SPARKGATE_TESTS_SOAK_LOAD_H_

#ifndef SPARKGATE_TESTS_SUPPORT_IN_SOAK_H_
#define SPARKGATE_TESTS_SUPPORT_IN_SOAK_H_

#include <cstdlib>

namespace sparkgate::support {

// `make soak` gives tests more to do, and lets them be strict about time and memory, by these
// environment variables.

inline int SoakNumber(const char* variable, int otherwise) {
  const char* const value = std::getenv(variable);
  return value != nullptr && *value != '\0' ? std::atoi(value) : otherwise;
}

inline int SoakRounds(int otherwise) { return SoakNumber("SPARKGATE_SOAK_ROUNDS", otherwise); }
inline int SoakCalls(int otherwise) { return SoakNumber("SPARKGATE_SOAK_CALLS", otherwise); }

// On a machine that does nothing else, and in the optimised build.
inline bool InSoak() { return SoakNumber("SPARKGATE_SOAK_ROUNDS", 0) > 0; }

}  // namespace sparkgate::support

#endif  // SPARKGATE_TESTS_SUPPORT_IN_SOAK_H_

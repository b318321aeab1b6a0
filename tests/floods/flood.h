#ifndef SPARKGATE_TESTS_FLOODS_FLOOD_H_
#define SPARKGATE_TESTS_FLOODS_FLOOD_H_

#include <functional>
#include <ostream>
#include <string>
#include <vector>

// The table of what a peer can send to the gRPC port to do harm, with what gRPC 1.51 makes of it.
namespace sparkgate::floods {

// What a row is played against.
struct Target {
  int port = 0;
  std::string request;  // a serialised one
};

inline constexpr char kStreamChat[] = "/sparkgate.v1.ChatService/StreamChat";

// The memory that a row may take, as the peak of what is resident.
struct Memory {
  long at_least_mib = 0;  // more than 0: the library has a hole there
  long at_most_mib = 32;
  // When all is over; looked at for rows that take more than 32 MiB, by playing them again.
  bool given_back = true;
};

struct Flood {
  std::string name;
  // Plays it, and says what became of the offending connection or call.
  std::function<std::string(const Target&)> play;
  // What `play` says with this library. A row of a known hole has its CVE; where a newer library
  // says something else, SECURITY.md is to be corrected as well.
  std::string seen;
  std::string known_as = "";
  Memory memory = {};
  double at_most_cpu_seconds = 60;  // of the server, in the optimised build
};

inline void PrintTo(const Flood& flood, std::ostream* out) { *out << flood.name; }

std::vector<Flood> FrameFloods();       // many small frames
std::vector<Flood> StreamFloods();      // many streams that end at once
std::vector<Flood> HeaderFloods();      // HPACK and CONTINUATION
std::vector<Flood> MessageFloods();     // wrong requests
std::vector<Flood> CostlyFloods();      // right ones that would cost many times their bytes
std::vector<Flood> ConnectionFloods();  // connections that say little or nothing

}  // namespace sparkgate::floods

#endif  // SPARKGATE_TESTS_FLOODS_FLOOD_H_

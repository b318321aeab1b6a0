#ifndef SPARKGATE_TESTS_FAULTS_FAULT_H_
#define SPARKGATE_TESTS_FAULTS_FAULT_H_

#include <chrono>
#include <string>
#include <vector>

#include "tests/faults/moment.h"
#include "tests/faults/row.h"

namespace sparkgate::faults {

// When a fault strikes, and what the caller must see of it.
struct Cell {
  Moment moment;
  Rpcs rpcs;
  Expected expected;
};

// One thing that an upstream may do wrong. A right answer comes up to the moment, then the fault.
struct Fault {
  std::string name;
  After after = After::kKeep;
  std::vector<Cell> cells;
  std::string says = "";  // is sent when it strikes
  Framing framing = Framing::kChunks;
  Transport transport = Transport::kBoth;
  Timers timers = Timers::kUsual;
  std::string again = "";  // for After::kForEver
  std::chrono::milliseconds pace{20};
};

// A row for each cell and RPC.
std::vector<Row> RowsOf(const Fault& fault);

}  // namespace sparkgate::faults

#endif  // SPARKGATE_TESTS_FAULTS_FAULT_H_

// What real servers send, as one table.
#include "tests/tolerance/replay.h"

namespace sparkgate::tolerance {

std::vector<Replay> RowsToPlay() {
  std::vector<Replay> all;
  for (const auto& part : {ServerRows(), EndingRows(), DeltaRows(), RefusalRows(), WaitingRows()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

}  // namespace sparkgate::tolerance

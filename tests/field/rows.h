#ifndef SPARKGATE_TESTS_FIELD_ROWS_H_
#define SPARKGATE_TESTS_FIELD_ROWS_H_

#include <vector>

#include "tests/tolerance/replay.h"

// Neighbours of the cases: other answers of the same kinds.
namespace sparkgate::tolerance {

std::vector<Replay> BodyNeighbours();  // what stands in an answer's JSON
std::vector<Replay> LifeNeighbours();  // events that only keep the connection open
std::vector<Replay> HeadNeighbours();  // statuses, codings, redirects

}  // namespace sparkgate::tolerance

#endif  // SPARKGATE_TESTS_FIELD_ROWS_H_

#ifndef SPARKGATE_SERVICE_CONFIG_MEMORY_H_
#define SPARKGATE_SERVICE_CONFIG_MEMORY_H_

#include <cstddef>
#include <string>

namespace sparkgate::config {

// The memory that the process may use, in bytes: the machine's, or what its control group leaves.
size_t AvailableMemory();

// Its part for tests: `machine` limited by the group. Reads version 1 and 2.
size_t MemoryWithin(size_t machine, const std::string& membership, const std::string& root);

}  // namespace sparkgate::config

#endif  // SPARKGATE_SERVICE_CONFIG_MEMORY_H_

// Makes up a JSON text for a JSON schema: arguments of tool calls and answers in JSON mode.
#ifndef SPARKGATE_SIMULATOR_SCHEMA_SAMPLE_H_
#define SPARKGATE_SIMULATOR_SCHEMA_SAMPLE_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace sparkgate::simulator {

// Knows type, properties, items, enum, const, the first of anyOf and minimum; everything else is
// ignored. An empty or unusable schema gives a small object. The same for the same seed.
std::string SampleJson(std::string_view schema_json, uint64_t seed);

}  // namespace sparkgate::simulator

#endif  // SPARKGATE_SIMULATOR_SCHEMA_SAMPLE_H_

// The simulator's one way from text to a JSON value. Include it in .cc files only: it brings in
// nlohmann/json.
#ifndef SPARKGATE_SIMULATOR_JSON_PARSE_H_
#define SPARKGATE_SIMULATOR_JSON_PARSE_H_

#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

namespace sparkgate::simulator {

// Keeps the order of members. Nothing if the text is not JSON or nests deeper than 128 levels
// (writing a value recurses, so depth must have a limit).
std::optional<nlohmann::ordered_json> ParseJson(std::string_view text);

}  // namespace sparkgate::simulator

#endif  // SPARKGATE_SIMULATOR_JSON_PARSE_H_

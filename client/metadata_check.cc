#include "client/metadata_check.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace sparkgate::client {
namespace {

bool IsName(std::string_view name) {
  if (name.empty() || name.substr(0, 5) == "grpc-") return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
}

bool IsBinary(std::string_view name) {
  return name.size() >= 4 && name.substr(name.size() - 4) == "-bin";
}

bool IsText(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
}

}  // namespace

absl::Status CheckMetadata(const Metadata& metadata) {
  for (const auto& [name, value] : metadata) {
    if (!IsName(name)) {
      return absl::InvalidArgumentError(
          "metadata name \"" + name +
          "\": a-z, 0-9, '-', '_' and '.' are allowed, and it must not begin with \"grpc-\"");
    }
    if (!IsBinary(name) && !IsText(value)) {
      return absl::InvalidArgumentError("metadata " + name + ": the value must be printable ASCII");
    }
  }
  return absl::OkStatus();
}

}  // namespace sparkgate::client

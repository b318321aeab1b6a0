#include "client/chat/files.h"

#include <cstdio>

namespace sparkgate::client {
namespace {

absl::Status Wrong(const std::string& why) { return absl::InvalidArgumentError(why); }

// C's streams, because C++'s throw or stay silent when a directory is read.
absl::StatusOr<std::string> ReadAll(FILE* file, const std::string& name, size_t most) {
  std::string text;
  char buffer[4096];
  size_t size;
  while ((size = std::fread(buffer, 1, sizeof buffer, file)) > 0) {
    if (size > most - text.size()) {
      return Wrong(name + " has more than " + std::to_string(most >> 20) + " MiB");
    }
    text.append(buffer, size);
  }
  if (std::ferror(file) != 0) return Wrong(name + " cannot be read");
  return text;
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& name, size_t most) {
  FILE* const file = std::fopen(name.c_str(), "rb");
  if (file == nullptr) return Wrong(name + " cannot be read");
  absl::StatusOr<std::string> text = ReadAll(file, name, most);
  std::fclose(file);
  return text;
}

absl::StatusOr<std::string> ReadStandardInput() {
  return ReadAll(stdin, "standard input", kAnySize);
}

}  // namespace sparkgate::client

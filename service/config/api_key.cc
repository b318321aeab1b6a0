#include "service/config/api_key.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "service/config/secret_file.h"

namespace sparkgate::config {
namespace {

constexpr size_t kMostBytes = 8192;

// `NAME=value`, as in a file of environment variables. A key may end in '=', as base64 does.
bool IsAssignment(const std::string& key) {
  const size_t equals = key.find('=');
  if (equals == std::string::npos || equals == 0) return false;
  for (const char c : key.substr(0, equals)) {
    if (c != '_' && (c < 'A' || c > 'Z') && (c < '0' || c > '9')) return false;
  }
  return key.find_first_not_of('=', equals) != std::string::npos;
}

bool IsQuoted(const std::string& key) {
  return key.size() > 1 && (key[0] == '"' || key[0] == '\'' || key[0] == '`') &&
         key.back() == key[0];
}

}  // namespace

absl::StatusOr<Secret> CheckKey(std::string key, const std::string& source) {
  auto wrong = [&source](const char* what) {
    return absl::InvalidArgumentError(absl::StrCat(source, ": ", what));
  };
  if (key.empty()) return wrong("the key is empty; put the upstream's API key there");
  if (key.size() > kMostBytes) return wrong("the key is over 8 KiB; give the key alone");
  if (IsQuoted(key)) return wrong("the key is in quotes, which would be sent; give the key alone");
  if (IsAssignment(key)) return wrong("NAME= stands before the key; give the key alone");
  for (unsigned char c : key) {
    if (c <= ' ' || c >= 0x7f) {
      return wrong("the key has a space, a control or a non-ASCII character; give the key alone");
    }
  }
  return Secret(std::move(key));
}

absl::StatusOr<Secret> ReadKeyFile(const std::string& path, std::vector<std::string>* warnings) {
  const SecretFile file{"api_key_file", path, kMostBytes, "give a file that holds the key alone"};
  absl::StatusOr<std::string> text = ReadSecretFile(file, warnings);
  if (!text.ok()) return text.status();
  return CheckKey(*std::move(text), file.Source());
}

}  // namespace sparkgate::config

#include "service/config/proxy_auth.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "service/config/secret_file.h"

namespace sparkgate::config {
namespace {

constexpr size_t kMostBytes = 8192;

bool IsControl(char c) { return (c >= 0 && c < ' ') || c == 0x7f; }

bool IsQuoted(const std::string& text) {
  return text.size() > 1 && (text[0] == '"' || text[0] == '\'' || text[0] == '`') &&
         text.back() == text[0];
}

// "" if there is nothing wrong.
std::string Problem(const std::string& text) {
  if (text.empty()) return "is empty";
  if (BeginsWithByteOrderMark(text)) return "begins with a byte order mark, which would be sent";
  if (text.find('\n') != std::string::npos) return "holds more than one line";
  if (std::any_of(text.begin(), text.end(), IsControl)) return "holds a control character";
  if (IsQuoted(text)) return "is in quotes, which would be sent";
  const size_t colon = text.find(':');
  if (colon == std::string::npos) return "holds no colon";
  if (colon == 0) return "holds no user before the colon";
  return "";
}

}  // namespace

absl::StatusOr<ProxyAuth> ReadProxyAuthFile(const std::string& path,
                                            std::vector<std::string>* warnings) {
  const SecretFile file{"upstream_proxy_auth_file", path, kMostBytes,
                        "give a file with user:password and nothing else"};
  const absl::StatusOr<std::string> text = ReadSecretFile(file, warnings);
  if (!text.ok()) return text.status();
  if (const std::string problem = Problem(*text); !problem.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(file.Source(), ": ", problem, "; ", file.advice));
  }
  if (text->front() == ' ' || text->back() == ' ') {
    warnings->push_back(file.Source() + ": begins or ends with a space, which is sent");
  }
  const size_t colon = text->find(':');
  return ProxyAuth{Secret(text->substr(0, colon)), Secret(text->substr(colon + 1))};
}

}  // namespace sparkgate::config

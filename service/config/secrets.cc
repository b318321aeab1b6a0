#include "service/config/secrets.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/text.h"

namespace sparkgate::config {
namespace {

absl::Status Wrong(const std::string& what) { return absl::InvalidArgumentError(what); }

// Up to `most` bytes, fewer only at the file's end.
absl::StatusOr<std::string> ReadUpTo(int fd, size_t most) {
  constexpr size_t kStep = 16 * 1024;
  std::string text;
  while (text.size() < most) {
    const size_t had = text.size();
    text.resize(std::min(had + kStep, most));
    const ssize_t got = read(fd, text.data() + had, text.size() - had);
    text.resize(had + (got > 0 ? got : 0));
    if (got < 0 && errno != EINTR) return Wrong(std::strerror(errno));
    if (got == 0) break;
  }
  return text;
}

constexpr size_t kMostBytes = 8192;  // of a key, or of user and password

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

bool IsControl(char c) { return (c >= 0 && c < ' ') || c == 0x7f; }

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

absl::StatusOr<int> OpenRegularFile(const std::string& path) {
  // Without O_NONBLOCK opening a pipe waits for somebody who writes to it.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return Wrong(std::strerror(errno));
  struct stat info = {};
  if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) return fd;
  close(fd);
  return Wrong(S_ISDIR(info.st_mode) ? "Is a directory" : "is not a regular file");
}

absl::StatusOr<std::string> ReadRegularFile(const std::string& path, size_t most_bytes) {
  const absl::StatusOr<int> fd = OpenRegularFile(path);
  if (!fd.ok()) return fd.status();
  absl::StatusOr<std::string> text = ReadUpTo(*fd, most_bytes + 1);
  close(*fd);
  if (text.ok() && text->size() > most_bytes) {
    return absl::OutOfRangeError(absl::StrCat("has more than ", most_bytes, " bytes"));
  }
  return text;
}

absl::StatusOr<std::string> ReadSecretFile(const SecretFile& file,
                                           std::vector<std::string>* warnings) {
  const auto wrong = [&file](const std::string& what) {
    return absl::InvalidArgumentError(absl::StrCat(file.Source(), ": ", what, "; ", file.advice));
  };
  absl::StatusOr<std::string> text = ReadRegularFile(file.path, file.most_bytes);
  if (!text.ok()) return wrong(std::string(text.status().message()));
  struct stat info = {};
  const bool all_may_read = stat(file.path.c_str(), &info) == 0 && (info.st_mode & S_IROTH) != 0;
  while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
  if (all_may_read) {
    warnings->push_back(file.Source() + ": every user may read it; chmod 0400 is better");
  }
  return text;
}

bool BeginsWithByteOrderMark(std::string_view text) { return text.substr(0, 3) == "\xEF\xBB\xBF"; }

absl::StatusOr<Secret> CheckKey(std::string key, const std::string& source) {
  auto wrong = [&source](const char* what) {
    return absl::InvalidArgumentError(absl::StrCat(source, ": ", what));
  };
  if (key.empty()) return wrong("the key is empty; put the upstream's API key there");
  if (key.size() > kMostBytes) return wrong("the key is over 8 KiB; give the key alone");
  if (IsQuoted(key)) return wrong("the key is in quotes, which would be sent; give the key alone");
  if (IsAssignment(key)) return wrong("NAME= stands before the key; give the key alone");
  if (!IsVisibleAscii(key)) {
    return wrong("the key has a space, a control or a non-ASCII character; give the key alone");
  }
  return Secret(std::move(key));
}

absl::StatusOr<Secret> ReadKeyFile(const std::string& path, std::vector<std::string>* warnings) {
  const SecretFile file{"api_key_file", path, kMostBytes, "give a file that holds the key alone"};
  absl::StatusOr<std::string> text = ReadSecretFile(file, warnings);
  if (!text.ok()) return text.status();
  return CheckKey(*std::move(text), file.Source());
}

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

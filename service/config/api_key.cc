#include "service/config/api_key.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "service/config/files.h"

namespace sparkgate::config {
namespace {

constexpr size_t kMostBytes = 8192;

// Reads at most one byte more than a key may have. Plain descriptors: a stream's buffer would keep
// a second copy of the key somewhere.
absl::StatusOr<std::string> ReadAll(int fd, const std::string& path) {
  std::string text(kMostBytes + 1, '\0');
  size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = read(fd, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return absl::InvalidArgumentError(absl::StrCat(path, ": ", std::strerror(errno)));
    if (got == 0) break;
    size += got;
  }
  text.resize(size);
  return text;
}

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
  const std::string source = "--api_key_file=" + path;
  const absl::StatusOr<int> fd = OpenRegularFile(path);
  if (!fd.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(source, ": ", std::string(fd.status().message()),
                                                   "; give a file that holds the key alone"));
  }
  struct stat info = {};
  const bool all_may_read = fstat(*fd, &info) == 0 && (info.st_mode & S_IROTH) != 0;
  absl::StatusOr<std::string> text = ReadAll(*fd, source);
  close(*fd);
  if (!text.ok()) return text.status();
  while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
  if (all_may_read) warnings->push_back(source + ": every user may read it; chmod 0400 is better");
  return CheckKey(*std::move(text), source);
}

}  // namespace sparkgate::config

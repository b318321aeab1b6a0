#include "service/config/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

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
    return Wrong(absl::StrCat("has more than ", most_bytes, " bytes"));
  }
  return text;
}

}  // namespace sparkgate::config

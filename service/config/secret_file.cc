#include "service/config/secret_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "service/config/files.h"

namespace sparkgate::config {
namespace {

// Reads at most one byte more than the file may have. Plain descriptors: a stream's buffer would
// keep a second copy of the secret somewhere.
absl::StatusOr<std::string> ReadAll(int fd, size_t most_bytes) {
  std::string text(most_bytes + 1, '\0');
  size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = read(fd, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return absl::InvalidArgumentError(std::strerror(errno));
    if (got == 0) break;
    size += got;
  }
  text.resize(size);
  return text;
}

}  // namespace

absl::StatusOr<std::string> ReadSecretFile(const SecretFile& file,
                                           std::vector<std::string>* warnings) {
  const auto wrong = [&file](const std::string& what) {
    return absl::InvalidArgumentError(absl::StrCat(file.Source(), ": ", what, "; ", file.advice));
  };
  const absl::StatusOr<int> fd = OpenRegularFile(file.path);
  if (!fd.ok()) return wrong(std::string(fd.status().message()));
  struct stat info = {};
  const bool all_may_read = fstat(*fd, &info) == 0 && (info.st_mode & S_IROTH) != 0;
  absl::StatusOr<std::string> text = ReadAll(*fd, file.most_bytes);
  close(*fd);
  if (!text.ok()) return wrong(std::string(text.status().message()));
  if (text->size() > file.most_bytes) {
    return wrong(absl::StrCat("is over ", file.most_bytes / 1024, " KiB"));
  }
  while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
  if (all_may_read) {
    warnings->push_back(file.Source() + ": every user may read it; chmod 0400 is better");
  }
  return text;
}

bool BeginsWithByteOrderMark(std::string_view text) { return text.substr(0, 3) == "\xEF\xBB\xBF"; }

}  // namespace sparkgate::config

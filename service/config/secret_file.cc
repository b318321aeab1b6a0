#include "service/config/secret_file.h"

#include <sys/stat.h>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "service/config/files.h"

namespace sparkgate::config {
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

}  // namespace sparkgate::config

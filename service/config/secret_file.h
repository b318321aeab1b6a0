#ifndef SPARKGATE_SERVICE_CONFIG_SECRET_FILE_H_
#define SPARKGATE_SERVICE_CONFIG_SECRET_FILE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace sparkgate::config {

// A setting that names a file with secrets.
struct SecretFile {
  std::string flag;
  std::string path;
  size_t most_bytes = 0;  // a multiple of 1024
  std::string advice;     // what to give instead, for messages

  std::string Source() const { return "--" + flag + "=" + path; }
};

// What stands in the file, without the line ends behind it. A file that every user of the machine
// may read is a warning; one that is no regular file, or too large, is an error. Both name the
// file, never its contents.
absl::StatusOr<std::string> ReadSecretFile(const SecretFile& file,
                                           std::vector<std::string>* warnings);

// UTF-8's byte order mark, which some editors put before a text and do not show.
bool BeginsWithByteOrderMark(std::string_view text);

}  // namespace sparkgate::config

#endif  // SPARKGATE_SERVICE_CONFIG_SECRET_FILE_H_

#ifndef SPARKGATE_SERVICE_CONFIG_SECRETS_H_
#define SPARKGATE_SERVICE_CONFIG_SECRETS_H_

#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace sparkgate::config {

// Text that must not be printed. Whatever prints it prints "redacted"; who needs the text asks for
// it by a name that a reader notices.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}

  const std::string& Reveal() const { return text_; }
  bool empty() const { return text_.empty(); }

  friend std::ostream& operator<<(std::ostream& out, const Secret&) { return out << "redacted"; }
  // For later releases of Abseil; Debian's StrCat refuses the type altogether.
  template <typename Sink>
  friend void AbslStringify(Sink& sink, const Secret&) {
    sink.Append("redacted");
  }

 private:
  std::string text_;
};

// Files that settings name, checked before anything depends on them. The messages say what is wrong
// with the file and do not name it.
// Opens a regular file to be read, or a link to one: a pipe or a device could hold whoever reads it
// for ever. The descriptor is the caller's to close.
absl::StatusOr<int> OpenRegularFile(const std::string& path);

// All of a regular file. OUT_OF_RANGE if it has more than `most_bytes`.
absl::StatusOr<std::string> ReadRegularFile(const std::string& path, size_t most_bytes);

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

// Reads a key from a file and takes the newline at its end away. A file that every user of the
// machine may read is a warning. Errors name the file, never its contents.
absl::StatusOr<Secret> ReadKeyFile(const std::string& path, std::vector<std::string>* warnings);

// Checks that a key can stand in a header. `source` names where it came from, for the message.
absl::StatusOr<Secret> CheckKey(std::string key, const std::string& source);

// What the proxy on the way to the upstream is told of us.
struct ProxyAuth {
  Secret user;      // without a colon; empty only if there is no ProxyAuth
  Secret password;  // may be empty: then the user is a token
};

// Reads `user:password`, one line, from a file. Bytes beyond ASCII are taken as they are, because
// nobody says what a proxy expects; control characters are refused. Errors and warnings name the
// file, never its contents.
absl::StatusOr<ProxyAuth> ReadProxyAuthFile(const std::string& path,
                                            std::vector<std::string>* warnings);

}  // namespace sparkgate::config

#endif  // SPARKGATE_SERVICE_CONFIG_SECRETS_H_

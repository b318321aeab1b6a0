#ifndef SPARKGATE_SERVICE_CONFIG_SECRET_H_
#define SPARKGATE_SERVICE_CONFIG_SECRET_H_

#include <ostream>
#include <string>
#include <utility>

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

}  // namespace sparkgate::config

#endif  // SPARKGATE_SERVICE_CONFIG_SECRET_H_

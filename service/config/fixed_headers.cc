#include "service/config/fixed_headers.h"

#include <algorithm>
#include <map>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "service/config/secrets.h"

namespace sparkgate::config {
namespace {

// The transport's: one connection's, or what frames a message.
constexpr std::string_view kTransport[] = {
    "connection", "content-length",    "expect",           "host",
    "keep-alive", "http2-settings",    "proxy-connection", "proxy-authenticate",
    "te",         "transfer-encoding", "trailer",          "upgrade"};

// What Sparkgate sets itself, or what would contradict it.
constexpr std::string_view kOurs[] = {"accept",       "accept-encoding", "content-encoding",
                                      "content-type", "user-agent",      "x-request-id"};

// What says who is asking: not for callers to decide.
constexpr std::string_view kIdentity[] = {"authorization", "cookie", "proxy-authorization"};

template <typename Names>
bool Has(const Names& names, std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

constexpr size_t kMostBytes = 16 * 1024;
constexpr size_t kMostHeaders = 32;
constexpr size_t kMostNameBytes = 64;
constexpr size_t kMostValueBytes = 8192;
constexpr size_t kMostProblems = 10;

std::string_view Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

bool IsValueByte(char c) { return c == '\t' || (c >= ' ' && c < 0x7f); }

bool IsQuoted(std::string_view value) {
  return value.size() > 1 && (value[0] == '"' || value[0] == '\'') && value.back() == value[0];
}

// "" if there is nothing wrong.
std::string ValueProblem(std::string_view value) {
  if (value.empty()) return "has no value";
  if (value.size() > kMostValueBytes) return "has a value over 8 KiB";
  if (!std::all_of(value.begin(), value.end(), IsValueByte)) {
    return "has a control or a non-ASCII character in its value";
  }
  return "";
}

class Reader {
 public:
  Reader(std::string source, std::string_view key_header, std::vector<std::string>* warnings)
      : source_(std::move(source)), key_header_(key_header), warnings_(warnings) {}

  absl::StatusOr<FixedHeaders> Read(std::string_view text) {
    if (BeginsWithByteOrderMark(text)) {
      return absl::InvalidArgumentError(source_ +
                                        ": begins with a byte order mark; save it without one");
    }
    while (!text.empty() && problems_.size() < kMostProblems) {
      const size_t end = std::min(text.find('\n'), text.size());
      ++number_;
      Line(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    if (headers_.size() > kMostHeaders) {
      problems_.push_back(absl::StrCat(source_, ": holds ", headers_.size(),
                                       " headers; give at most ", kMostHeaders));
    } else if (headers_.empty() && problems_.empty()) {
      problems_.push_back(source_ + ": holds no header; give one Name: value per line");
    }
    if (!problems_.empty()) return absl::InvalidArgumentError(absl::StrJoin(problems_, "\n"));
    return std::move(headers_);
  }

 private:
  void Line(std::string_view line) {
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (Trimmed(line).empty() || line[0] == '#') return;
    if (line[0] == ' ' || line[0] == '\t') {
      return Complain("begins with a space; a header begins its line and is one line");
    }
    const size_t colon = line.find(':');
    // What stands there may be a secret that lost its name.
    if (colon == std::string_view::npos) return Complain("has no colon; give Name: value");
    if (!IsToken(line.substr(0, colon))) {
      return Complain("has no header name before the colon; give Name: value");
    }
    if (colon > kMostNameBytes) return Complain("has a name over 64 characters");
    const std::string_view name = line.substr(0, colon);
    Header(absl::AsciiStrToLower(absl::string_view(name.data(), name.size())),
           Trimmed(line.substr(colon + 1)));
  }

  void Header(std::string name, std::string_view value) {
    const std::string problem = HeaderProblem(name, value);
    if (!problem.empty()) return Complain(absl::StrCat("\"", name, "\" ", problem));
    if (IsQuoted(value)) {
      warnings_->push_back(absl::StrCat(source_, ": line ", number_, ": the value of \"", name,
                                        "\" is in quotes, which are sent"));
    }
    headers_.emplace_back(std::move(name), Secret(std::string(value)));
  }

  std::string HeaderProblem(const std::string& name, std::string_view value) {
    const std::string problem = FixedHeaderProblem(name);
    if (!problem.empty()) return problem;
    if (name == key_header_) {
      return "takes the API key (--upstream_auth_header); give another name, or --no_api_key";
    }
    const auto [first, is_new] = lines_.emplace(name, number_);
    if (!is_new) return absl::StrCat("stands in line ", first->second, " already; give it once");
    return ValueProblem(value);
  }

  void Complain(std::string_view what) {
    problems_.push_back(absl::StrCat(source_, ": line ", number_, ": ", std::string(what)));
  }

  const std::string source_;
  const std::string_view key_header_;
  std::vector<std::string>* const warnings_;
  int number_ = 0;
  FixedHeaders headers_;
  std::map<std::string, int> lines_;  // where a name stood first
  std::vector<std::string> problems_;
};

}  // namespace

bool IsToken(std::string_view name) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kOthers.find(c) != std::string_view::npos;
  });
}

std::string CallerHeaderProblem(std::string_view name) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
  if (name.empty() || name.find_first_not_of(kAllowed) != std::string_view::npos) {
    return "is no header name in lower case; give names such as x-session-affinity";
  }
  if (name.rfind("grpc-", 0) == 0) return "is gRPC's own; it cannot be passed on";
  if (name.size() > 4 && name.substr(name.size() - 4) == "-bin") {
    return "is binary for gRPC; give a name that does not end in -bin";
  }
  if (Has(kTransport, name) || Has(kOurs, name) || Has(kIdentity, name)) {
    return "is set by the transport or by Sparkgate; it cannot be passed on";
  }
  return "";
}

std::string FixedHeaderProblem(std::string_view name) {
  if (!IsToken(name)) return "is no header name";
  if (name == "proxy-authorization") {
    return "is the proxy's; give user and password by --upstream_proxy_auth_file";
  }
  if (Has(kTransport, name)) return "is set by the transport; it cannot be given";
  if (Has(kOurs, name)) return "is set by Sparkgate; it cannot be given";
  return "";
}

absl::StatusOr<FixedHeaders> ReadHeaderFile(const std::string& path, std::string_view key_header,
                                            std::vector<std::string>* warnings) {
  const SecretFile file{"upstream_header_file", path, kMostBytes,
                        "give a file with one Name: value per line"};
  const absl::StatusOr<std::string> text = ReadSecretFile(file, warnings);
  if (!text.ok()) return text.status();
  return Reader(file.Source(), key_header, warnings).Read(*text);
}

}  // namespace sparkgate::config

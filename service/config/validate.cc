#include "service/config/validate.h"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "service/config/certificates.h"
#include "service/config/header_names.h"
#include "service/config/url.h"

namespace sparkgate::config {
namespace {

using std::chrono::milliseconds;

constexpr int64_t kSecond = 1000;
constexpr int64_t kMinute = 60 * kSecond;
constexpr int64_t kHour = 60 * kMinute;
constexpr uint64_t kKiB = 1 << 10;
constexpr uint64_t kMiB = 1 << 20;

class Validator {
 public:
  explicit Validator(const Settings& settings) : settings_(settings), in_(settings.values) {}

  absl::StatusOr<Config> Run() {
    Server();
    Upstream();
    Call();
    Process();
    if (!problems_.empty()) return absl::InvalidArgumentError(absl::StrJoin(problems_, "\n"));
    return std::move(out_);
  }

 private:
  void Server() {
    absl::StatusOr<HostPort> listen = ParseHostPort(in_.listen());
    if (listen.ok()) {
      out_.listen = *listen;
    } else {
      Complain("listen", Quoted(in_.listen(), listen.status()));
    }
    out_.tls_cert_file = in_.tls_cert_file();
    out_.tls_key_file = in_.tls_key_file();
    if (in_.tls_cert_file().empty() != in_.tls_key_file().empty()) {
      const bool no_key = in_.tls_key_file().empty();
      Complain(no_key ? "tls_cert_file" : "tls_key_file",
               absl::StrCat("is given without ", no_key ? "tls_key_file" : "tls_cert_file",
                            "; give both, or neither for plain text"));
    }
    if (!in_.tls_cert_file().empty()) KeyPair();
    out_.reflection = in_.reflection();
    out_.debug_service = in_.debug_service();
    out_.loops = Count("loops", in_.loops(), 64);
    out_.max_calls = Count("max_calls", in_.max_calls(), 1000000);
    out_.max_connections = Count("max_connections", in_.max_connections(), 1000000);
    out_.request_timeout = Time("request_timeout", in_.request_timeout(), 1, kHour);
    out_.max_connection_age =
        Time("max_connection_age", in_.max_connection_age(), 0, 7 * 24 * kHour);
    out_.max_receive_bytes = Size("max_receive_bytes", in_.max_receive_bytes(), kKiB, 1024 * kMiB);
  }

  void KeyPair() {
    const absl::StatusOr<CertificateChain> chain = ReadCertificateChain(in_.tls_cert_file());
    if (!IsGood("tls_cert_file", in_.tls_cert_file(), chain.status())) return;
    const std::string problem = ValidityProblem(*chain, absl::Now());
    if (!problem.empty()) {
      out_.warnings.push_back(absl::StrCat(Where("tls_cert_file"), ": ", in_.tls_cert_file(),
                                           ": the certificate ", problem, "; callers refuse it"));
    }
    if (in_.tls_key_file().empty()) return;
    IsGood("tls_key_file", in_.tls_key_file(), ReadPrivateKey(in_.tls_key_file(), *chain).status());
  }

  void Upstream() {
    Check("upstream_url", in_.upstream_url(), CheckUpstreamUrl(in_.upstream_url()));
    out_.upstream_url = in_.upstream_url();
    while (!out_.upstream_url.empty() && out_.upstream_url.back() == '/') {
      out_.upstream_url.pop_back();
    }
    if (IsPlainRemote(out_.upstream_url)) {
      out_.warnings.push_back(absl::StrCat(Where("upstream_url"),
                                           ": plain http to another machine: the key and all "
                                           "prompts can be read on the way"));
    }
    if (!in_.upstream_proxy().empty()) {
      Check("upstream_proxy", PrintableUrl(in_.upstream_proxy()),
            CheckProxyUrl(in_.upstream_proxy()));
    }
    out_.upstream_proxy = in_.upstream_proxy();
    ProxyAuth();
    if (!in_.ca_file().empty()) IsGood("ca_file", in_.ca_file(), CheckCertificates(in_.ca_file()));
    out_.ca_file = in_.ca_file();
    out_.dns_refresh = Time("dns_refresh", in_.dns_refresh(), kSecond, kHour);
    out_.include_usage = in_.include_usage();
    AuthHeader();
    out_.echo_extra = in_.echo_extra();
    out_.reasoning_field = in_.reasoning_field();
    if (out_.reasoning_field != "reasoning_content" && out_.reasoning_field != "reasoning") {
      Complain("reasoning_field",
               absl::StrCat("\"", out_.reasoning_field.substr(0, 40),
                            "\" is unknown; give reasoning_content or reasoning"));
    }
    Headers();
  }

  void Call() {
    out_.connect_timeout = Time("connect_timeout", in_.connect_timeout(), 1, 5 * kMinute);
    out_.first_content_timeout =
        Time("first_content_timeout", in_.first_content_timeout(), 1, 24 * kHour);
    out_.content_gap_timeout =
        Time("content_gap_timeout", in_.content_gap_timeout(), 1, 24 * kHour);
    out_.heartbeat = Time("heartbeat", in_.heartbeat(), 0, kHour);
    out_.end_grace = Time("end_grace", in_.end_grace(), 1, kHour);
    out_.idle_timeout = Time("idle_timeout", in_.idle_timeout(), 1, 24 * kHour);
    out_.max_call_time = Time("max_call_time", in_.max_call_time(), 1, 24 * kHour);
    out_.reader_stall_timeout =
        Time("reader_stall_timeout", in_.reader_stall_timeout(), 1, 24 * kHour);
    out_.outbox_bytes = Size("outbox_bytes", in_.outbox_bytes(), kKiB, 64 * kMiB);
    out_.max_event_bytes = Size("max_event_bytes", in_.max_event_bytes(), kKiB, 64 * kMiB);
    out_.max_chat_body_bytes =
        Size("max_chat_body_bytes", in_.max_chat_body_bytes(), kKiB, 1024 * kMiB);
    out_.max_request_elements = in_.max_request_elements();
    if (out_.max_request_elements < 1 || out_.max_request_elements > 10'000'000) {
      Complain("max_request_elements",
               absl::StrCat(in_.max_request_elements(), " is out of range; give 1 to 10000000"));
    }
  }

  void Process() {
    out_.drain_delay = Time("drain_delay", in_.drain_delay(), 0, 10 * kMinute);
    out_.drain_grace = Time("drain_grace", in_.drain_grace(), 0, 24 * kHour);
    if (std::optional<telemetry::Level> level = telemetry::ParseLevel(in_.log_level())) {
      out_.log_level = *level;
    } else {
      Complain("log_level", absl::StrCat("\"", in_.log_level(),
                                         "\" is no level; give debug, info, warning or error"));
    }
    out_.allow_core = in_.allow_core();
  }

  // The file itself is read with the other secrets (flags.cc).
  void ProxyAuth() {
    if (in_.upstream_proxy_auth_file().empty()) return;
    if (in_.upstream_proxy().empty()) {
      return Complain("upstream_proxy_auth_file",
                      "is given without upstream_proxy; give both, or neither for no proxy");
    }
    if (IsPlainRemote(in_.upstream_proxy())) {
      out_.warnings.push_back(absl::StrCat(Where("upstream_proxy"),
                                           ": plain http to a proxy on another machine: its user "
                                           "and password can be read on the way"));
    }
  }

  void AuthHeader() {
    out_.upstream_auth_header = absl::AsciiStrToLower(in_.upstream_auth_header());
    if (out_.upstream_auth_header == "authorization") return;
    const std::string problem = CallerHeaderProblem(out_.upstream_auth_header);
    if (!problem.empty()) Complain("upstream_auth_header", problem);
  }

  void Headers() {
    std::set<std::string> seen;
    for (const std::string& name : in_.header_allow_list().values()) {
      std::string problem = CallerHeaderProblem(name);
      if (problem.empty() && name == out_.upstream_auth_header && !in_.no_api_key()) {
        problem = "takes the API key (--upstream_auth_header): a caller could replace it";
      }
      if (!problem.empty()) {
        Complain("header_allow_list", absl::StrCat("\"", name.substr(0, 64), "\" ", problem));
      } else if (seen.insert(name).second) {
        out_.header_allow_list.push_back(name);
      }
    }
  }

  int Count(const char* name, int value, int most) {
    if (value < 0 || value > most) {
      Complain(name, absl::StrCat(value, " is out of range; give 0 (automatic) to ", most));
    }
    return value;
  }

  size_t Size(const char* name, uint64_t value, uint64_t least, uint64_t most) {
    if (value < least || value > most) {
      Complain(name, absl::StrCat(TextOf(in_, name), " is out of range; give ", least / kKiB,
                                  "KiB to ", most / kMiB, "MiB"));
    }
    return value;
  }

  milliseconds Time(const char* name, const google::protobuf::Duration& value, int64_t least,
                    int64_t most) {
    // Not in milliseconds at once: the seconds may be too many to multiply.
    const bool far = value.seconds() > most / kSecond || value.seconds() < 0;
    const int64_t ms = far ? -1 : value.seconds() * kSecond + value.nanos() / 1000000;
    if (value.nanos() < 0 || ms < least || ms > most) {
      Complain(name, absl::StrCat(TextOf(in_, name), " is out of range; give ", Short(least),
                                  " to ", Short(most)));
    }
    return milliseconds(ms);
  }

  static std::string Short(int64_t ms) {
    if (ms % kHour == 0 && ms > 0) return absl::StrCat(ms / kHour, "h");
    if (ms % kMinute == 0 && ms > 0) return absl::StrCat(ms / kMinute, "m");
    if (ms % kSecond == 0) return absl::StrCat(ms / kSecond, "s");
    return absl::StrCat(ms, "ms");
  }

  bool IsGood(const char* name, const std::string& path, const absl::Status& status) {
    if (!status.ok()) {
      Complain(name, absl::StrCat(path, ": ", std::string(status.message()),
                                  "; give a readable PEM file"));
    }
    return status.ok();
  }

  void Check(const char* name, const std::string& shown, const absl::Status& status) {
    if (!status.ok()) Complain(name, Quoted(PrintableUrl(shown), status));
  }

  static std::string Quoted(const std::string& text, const absl::Status& status) {
    return absl::StrCat("\"", text, "\" ", status.message());
  }

  std::string Where(const std::string& name) const {
    const auto found = settings_.origins.find(name);
    return found == settings_.origins.end() ? name : found->second;
  }

  void Complain(const char* name, const std::string& what) {
    problems_.push_back(absl::StrCat(Where(name), ": ", what));
  }

  const Settings& settings_;
  const v1::Config& in_;
  Config out_;
  std::vector<std::string> problems_;
};

}  // namespace

absl::StatusOr<Config> Validate(const Settings& settings) { return Validator(settings).Run(); }

}  // namespace sparkgate::config

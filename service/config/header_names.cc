#include "service/config/header_names.h"

#include <algorithm>

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

}  // namespace sparkgate::config

#include "service/upstream/request_headers.h"

#include <algorithm>

#include "base/text.h"

namespace sparkgate::upstream {
namespace {

bool IsName(std::string_view name) {
  return !name.empty() && IsVisibleAscii(name) && name.find(':') == std::string_view::npos;
}

HeaderList AllHeaders(const Request& request, const std::string& api_key,
                      const std::string& auth_header, const HeaderList& fixed) {
  HeaderList headers = fixed;
  const auto add = [&headers](std::string name, std::string value) {
    if (FindHeader(headers, name) == nullptr)
      headers.emplace_back(std::move(name), std::move(value));
  };
  for (const auto& [name, value] : request.headers) add(name, value);
  const bool bearer = auth_header == "authorization";
  if (!api_key.empty()) add(auth_header, (bearer ? "Bearer " : "") + api_key);
  if (!request.body.empty()) add("content-type", "application/json");
  add("accept", request.event_stream ? "text/event-stream" : "application/json");
  add("accept-encoding", "identity");
  return headers;
}

}  // namespace

bool IsHeaderValue(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

absl::StatusOr<HeaderSlist> BuildHeaders(const Request& request, const std::string& api_key,
                                         const std::string& auth_header, const HeaderList& fixed) {
  HeaderSlist list;
  for (const auto& [name, value] : AllHeaders(request, api_key, auth_header, fixed)) {
    if (!IsName(name)) return absl::InvalidArgumentError("a request header's name is not a token");
    if (!IsHeaderValue(value)) {
      return absl::InvalidArgumentError("control byte in the request header " + name);
    }
    // libcurl's way of sending a header without a value.
    list.Append(value.empty() ? name + ";" : name + ": " + value);
  }
  list.Append("Expect:");  // libcurl adds it to large bodies and then waits a second
  return list;
}

}  // namespace sparkgate::upstream

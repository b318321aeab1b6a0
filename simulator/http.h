// HTTP/1.1 and SSE: a parsed request, and the bytes of responses. Responses are written as text
// first, so that a fault can cut them at any byte.
#ifndef SPARKGATE_SIMULATOR_HTTP_H_
#define SPARKGATE_SIMULATOR_HTTP_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sparkgate::simulator {

using Fields = std::vector<std::pair<std::string, std::string>>;

// A complete request.
struct HttpRequest {
  std::string method;
  std::string target;
  Fields fields;  // Names in lower case.
  std::string body;
  bool keep_alive = true;

  // The first field of this name (lower case); empty if there is none.
  std::string_view Field(std::string_view name) const {
    for (const auto& [key, value] : fields) {
      if (key == name) return value;
    }
    return {};
  }
};

// Status line, fields and the empty line.
std::string HeadText(int status, const Fields& fields);

// A whole response with Content-Length.
std::string ResponseText(int status, Fields fields, std::string_view body);

// One chunk of chunked transfer coding, and the end of it.
std::string HttpChunk(std::string_view data);
std::string LastHttpChunk(const Fields& trailers = {});

// data: …, and the empty line.
std::string SseEvent(std::string_view data);

// A valid gzip stream that compresses nothing.
std::string GzipText(std::string_view data);

}  // namespace sparkgate::simulator

#endif  // SPARKGATE_SIMULATOR_HTTP_H_

// The bytes of HTTP/1.1 and SSE. Everything is written as text first, so that a fault can cut it
// wherever it wants.
#ifndef SPARKGATE_SIMULATOR_WIRE_H_
#define SPARKGATE_SIMULATOR_WIRE_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sparkgate::simulator {

using Fields = std::vector<std::pair<std::string, std::string>>;

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

#endif  // SPARKGATE_SIMULATOR_WIRE_H_

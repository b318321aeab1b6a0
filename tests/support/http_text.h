#ifndef SPARKGATE_TESTS_SUPPORT_HTTP_TEXT_H_
#define SPARKGATE_TESTS_SUPPORT_HTTP_TEXT_H_

#include <string>
#include <string_view>
#include <vector>

namespace sparkgate::support {

// The bytes of responses, whole or in parts. `extra_headers` are whole lines, each ending in CRLF.

std::string Head(int status, std::string_view extra_headers);

// A head that announces chunks: `SendChunk` and `SendLastChunk` carry on.
std::string SseHead(std::string_view extra_headers = "");
std::string ChunkedHead(std::string_view content_type, std::string_view extra_headers = "");

std::string Chunk(std::string_view data);
std::string LastChunk(std::string_view trailers = "");

// `data: …` and the blank line.
std::string SseEvent(std::string_view data);

// A whole chunked answer, one chunk per event, then `[DONE]`.
std::string SseResponse(const std::vector<std::string>& events, bool done = true);

// A whole answer with Content-Length.
std::string JsonResponse(std::string_view body, int status = 200,
                         std::string_view extra_headers = "");

}  // namespace sparkgate::support

#endif  // SPARKGATE_TESTS_SUPPORT_HTTP_TEXT_H_

#include "tests/support/http_text.h"

#include <cstdio>

namespace sparkgate::support {

std::string Head(int status, std::string_view extra_headers) {
  std::string head = "HTTP/1.1 " + std::to_string(status) + " Scripted\r\n";
  head += extra_headers;
  head += "\r\n";
  return head;
}

std::string ChunkedHead(std::string_view content_type, std::string_view extra_headers) {
  std::string headers = "Content-Type: ";
  headers += content_type;
  headers += "\r\nTransfer-Encoding: chunked\r\n";
  headers += extra_headers;
  return Head(200, headers);
}

std::string SseHead(std::string_view extra_headers) {
  return ChunkedHead("text/event-stream", extra_headers);
}

std::string Chunk(std::string_view data) {
  char size[32];
  std::snprintf(size, sizeof(size), "%zx\r\n", data.size());
  std::string chunk = size;
  chunk += data;
  chunk += "\r\n";
  return chunk;
}

std::string LastChunk(std::string_view trailers) {
  std::string last = "0\r\n";
  last += trailers;
  last += "\r\n";
  return last;
}

std::string SseEvent(std::string_view data) {
  std::string event = "data: ";
  event += data;
  event += "\n\n";
  return event;
}

std::string SseResponse(const std::vector<std::string>& events, bool done) {
  std::string response = SseHead();
  for (const std::string& event : events) response += Chunk(SseEvent(event));
  if (done) response += Chunk(SseEvent("[DONE]"));
  return response + LastChunk();
}

std::string JsonResponse(std::string_view body, int status, std::string_view extra_headers) {
  std::string headers = "Content-Type: application/json\r\nContent-Length: ";
  headers += std::to_string(body.size());
  headers += "\r\n";
  headers += extra_headers;
  std::string response = Head(status, headers);
  response += body;
  return response;
}

}  // namespace sparkgate::support

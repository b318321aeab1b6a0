#include "simulator/http.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/chunk_encode.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/crc.hpp>
#include <cstdint>
#include <sstream>

namespace sparkgate::simulator {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

template <typename Buffers>
std::string ToString(const Buffers& buffers) {
  std::string text(asio::buffer_size(buffers), '\0');
  asio::buffer_copy(asio::buffer(text), buffers);
  return text;
}

void AppendLittleEndian(uint32_t value, int bytes, std::string* out) {
  for (int i = 0; i < bytes; ++i) out->push_back(static_cast<char>((value >> (8 * i)) & 0xFF));
}

}  // namespace

std::string HeadText(int status, const Fields& fields) {
  http::response<http::empty_body> response;
  response.version(11);
  response.result(static_cast<unsigned>(status));
  for (const auto& [name, value] : fields) response.insert(name, value);
  std::ostringstream text;
  text << response.base();
  return text.str();
}

std::string ResponseText(int status, Fields fields, std::string_view body) {
  fields.emplace_back("content-length", std::to_string(body.size()));
  return HeadText(status, fields) + std::string(body);
}

std::string HttpChunk(std::string_view data) {
  return ToString(http::make_chunk(asio::buffer(data.data(), data.size())));
}

std::string LastHttpChunk(const Fields& trailers) {
  http::fields fields;
  for (const auto& [name, value] : trailers) fields.insert(name, value);
  return ToString(http::make_chunk_last(fields));
}

std::string SseEvent(std::string_view data) { return "data: " + std::string(data) + "\n\n"; }

std::string GzipText(std::string_view data) {
  constexpr size_t kMostStored = 65'535;
  std::string out("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff", 10);
  std::string_view rest = data;
  do {
    const std::string_view part = rest.substr(0, kMostStored);
    rest.remove_prefix(part.size());
    out.push_back(rest.empty() ? 1 : 0);
    AppendLittleEndian(static_cast<uint32_t>(part.size()), 2, &out);
    AppendLittleEndian(~static_cast<uint32_t>(part.size()), 2, &out);
    out += part;
  } while (!rest.empty());
  boost::crc_32_type crc;
  crc.process_bytes(data.data(), data.size());
  AppendLittleEndian(crc.checksum(), 4, &out);
  AppendLittleEndian(static_cast<uint32_t>(data.size()), 4, &out);
  return out;
}

}  // namespace sparkgate::simulator

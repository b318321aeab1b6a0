#include "service/upstream/response_head.h"

#include <cctype>
#include <charconv>
#include <string>

namespace sparkgate::upstream {
namespace {

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return "";
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

// `HTTP/1.1 200 OK`: 200.
int StatusOf(std::string_view line) {
  const size_t space = line.find(' ');
  int status = 0;
  if (space == std::string_view::npos) return status;
  std::from_chars(line.data() + space + 1, line.data() + line.size(), status);
  return status;
}

bool HasNoBody(int status) { return status == 101 || status == 204 || status == 304; }

}  // namespace

ResponseHead::Event ResponseHead::OnLine(std::string_view line) {
  bytes_ += line.size();
  if (bytes_ > max_bytes_) return Event::kTooLarge;
  if (complete_) return Event::kNothing;  // a trailer
  if (line.substr(0, 5) == "HTTP/") {
    head_ = Head();
    framed_ = false;
    refusal_.clear();
    length_.clear();
    http_1_0_ = line.substr(0, 8) == "HTTP/1.0";
    head_.status = StatusOf(line);
    return Event::kNothing;
  }
  if (Trimmed(line).empty()) return OnEnd();
  OnField(line);
  return Event::kNothing;
}

ResponseHead::Event ResponseHead::OnEnd() {
  const bool interim = head_.status >= 100 && head_.status < 200 && head_.status != 101;
  if (interim) return Event::kNothing;
  if (!refusal_.empty()) return Event::kRefused;
  complete_ = true;
  framed_ = framed_ || HasNoBody(head_.status);
  return Event::kComplete;
}

void ResponseHead::OnField(std::string_view line) {
  if (line.front() == ' ' || line.front() == '\t') {  // an old folded value goes on
    if (!head_.headers.empty()) head_.headers.back().second.append(" ").append(Trimmed(line));
    return;
  }
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return;
  std::string name = LowerCase(Trimmed(line.substr(0, colon)));
  const std::string_view value = Trimmed(line.substr(colon + 1));
  if (name == "transfer-encoding") {
    framed_ = true;
    if (LowerCase(value) != "chunked") refusal_ = "a transfer encoding other than chunked";
  }
  if (name == "content-length") OnContentLength(value);
  head_.headers.emplace_back(std::move(name), std::string(value));
}

// A list with the same length several times is one length.
void ResponseHead::OnContentLength(std::string_view value) {
  while (true) {
    const size_t comma = value.find(',');
    const std::string length(Trimmed(value.substr(0, comma)));
    if (length_.empty()) length_ = length;
    if (length != length_) refusal_ = "two lengths that differ";
    if (comma == std::string_view::npos) return;
    value.remove_prefix(comma + 1);
  }
}

}  // namespace sparkgate::upstream

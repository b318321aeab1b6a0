#include "base/json_writer.h"

#include <array>
#include <charconv>

#include "base/json_text.h"

namespace sparkgate {
namespace {

bool NeedsEscape(char c) { return IsControl(c) || c == '"' || c == '\\'; }

void AppendEscaped(char c, std::string* out) {
  switch (c) {
    case '"':
      out->append("\\\"");
      return;
    case '\\':
      out->append("\\\\");
      return;
    case '\n':
      out->append("\\n");
      return;
    case '\r':
      out->append("\\r");
      return;
    case '\t':
      out->append("\\t");
      return;
    default:
      AppendUnicodeEscape(c, out);
  }
}

template <typename Number>
void AppendNumber(Number value, std::string* out) {
  std::array<char, 32> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  out->append(text.data(), end);
}

// How many bytes AppendJsonEscaped appends for `text`.
size_t EscapedSize(std::string_view text) {
  size_t size = text.size();
  for (const char c : text) {
    const bool short_escape = c == '"' || c == '\\' || c == '\n' || c == '\r' || c == '\t';
    size += short_escape ? 1 : (IsControl(c) ? kUnicodeEscapeLength - 1 : 0);
  }
  return size;
}

}  // namespace

void AppendJsonEscaped(std::string_view text, std::string* out) {
  size_t plain = 0;  // start of what needs no escape: most strings are one such run
  for (size_t i = 0; i < text.size(); ++i) {
    if (!NeedsEscape(text[i])) continue;
    out->append(text, plain, i - plain);
    AppendEscaped(text[i], out);
    plain = i + 1;
  }
  out->append(text, plain, text.size() - plain);
}

void JsonWriter::Separate() {
  if (separate_) out_.push_back(',');
  separate_ = true;
}

void JsonWriter::Open(char bracket) {
  Separate();
  out_.push_back(bracket);
  separate_ = false;
}

void JsonWriter::Close(char bracket) {
  out_.push_back(bracket);
  separate_ = true;
}

// Long strings are measured before they are written: a control character becomes six.
bool JsonWriter::Fits(std::string_view value) {
  constexpr size_t kLong = 64 << 10;
  const size_t size = value.size() > kLong ? EscapedSize(value) : value.size();
  over_limit_ = over_limit_ || out_.size() + size > limit_;
  return !over_limit_;
}

void JsonWriter::AppendQuoted(std::string_view value) {
  if (!Fits(value)) return;
  out_.push_back('"');
  AppendJsonEscaped(value, &out_);
  out_.push_back('"');
}

void JsonWriter::Key(std::string_view key) {
  Separate();
  AppendQuoted(key);
  out_.push_back(':');
  separate_ = false;
}

void JsonWriter::String(std::string_view value) {
  Separate();
  AppendQuoted(value);
}

void JsonWriter::Integer(int64_t value) {
  Separate();
  AppendNumber(value, &out_);
}

void JsonWriter::Double(double value) {
  Separate();
  AppendNumber(value, &out_);
}

void JsonWriter::Bool(bool value) { Raw(value ? "true" : "false"); }

void JsonWriter::Raw(std::string_view json) {
  Separate();
  if (out_.size() + json.size() > limit_) over_limit_ = true;
  if (!over_limit_) out_.append(json);
}

void JsonWriter::RawMember(std::string_view key, std::string_view value) {
  Raw(key);
  out_.push_back(':');
  separate_ = false;
  Raw(value);
}

std::string* JsonWriter::BeginPieces() {
  Separate();
  out_.push_back('"');
  return &out_;
}

void JsonWriter::EndPieces() { out_.push_back('"'); }

}  // namespace sparkgate

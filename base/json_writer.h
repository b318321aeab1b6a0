#ifndef SPARKGATE_BASE_JSON_WRITER_H_
#define SPARKGATE_BASE_JSON_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

namespace sparkgate {

// Appends `text` with JSON's escapes, without quotes.
void AppendJsonEscaped(std::string_view text, std::string* out);

// Appends JSON to a string. Nothing that is written is touched again, so raw JSON can be spliced in
// byte for byte and members keep their order. Unchecked: the caller balances brackets and pairs
// keys with values; strings must be valid UTF-8, doubles finite.
class JsonWriter {
 public:
  JsonWriter() = default;
  // Writes at most `limit` bytes, give or take the brackets and keys of one value; beyond it, the
  // text is not JSON any more. `expected`: bytes to reserve at once.
  JsonWriter(size_t expected, size_t limit) : limit_(limit) { out_.reserve(expected); }
  bool over_limit() const { return over_limit_; }

  void BeginObject() { Open('{'); }
  void EndObject() { Close('}'); }
  void BeginArray() { Open('['); }
  void EndArray() { Close(']'); }

  void Key(std::string_view key);

  void String(std::string_view value);
  void Integer(int64_t value);
  void Double(double value);  // the shortest text that reads back as the same value
  void Bool(bool value);
  // A whole JSON value, or members of an object without its braces; not empty.
  void Raw(std::string_view json);
  // A member whose key, with its quotes, and value are JSON text.
  void RawMember(std::string_view key, std::string_view value);

  // For a long string value that is produced in pieces, which must be escaped already. Append them
  // to the returned string, which is the output, then call EndPieces.
  std::string* BeginPieces();
  void EndPieces();

  const std::string& text() const { return out_; }
  std::string Take() { return std::move(out_); }

 private:
  void Open(char bracket);
  void Close(char bracket);
  void Separate();
  void AppendQuoted(std::string_view value);
  bool Fits(std::string_view value);

  std::string out_;
  size_t limit_ = std::numeric_limits<size_t>::max();
  bool over_limit_ = false;
  bool separate_ = false;  // the next value needs a comma before it
};

}  // namespace sparkgate

#endif  // SPARKGATE_BASE_JSON_WRITER_H_

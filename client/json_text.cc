#include "client/json_text.h"

#include <algorithm>
#include <cstdint>

#include "base/text.h"

namespace sparkgate::client {
namespace {

constexpr int kMostDepth = 64;

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// -1: not a hexadecimal digit.
int HexOf(char c) {
  if (IsDigit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Walks over JSON text; every function ends behind what it is named after, or returns false with
// the place of the fault in at().
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  size_t at() const { return at_; }
  bool AtEnd() const { return at_ == text_.size(); }
  char Peek() const { return AtEnd() ? '\0' : text_[at_]; }
  const char* problem() const { return problem_; }

  void Space() {
    while (!AtEnd() && IsSpace(text_[at_])) ++at_;
  }
  bool Eat(char c) {
    if (AtEnd() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool Value(int depth = 0) {
    switch (Peek()) {
      case '{':
        return Object(depth + 1);
      case '[':
        return Array(depth + 1);
      case '"':
        return String();
      case 't':
        return Word("true");
      case 'f':
        return Word("false");
      case 'n':
        return Word("null");
      default:
        return Number();
    }
  }

  bool String() {
    if (!Eat('"')) return Fail("a string in double quotes is expected");
    while (!AtEnd()) {
      const char c = text_[at_];
      if (static_cast<unsigned char>(c) < 0x20) return Fail("a control character in a string");
      if (c == '\\') {
        if (!Escape()) return false;
        continue;
      }
      ++at_;
      if (c == '"') return true;
    }
    return Fail("the string has no end");
  }

 private:
  bool Fail(const char* problem) {
    if (problem_ == nullptr) problem_ = problem;
    return false;
  }

  bool Escape() {
    ++at_;
    if (std::string_view("\"\\/bfnrt").find(Peek()) != std::string_view::npos && !AtEnd()) {
      ++at_;
      return true;
    }
    if (!Eat('u')) return Fail("an unknown escape in a string");
    for (int i = 0; i < 4; ++i, ++at_) {
      if (HexOf(Peek()) < 0) return Fail("\\u wants four hexadecimal digits");
    }
    return true;
  }

  bool Word(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return Fail("a JSON value is expected");
    at_ += word.size();
    return true;
  }

  bool Digits() {
    if (!IsDigit(Peek())) return Fail("a digit is expected");
    while (IsDigit(Peek())) ++at_;
    return true;
  }

  bool Number() {
    if (Peek() != '-' && !IsDigit(Peek())) return Fail("a JSON value is expected");
    Eat('-');
    if (!Eat('0') && !Digits()) return false;
    if (Eat('.') && !Digits()) return false;
    if (!Eat('e') && !Eat('E')) return true;
    if (!Eat('+')) Eat('-');
    return Digits();
  }

  bool Object(int depth) {
    if (depth > kMostDepth) return Fail("nested more than 64 deep");
    Eat('{');
    Space();
    if (Eat('}')) return true;
    do {
      Space();
      if (!String()) return false;
      Space();
      if (!Eat(':')) return Fail("a colon is expected");
      Space();
      if (!Value(depth)) return false;
      Space();
    } while (Eat(','));
    return Eat('}') || Fail("a comma or } is expected");
  }

  bool Array(int depth) {
    if (depth > kMostDepth) return Fail("nested more than 64 deep");
    Eat('[');
    Space();
    if (Eat(']')) return true;
    do {
      Space();
      if (!Value(depth)) return false;
      Space();
    } while (Eat(','));
    return Eat(']') || Fail("a comma or ] is expected");
  }

  const std::string_view text_;
  size_t at_ = 0;
  const char* problem_ = nullptr;
};

std::string PlaceOf(std::string_view text, size_t at) {
  const std::string_view before = text.substr(0, at);
  const size_t line = 1 + std::count(before.begin(), before.end(), '\n');
  const size_t start = before.rfind('\n');
  const size_t column = start == std::string_view::npos ? at + 1 : at - start;
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

uint32_t UnitAt(std::string_view text, size_t at) {
  uint32_t unit = 0;
  for (size_t i = 0; i < 4; ++i) unit = unit * 16 + HexOf(text[at + i]);
  return unit;
}

char PlainEscape(char c) {
  switch (c) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return c;
  }
}

// Reads the \u escape whose `u` is at `*at` (with the second half of a pair) and goes behind it.
bool AppendUnicode(std::string_view text, size_t* at, std::string* out) {
  uint32_t point = UnitAt(text, *at + 1);
  *at += 5;
  if (point >= 0xDC00 && point <= 0xDFFF) return false;
  if (point >= 0xD800 && point <= 0xDBFF) {
    if (text.substr(*at, 2) != "\\u") return false;
    const uint32_t low = UnitAt(text, *at + 2);
    if (low < 0xDC00 || low > 0xDFFF) return false;
    point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
    *at += 6;
  }
  AppendCodePoint(point, out);
  return true;
}

}  // namespace

absl::Status CheckJson(std::string_view text) {
  if (!IsValidUtf8(text)) return absl::InvalidArgumentError("this is not UTF-8 text");
  Scanner scanner(text);
  scanner.Space();
  bool good = scanner.Value();
  scanner.Space();
  const char* problem = scanner.problem();
  if (good && !scanner.AtEnd()) {
    good = false;
    problem = "nothing more is expected after the JSON value";
  }
  if (good) return absl::OkStatus();
  return absl::InvalidArgumentError(PlaceOf(text, scanner.at()) + ": " + problem);
}

std::string_view TrimJson(std::string_view value) {
  while (!value.empty() && IsSpace(value.front())) value.remove_prefix(1);
  while (!value.empty() && IsSpace(value.back())) value.remove_suffix(1);
  return value;
}

JsonKind KindOf(std::string_view value) {
  value = TrimJson(value);
  switch (value.empty() ? '\0' : value.front()) {
    case '{':
      return JsonKind::kObject;
    case '[':
      return JsonKind::kArray;
    case '"':
      return JsonKind::kString;
    case 't':
    case 'f':
      return JsonKind::kBool;
    case 'n':
      return JsonKind::kNull;
    default:
      return JsonKind::kNumber;
  }
}

std::vector<JsonMember> MembersOf(std::string_view object) {
  object = TrimJson(object);
  std::vector<JsonMember> members;
  Scanner scanner(object);
  scanner.Eat('{');
  scanner.Space();
  while (scanner.Peek() == '"') {
    const size_t key = scanner.at();
    scanner.String();
    const size_t key_end = scanner.at();
    scanner.Space();
    scanner.Eat(':');
    scanner.Space();
    const size_t value = scanner.at();
    scanner.Value();
    members.push_back(
        {object.substr(key, key_end - key), object.substr(value, scanner.at() - value)});
    scanner.Space();
    scanner.Eat(',');
    scanner.Space();
  }
  return members;
}

std::vector<std::string_view> ElementsOf(std::string_view array) {
  array = TrimJson(array);
  std::vector<std::string_view> elements;
  Scanner scanner(array);
  scanner.Eat('[');
  scanner.Space();
  while (!scanner.AtEnd() && scanner.Peek() != ']') {
    const size_t value = scanner.at();
    if (!scanner.Value()) break;
    elements.push_back(array.substr(value, scanner.at() - value));
    scanner.Space();
    scanner.Eat(',');
    scanner.Space();
  }
  return elements;
}

std::optional<std::string> TextOf(std::string_view string) {
  string = TrimJson(string);
  const std::string_view inside = string.substr(1, string.size() - 2);
  std::string out;
  out.reserve(inside.size());
  for (size_t at = 0; at < inside.size();) {
    if (inside[at] != '\\') {
      out.push_back(inside[at++]);
      continue;
    }
    ++at;
    if (inside[at] != 'u') {
      out.push_back(PlainEscape(inside[at++]));
    } else if (!AppendUnicode(inside, &at, &out)) {
      return std::nullopt;
    }
  }
  return out;
}

}  // namespace sparkgate::client

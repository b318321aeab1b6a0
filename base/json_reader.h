#ifndef SPARKGATE_BASE_JSON_READER_H_
#define SPARKGATE_BASE_JSON_READER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_text.h"

// Reading JSON. Only this library knows the parser behind it (docs/adr/0003-json-reader.md).
namespace sparkgate {

class JsonDocument;

enum class JsonKind : uint8_t { kNull, kBool, kNumber, kString, kObject, kArray };

// One value of a document: a handle, valid until the document parses again or is destroyed.
class JsonValue {
 public:
  JsonKind kind() const;
  bool is(JsonKind kind) const { return this->kind() == kind; }

  // The value's own text, byte for byte (after repair, if the document was repaired).
  std::string_view raw() const;
  // Where raw() begins in the document.
  uint32_t offset() const;

  bool AsBool() const;              // kBool
  std::string_view AsText() const;  // kString: its characters, escapes resolved

  // False if the value is not an integer that fits; nothing is rounded.
  bool AsInteger(int32_t* value) const;
  bool AsInteger(int64_t* value) const;
  // False if the value is not a number, or not one that a double can hold.
  bool AsDouble(double* value) const;

  // The value of member `key` (the last one, if there are several); nothing if this is not an
  // object or has no such member.
  std::optional<JsonValue> Find(std::string_view key) const;
  // The same; nothing as well if the value is of another kind.
  std::optional<JsonValue> Find(std::string_view key, JsonKind kind) const;

  // The first element of a kArray; nothing if this is not one, or is empty.
  std::optional<JsonValue> First() const;

  // Visits the elements of a kArray or the members of a kObject in order: `visit(JsonValue)`,
  // `visit(JsonMember)`. Of members with the same key only the last one is visited.
  template <typename Visit>
  void ForEachElement(Visit visit) const;
  template <typename Visit>
  void ForEachMember(Visit visit) const;
  uint32_t size() const;  // elements, or members including repeated ones

 private:
  friend class JsonDocument;
  JsonValue(const JsonDocument* document, uint32_t node) : document_(document), node_(node) {}

  const JsonDocument* document_;
  uint32_t node_;
};

struct JsonMember {
  std::string_view key;      // escapes resolved
  std::string_view raw_key;  // with quotes
  JsonValue value;
};

// JSON text parsed into a flat list of nodes with their offsets: an unknown member can be cut out
// of the text instead of being rebuilt. Keeps its memory to be used again for the next text. Not
// thread-safe.
class JsonDocument {
 public:
  static constexpr int kMaxDepth = 64;

  enum class Result {
    kOk,
    kSyntax,   // not JSON, or text follows it
    kTooDeep,  // nested deeper than kMaxDepth
    kTooLarge  // over 65,536 keys and values, and more than one for every four bytes
  };

  // Who wrote the text. In an upstream's answer, control characters within strings stand for
  // themselves, and NaN and the infinities for null.
  enum class Source { kCaller, kUpstream };

  // Parses `text`, which must outlive the use of this document's values. Text that does not parse
  // is repaired once (invalid UTF-8 and lone surrogates become U+FFFD; see Source) and parsed
  // again.
  Result Parse(std::string_view text, Source source = Source::kUpstream);

  // Frees what an unusually large text has left behind, and invalidates all values. For documents
  // that wait for their next text.
  void Shrink();

  JsonValue root() const { return JsonValue(this, 0); }

  // The size of the text that was parsed.
  size_t text_bytes() const { return text_.size(); }
  // The memory that this document holds besides its text.
  size_t held_bytes() const {
    return nodes_.capacity() * sizeof(Node) + strings_.capacity() + repaired_.capacity();
  }

  // The surrogates that Parse replaced, ordered by their offset in the document. They are U+FFFD in
  // AsText() and raw().
  const std::vector<LoneSurrogate>& lone_surrogates() const { return lone_surrogates_; }

  // Whether control characters or numbers that JSON does not allow were accepted.
  bool loose() const { return loose_; }

  // The offset of a key that its object has twice, if there is one; the later member counts.
  std::optional<size_t> duplicate_key_offset() const {
    if (!duplicate_) return std::nullopt;
    return nodes_[*duplicate_].begin;
  }

  // How many bytes were read before the first error.
  size_t error_offset() const { return error_offset_; }

 private:
  friend class JsonValue;
  class Builder;

  // 16 bytes for each key and value.
  struct Node {
    uint32_t begin, end;  // in text_
    // Containers: the node after the last one within. Strings with `flag`: where their length and
    // characters are in strings_.
    uint32_t link;
    uint32_t count : 27;  // containers: elements or members
    uint32_t kind_bits : 3;
    uint32_t flag : 1;        // booleans: the value; strings: not just the text in the quotes
    uint32_t superseded : 1;  // keys: a later member has the same key

    JsonKind kind() const { return static_cast<JsonKind>(kind_bits); }
  };

  Result ParseOnce(std::string_view scratch);
  std::string Repair(std::string_view text, Source source);
  uint32_t After(uint32_t node) const;
  std::string_view Characters(const Node& node) const;

  std::string_view text_;
  std::string repaired_;  // what text_ refers to if the text had to be repaired
  std::string strings_;   // lengths and characters of strings with escapes
  std::vector<Node> nodes_;
  std::vector<LoneSurrogate> lone_surrogates_;
  std::optional<uint32_t> duplicate_;  // its node
  bool loose_ = false;
  size_t error_offset_ = 0;
};

inline JsonKind JsonValue::kind() const { return document_->nodes_[node_].kind(); }

template <typename Visit>
void JsonValue::ForEachElement(Visit visit) const {
  const uint32_t end = document_->After(node_);
  for (uint32_t at = node_ + 1; at < end; at = document_->After(at)) {
    visit(JsonValue(document_, at));
  }
}

template <typename Visit>
void JsonValue::ForEachMember(Visit visit) const {
  const uint32_t end = document_->After(node_);
  for (uint32_t at = node_ + 1; at < end; at = document_->After(at + 1)) {
    const JsonDocument::Node& key = document_->nodes_[at];
    if (key.superseded) continue;
    visit(JsonMember{document_->Characters(key),
                     document_->text_.substr(key.begin, key.end - key.begin),
                     JsonValue(document_, at + 1)});
  }
}

}  // namespace sparkgate

#endif  // SPARKGATE_BASE_JSON_READER_H_

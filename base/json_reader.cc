#include "base/json_reader.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/json_text.h"
#include "base/text.h"
#include "nlohmann/json.hpp"

namespace sparkgate {
namespace {

// A value or key costs 16 bytes here, and takes some ten in a chat completion: a text made of
// nothing but `0,0,0` must not cost eight times its size. Small texts may.
constexpr size_t kBytesPerNode = 4;
constexpr size_t kAlwaysNodes = 65'536;
constexpr size_t kMostNodes = (1 << 27) - 1;  // Node::count has 27 bits

size_t MaxNodes(std::string_view text) {
  return std::min(std::max(kAlwaysNodes, text.size() / kBytesPerNode), kMostNodes);
}

// From this size on the nodes are counted before they are stored: a vector that grows by doubling
// takes three times what it holds.
constexpr size_t kLargeText = 64 << 10;

// An upper bound for the nodes of `text`, exact but for empty containers.
size_t CountNodes(std::string_view text) {
  size_t count = 1;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == ',' || c == ':' || c == '[' || c == '{') {
      ++count;
    }
  }
  return count;
}

// A control character takes six bytes as an escape: a text made of them must not grow sixfold.
constexpr size_t kMostRepaired = 2;
constexpr size_t kAlwaysRepaired = 64 << 10;

// What a document keeps for the next text: ten times what a chunk of a stream needs.
constexpr size_t kMaxKept = 16 << 10;

// Up to this many members every key is compared with every other; beyond, sorting is cheaper.
constexpr uint32_t kFewMembers = 16;

// The iterator that nlohmann reads from: it records how far the lexer has come.
class TrackedIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  TrackedIterator(const char* at, const char** progress) : at_(at), progress_(progress) {}

  reference operator*() const { return *at_; }
  TrackedIterator& operator++() {
    *progress_ = ++at_;
    return *this;
  }
  TrackedIterator operator++(int) {
    const TrackedIterator before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const TrackedIterator& a, const TrackedIterator& b) {
    return a.at_ == b.at_;
  }
  friend bool operator!=(const TrackedIterator& a, const TrackedIterator& b) {
    return a.at_ != b.at_;
  }

 private:
  const char* at_;
  const char** progress_;
};

// False for most text that is not JSON and that no repair would make JSON.
bool MayBeValue(std::string_view text) {
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    text.remove_prefix(kByteOrderMark.size());
  }
  text = TrimJsonSpace(text);
  // N and I begin NaN and Infinity, which repair turns into null.
  return !text.empty() && std::string_view("{[\"-0123456789tfnNI").find(text[0]) != text.npos;
}

}  // namespace

// Takes nlohmann's events and appends nodes. Every value begins after the white space and the one
// separator that follow the previous value, so only ends have to be known; and those are where the
// lexer is, except that it reads one character beyond a number.
class JsonDocument::Builder {
 public:
  // `scratch` is what nlohmann reads: document->text_, or a copy of the same length.
  Builder(JsonDocument* document, std::string_view scratch)
      : document_(*document),
        scratch_(scratch),
        progress_(scratch.data()),
        max_nodes_(MaxNodes(scratch)) {
    if (scratch.size() > kLargeText) {
      document_.nodes_.reserve(std::min(CountNodes(scratch), max_nodes_));
    }
    if (scratch.substr(0, kByteOrderMark.size()) == kByteOrderMark) end_ = kByteOrderMark.size();
  }

  bool Run() {
    const char* begin = scratch_.data();
    return nlohmann::json::sax_parse(TrackedIterator(begin, &progress_),
                                     TrackedIterator(begin + scratch_.size(), &progress_), this,
                                     nlohmann::json::input_format_t::json, /*strict=*/true) &&
           OnlySpaceFollows();
  }

  Result failure() const { return failure_; }
  bool overflow() const { return overflow_; }
  size_t position() const { return progress_ - scratch_.data(); }

  // Called by nlohmann. False ends the parse.
  bool null() { return AddScalar(JsonKind::kNull); }
  bool boolean(bool value) {
    if (!AddScalar(JsonKind::kBool)) return false;
    document_.nodes_.back().flag = value;
    return true;
  }
  bool number_integer(int64_t) { return AddNumber(); }
  bool number_unsigned(uint64_t) { return AddNumber(); }
  bool number_float(double, const std::string&) { return AddNumber(); }
  bool string(const std::string& value) {
    CountElement();
    return AddString(value);
  }
  bool binary(nlohmann::json::binary_t&) { return false; }
  bool start_object(size_t) { return Open(JsonKind::kObject); }
  bool key(const std::string& key) {
    ++document_.nodes_[open_.back()].count;
    return AddString(key);
  }
  bool end_object() {
    MarkDuplicates(open_.back());
    return Close();
  }
  bool start_array(size_t) { return Open(JsonKind::kArray); }
  bool end_array() { return Close(); }
  bool parse_error(size_t, const std::string&, const nlohmann::json::exception& error) {
    overflow_ = error.id == 406;  // number overflow
    return false;
  }

 private:
  // The lexer takes a NUL for the end of the text, and would not see what follows it.
  bool OnlySpaceFollows() const { return TrimJsonSpace(document_.text_.substr(end_)).empty(); }

  uint32_t NextBegin() const {
    uint32_t at = end_;
    while (IsJsonSpace(scratch_[at]) || scratch_[at] == ',' || scratch_[at] == ':') ++at;
    return at;
  }

  bool Add(JsonKind kind, uint32_t begin, uint32_t end) {
    if (document_.nodes_.size() >= max_nodes_) {
      failure_ = Result::kTooLarge;
      return false;
    }
    Node node{};
    node.begin = begin;
    node.end = end_ = end;
    node.kind_bits = static_cast<uint32_t>(kind);
    document_.nodes_.push_back(node);
    return true;
  }

  bool AddScalar(JsonKind kind) {
    CountElement();
    return Add(kind, NextBegin(), position());
  }

  bool AddNumber() {
    CountElement();
    const uint32_t begin = NextBegin();
    // From the original text: in the scratch copy the number may be blanked.
    return Add(JsonKind::kNumber, begin, NumberEnd(document_.text_, begin));
  }

  bool AddString(const std::string& value) {
    if (!Add(JsonKind::kString, NextBegin(), position())) return false;
    Node& node = document_.nodes_.back();
    // An escape is always longer than what it stands for.
    if (value.size() != node.end - node.begin - 2) KeepCharacters(value, &node);
    return true;
  }

  void KeepCharacters(const std::string& value, Node* node) {
    const auto length = static_cast<uint32_t>(value.size());
    node->flag = true;
    node->link = document_.strings_.size();
    document_.strings_.append(reinterpret_cast<const char*>(&length), sizeof(length));
    document_.strings_.append(value);
  }

  void CountElement() {
    if (open_.empty()) return;
    Node& parent = document_.nodes_[open_.back()];
    if (parent.kind() == JsonKind::kArray) ++parent.count;
  }

  bool Open(JsonKind kind) {
    CountElement();
    if (open_.size() >= kMaxDepth) {
      failure_ = Result::kTooDeep;
      return false;
    }
    const uint32_t begin = NextBegin();
    if (!Add(kind, begin, begin + 1)) return false;
    open_.push_back(document_.nodes_.size() - 1);
    return true;
  }

  bool Close() {
    Node& node = document_.nodes_[open_.back()];
    node.end = end_ = position();
    node.link = document_.nodes_.size();
    open_.pop_back();
    return true;
  }

  std::string_view KeyAt(uint32_t node) const {
    return document_.Characters(document_.nodes_[node]);
  }

  void MarkDuplicates(uint32_t object) {
    if (document_.nodes_[object].count > kFewMembers) return MarkBySorting(object);
    const uint32_t end = document_.nodes_.size();
    for (uint32_t at = object + 1; at < end; at = document_.After(at + 1)) {
      for (uint32_t later = document_.After(at + 1); later < end;
           later = document_.After(later + 1)) {
        if (KeyAt(at) == KeyAt(later)) Supersede(at);
      }
    }
  }

  // Sorts, since whoever chooses the keys could make a hash set quadratic.
  void MarkBySorting(uint32_t object) {
    const uint32_t end = document_.nodes_.size();
    std::vector<uint32_t> keys;
    keys.reserve(document_.nodes_[object].count);
    for (uint32_t at = object + 1; at < end; at = document_.After(at + 1)) keys.push_back(at);
    std::sort(keys.begin(), keys.end(), [this](uint32_t a, uint32_t b) {
      const int order = KeyAt(a).compare(KeyAt(b));
      return order != 0 ? order < 0 : a < b;
    });
    for (size_t i = 0; i + 1 < keys.size(); ++i) {
      if (KeyAt(keys[i]) == KeyAt(keys[i + 1])) Supersede(keys[i]);
    }
  }

  void Supersede(uint32_t key) {
    document_.nodes_[key].superseded = true;
    document_.duplicate_ = key;
  }

  JsonDocument& document_;
  const std::string_view scratch_;
  const char* progress_;
  const size_t max_nodes_;
  uint32_t end_ = 0;            // of the last node
  std::vector<uint32_t> open_;  // containers, outermost first
  Result failure_ = Result::kSyntax;
  bool overflow_ = false;
};

// Parses `scratch`, which is text_ or a copy of it with the same offsets.
JsonDocument::Result JsonDocument::ParseOnce(std::string_view scratch) {
  nodes_.clear();
  strings_.clear();
  duplicate_.reset();
  Builder builder(this, scratch);
  if (builder.Run()) return Result::kOk;
  error_offset_ = builder.position();
  if (!builder.overflow()) return builder.failure();
  std::string blanked(scratch);
  // If there is nothing to blank, nlohmann and we disagree on what overflows: do not loop.
  if (!BlankOverflowingNumbers(&blanked)) return Result::kSyntax;
  return ParseOnce(blanked);
}

std::string JsonDocument::Repair(std::string_view text, Source source) {
  std::string repaired = IsValidUtf8(text) ? std::string(text) : RepairUtf8(text);
  if (source == Source::kUpstream) {
    auto escaped =
        EscapeControlsAndNonNumbers(repaired, kMostRepaired * text.size() + kAlwaysRepaired);
    loose_ = escaped.has_value();
    if (loose_) repaired = *std::move(escaped);
  }
  lone_surrogates_ = ReplaceLoneSurrogates(&repaired);
  return repaired;
}

JsonDocument::Result JsonDocument::Parse(std::string_view text, Source source) {
  lone_surrogates_.clear();
  loose_ = false;
  if (text.size() > std::numeric_limits<uint32_t>::max()) return Result::kTooLarge;
  text_ = text;
  const Result result = ParseOnce(text_);
  if (result != Result::kSyntax || !MayBeValue(text)) return result;
  std::string repaired = Repair(text, source);
  if (repaired == text) return result;
  repaired_ = std::move(repaired);
  text_ = repaired_;
  return ParseOnce(text_);
}

void JsonDocument::Shrink() {
  if (held_bytes() <= kMaxKept) return;
  // By swapping: assigning an empty string keeps the old one's memory.
  std::vector<Node>().swap(nodes_);
  std::string().swap(strings_);
  std::string().swap(repaired_);
  lone_surrogates_ = {};
}

uint32_t JsonDocument::After(uint32_t node) const {
  const JsonKind kind = nodes_[node].kind();
  return kind == JsonKind::kObject || kind == JsonKind::kArray ? nodes_[node].link : node + 1;
}

std::string_view JsonDocument::Characters(const Node& node) const {
  if (node.flag) {
    uint32_t length = 0;
    std::memcpy(&length, strings_.data() + node.link, sizeof(length));
    return std::string_view(strings_).substr(node.link + sizeof(length), length);
  }
  return text_.substr(node.begin + 1, node.end - node.begin - 2);
}

std::string_view JsonValue::raw() const {
  const auto& node = document_->nodes_[node_];
  return document_->text_.substr(node.begin, node.end - node.begin);
}

uint32_t JsonValue::offset() const { return document_->nodes_[node_].begin; }

uint32_t JsonValue::size() const { return document_->nodes_[node_].count; }

bool JsonValue::AsBool() const { return document_->nodes_[node_].flag; }

std::string_view JsonValue::AsText() const {
  return document_->Characters(document_->nodes_[node_]);
}

bool JsonValue::AsInteger(int32_t* value) const {
  return is(JsonKind::kNumber) && ParseNumber(raw(), value);
}

bool JsonValue::AsInteger(int64_t* value) const {
  return is(JsonKind::kNumber) && ParseNumber(raw(), value);
}

bool JsonValue::AsDouble(double* value) const {
  return is(JsonKind::kNumber) && ParseNumber(raw(), value);
}

std::optional<JsonValue> JsonValue::First() const {
  if (!is(JsonKind::kArray) || size() == 0) return std::nullopt;
  return JsonValue(document_, node_ + 1);
}

std::optional<JsonValue> JsonValue::Find(std::string_view key) const {
  std::optional<JsonValue> found;
  if (!is(JsonKind::kObject)) return found;
  ForEachMember([&](const JsonMember& member) {
    if (member.key == key) found = member.value;
  });
  return found;
}

std::optional<JsonValue> JsonValue::Find(std::string_view key, JsonKind kind) const {
  auto found = Find(key);
  if (found && !found->is(kind)) found.reset();
  return found;
}

}  // namespace sparkgate

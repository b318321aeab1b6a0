#ifndef SPARKGATE_SERVICE_TRANSLATE_FIELD_PATH_H_
#define SPARKGATE_SERVICE_TRANSLATE_FIELD_PATH_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "service/translate/call_status.h"

namespace sparkgate::translate {

// Where in a request we are: a chain of steps on the stack, made text only when something is wrong.
class FieldPath {
 public:
  FieldPath() = default;  // the request itself

  FieldPath Field(std::string_view name) const { return FieldPath(this, name, -1, {}); }
  FieldPath Element(std::string_view name, int index) const {
    return FieldPath(this, name, index, {});
  }
  FieldPath Entry(std::string_view name, std::string_view map_key) const {
    return FieldPath(this, name, -1, map_key);
  }

  // "messages[2].content_parts[0].image_url.url"; "" for the request itself.
  std::string Text() const;

 private:
  FieldPath(const FieldPath* parent, std::string_view name, int index, std::string_view map_key)
      : parent_(parent), name_(name), index_(index), map_key_(map_key) {}

  const FieldPath* parent_ = nullptr;
  std::string_view name_;
  int index_ = -1;
  std::string_view map_key_;
};

// What is wrong with a request, as far as it is kept.
class Violations {
 public:
  static constexpr size_t kMax = 16;

  void Add(const FieldPath& path, std::string description);

  bool empty() const { return list_.empty(); }
  // Enough to answer; looking further is a waste.
  bool full() const { return list_.size() >= kMax; }

  // INVALID_ARGUMENT with everything that was added.
  CallStatus ToStatus() &&;

 private:
  std::vector<FieldViolation> list_;
};

// An upstream's path to a member of its request, as the caller would write it:
// `messages[0].content.list[ChatMessageContent][1].image_url.url` becomes
// `messages[0].content_parts[1].image_url.url`. As far as it can be told: of a union, a list means
// its list, everything else the field that bears the upstream's name. "" if it is no path.
std::string ErrorFieldPath(std::string_view upstream_path);

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_FIELD_PATH_H_

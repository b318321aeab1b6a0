#ifndef SPARKGATE_SERVICE_TRANSLATE_FIELD_PATH_H_
#define SPARKGATE_SERVICE_TRANSLATE_FIELD_PATH_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "service/translate/call_status.h"

namespace sparkgate::translate {

// A position in a request: a chain of steps on the stack, rendered only when something is wrong.
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

// What is wrong with a request: the first kMax violations.
class Violations {
 public:
  static constexpr size_t kMax = 16;

  void Add(const FieldPath& path, std::string description);

  bool empty() const { return list_.empty(); }
  // No more are kept, so the caller may stop looking.
  bool full() const { return list_.size() >= kMax; }

  // INVALID_ARGUMENT with everything that was added.
  CallStatus ToStatus() &&;

 private:
  std::vector<FieldViolation> list_;
};

// Translates the upstream's path of a request's member into the caller's terms:
// `messages[0].content.list[ChatMessageContent][1].image_url.url` becomes
// `messages[0].content_parts[1].image_url.url`. Best effort: in a union, an index selects the list,
// anything else the field with the upstream's name. "" if it is not a path.
std::string ErrorFieldPath(std::string_view upstream_path);

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_FIELD_PATH_H_

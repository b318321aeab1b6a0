#include "service/translate/field_path.h"

namespace sparkgate::translate {
namespace {

// A caller's map key is data; a path needs only enough of it to be found.
constexpr size_t kMaxMapKey = 32;

}  // namespace

std::string FieldPath::Text() const {
  if (parent_ == nullptr) return "";
  std::string text = parent_->Text();
  if (!text.empty()) text += '.';
  text += name_;
  if (index_ >= 0) text += '[' + std::to_string(index_) + ']';
  if (map_key_.data() == nullptr) return text;
  if (map_key_.size() > kMaxMapKey) return text + "[…]";
  return text + "[\"" + std::string(map_key_) + "\"]";
}

void Violations::Add(const FieldPath& path, std::string description) {
  if (!full()) list_.push_back({path.Text(), std::move(description)});
}

CallStatus Violations::ToStatus() && {
  CallStatus status;
  status.code = absl::StatusCode::kInvalidArgument;
  status.reason = v1::ERROR_REASON_INVALID_REQUEST;
  status.pushback = Pushback::kNever;
  const FieldViolation& first = list_.front();
  status.message = "The request is not valid: " + (first.field.empty() ? "" : first.field + ": ") +
                   first.description;
  if (list_.size() > 1) {
    status.message += " (and " + std::to_string(list_.size() - 1) + " more, see the details)";
  }
  status.message += '.';
  status.violations = std::move(list_);
  return status;
}

}  // namespace sparkgate::translate

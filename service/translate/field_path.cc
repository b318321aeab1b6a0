#include "service/translate/field_path.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "service/translate/message_schema.h"
#include "sparkgate/v1/request.pb.h"

namespace sparkgate::translate {
namespace {

// A caller's map key is data: longer ones are not repeated.
constexpr size_t kMaxMapKey = 32;

constexpr size_t kMaxPath = 256;

struct Step {
  std::string_view name;  // "": an index
  std::string_view index;
};

bool IsDigits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

// Nothing but the characters of names: a path must not contain a piece of a prompt.
bool IsName(std::string_view text) {
  const auto belongs = [](char c) { return absl::ascii_isalnum(c) || c == '_' || c == '-'; };
  return !text.empty() && std::all_of(text.begin(), text.end(), belongs);
}

// "a[0].list[X][1]" as a, 0, 1: anything but a number in brackets names a type, and so does the
// word before it.
std::vector<Step> Split(std::string_view path) {
  std::vector<Step> steps;
  while (!path.empty()) {
    if (path[0] == '.') {
      path.remove_prefix(1);
      continue;
    }
    if (path[0] == '[') {
      const size_t end = std::min(path.find(']'), path.size());
      const std::string_view inside = path.substr(1, end - 1);
      if (IsDigits(inside)) {
        steps.push_back({"", inside});
      } else if (!steps.empty() && !steps.back().name.empty()) {
        steps.pop_back();
      }
      path.remove_prefix(std::min(end + 1, path.size()));
      continue;
    }
    const size_t end = std::min(path.find_first_of(".["), path.size());
    const std::string_view word = path.substr(0, end);
    steps.push_back(IsDigits(word) ? Step{"", word} : Step{word, ""});
    path.remove_prefix(end);
  }
  return steps;
}

// A type, or no field at all ("param":"None", as servers in Python write it).
bool NamesType(std::string_view name) {
  for (const char* type : {"str", "int", "float", "bool", "list", "dict", "none", "None", "null"}) {
    if (name == type) return true;
  }
  return false;
}

// The field of a union that the next step fits.
const FieldSchema* Choose(const std::vector<const FieldSchema*>& fields, const Step* next) {
  if (fields.empty()) return nullptr;
  if (next == nullptr) return fields[0];
  for (const FieldSchema* field : fields) {
    const bool list = field->field->is_repeated() && field->form != Form::kContentParts;
    const bool object = field->form == Form::kToolFunction || field->form == Form::kContentParts ||
                        (field->child != nullptr && !field->field->is_repeated());
    if (next->name.empty() ? list : object && !NamesType(next->name)) return field;
  }
  return fields[0];
}

void AppendName(std::string_view name, std::string* path) {
  if (!path->empty()) *path += '.';
  *path += name;
}

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

std::string ErrorFieldPath(std::string_view upstream_path) {
  const std::vector<Step> steps = Split(upstream_path.substr(0, kMaxPath));
  const MessageSchema* schema = &MessageSchema::Of(v1::ChatRequest::descriptor());
  std::string path;
  for (size_t i = 0; i < steps.size(); ++i) {
    const Step& step = steps[i];
    if (step.name.empty()) {
      if (!path.empty()) path += '[' + std::string(step.index) + ']';
      continue;
    }
    if (i == 0 && step.name == "body") continue;
    const bool last = i + 1 == steps.size();
    const FieldSchema* field = schema == nullptr ? nullptr
                                                 : Choose(schema->FindForWriting(step.name),
                                                          last ? nullptr : &steps[i + 1]);
    if (field != nullptr) {
      AppendName(field->name(), &path);
      // `prediction` has its list one level down.
      if (field->form == Form::kContentParts && !last && steps[i + 1].name == "content") ++i;
      if (field->form == Form::kRawJson || field->form == Form::kToolFunction) break;
      schema = field->child;
    } else if (last && IsName(step.name) && !NamesType(step.name)) {
      AppendName(step.name, &path);  // came by way of extra_body_json
    }
  }
  return path;
}

}  // namespace sparkgate::translate

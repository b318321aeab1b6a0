#include "service/translate/own_fields.h"

#include <algorithm>

#include "base/text.h"
#include "service/translate/error_body.h"

namespace sparkgate::translate {
namespace {

constexpr std::string_view kUsageEnd = ",\"stream_options\":{\"include_usage\":true}}";

// Puts the closing brace in the place of an end that contains it.
bool CutEnd(std::string_view end, std::string* json) {
  if (!EndsWith(*json, end)) return false;
  json->resize(json->size() - end.size());
  json->push_back('}');
  return true;
}

bool IsWordCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// `name` as a word of its own, in quotes of some kind or behind a dot: the word alone may mean
// anything.
bool Names(std::string_view text, std::string_view name) {
  for (size_t at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
    const char before = at == 0 ? ' ' : text[at - 1];
    const size_t end = at + name.size();
    const char after = end == text.size() ? ' ' : text[end];
    if (IsWordCharacter(before) || IsWordCharacter(after)) continue;
    const bool quoted = std::string_view("'\"`.").find(before) != std::string_view::npos;
    if (quoted || name.find('_') != std::string_view::npos) return true;
  }
  return false;
}

bool Concerns(const ErrorBody& error, std::string_view name) {
  const bool field = std::any_of(error.fields.begin(), error.fields.end(),
                                 [name](const FieldViolation& violation) {
                                   std::string_view path = violation.field;
                                   if (path.substr(0, 5) == "body.") path.remove_prefix(5);
                                   return path.substr(0, path.find('.')) == name;
                                 });
  return field || Names(error.message, name);
}

}  // namespace

OwnField RefusedOwnField(int http_status, std::string_view body) {
  if (http_status != 400 && http_status != 422) return OwnField::kNone;
  const ErrorBody error = ReadErrorBody(body);
  if (Concerns(error, "stream_options") || Concerns(error, "include_usage")) {
    return OwnField::kStreamOptions;
  }
  return Concerns(error, "stream") ? OwnField::kStream : OwnField::kNone;
}

bool RemoveOwnField(OwnField field, std::string* json) {
  if (field == OwnField::kNone) return false;
  const bool usage = CutEnd(kUsageEnd, json);
  if (field == OwnField::kStreamOptions) return usage;
  return CutEnd(",\"stream\":true}", json) || CutEnd(",\"stream\":false}", json);
}

void ExplainOwnField(OwnField field, CallStatus* status) {
  if (field == OwnField::kNone) return;
  status->violations.clear();
  status->advice = field == OwnField::kStreamOptions
                       ? "The field is Sparkgate's: have it run with --include_usage=false."
                       : "The field is Sparkgate's: this upstream cannot be asked in this way.";
}

void RefusedFields::Add(OwnField field) {
  if (field == OwnField::kStream) stream_.store(true, std::memory_order_relaxed);
  if (field == OwnField::kStreamOptions) stream_options_.store(true, std::memory_order_relaxed);
}

bool RefusedFields::Has(OwnField field) const {
  if (field == OwnField::kStream) return stream_.load(std::memory_order_relaxed);
  return field == OwnField::kStreamOptions && stream_options_.load(std::memory_order_relaxed);
}

}  // namespace sparkgate::translate

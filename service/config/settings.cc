#include "service/config/settings.h"

#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "google/protobuf/descriptor.h"

namespace sparkgate::config {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Reflection;

const FieldDescriptor* FindField(const std::string& name) {
  return v1::Config::descriptor()->FindFieldByName(name);
}

bool IsDuration(const FieldDescriptor* field) {
  return field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
         field->message_type() == google::protobuf::Duration::descriptor();
}

absl::Status Wrong(std::string_view text, const char* what, const char* right) {
  // A value may be a secret that was put into the wrong place: not more than a taste of it.
  const bool cut = text.size() > 40;
  return absl::InvalidArgumentError(absl::StrCat("\"", std::string(text.substr(0, 40)),
                                                 cut ? "..." : "", "\" is not ", what, "; give ",
                                                 right));
}

template <typename Number>
std::optional<Number> ParseNumber(std::string_view text) {
  Number number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (text.empty() || error != std::errc() || stop != end) return std::nullopt;
  return number;
}

std::optional<uint64_t> ParseSize(std::string_view text) {
  uint64_t unit = 1;
  for (const auto& [suffix, factor] : {std::pair{"KiB", 1 << 10}, std::pair{"MiB", 1 << 20}}) {
    if (text.size() <= 3 || text.substr(text.size() - 3) != suffix) continue;
    text.remove_suffix(3);
    unit = factor;
  }
  while (unit > 1 && !text.empty() && text.back() == ' ') text.remove_suffix(1);
  const std::optional<uint64_t> number = ParseNumber<uint64_t>(text);
  if (!number.has_value() || *number > (uint64_t{1} << 50) / unit) return std::nullopt;
  return *number * unit;
}

std::string SizeText(uint64_t size) {
  if (size > 0 && size % (1 << 20) == 0) return absl::StrCat(size >> 20, "MiB");
  if (size > 0 && size % (1 << 10) == 0) return absl::StrCat(size >> 10, "KiB");
  return absl::StrCat(size);
}

absl::Status SetDuration(std::string_view text, google::protobuf::Duration* duration) {
  absl::Duration parsed;
  if (!absl::ParseDuration(absl::string_view(text.data(), text.size()), &parsed) ||
      parsed == absl::InfiniteDuration() || parsed == -absl::InfiniteDuration()) {
    return Wrong(text, "a duration", "a number with a unit, such as 5s, 250ms or 10m");
  }
  duration->set_seconds(absl::ToInt64Seconds(parsed));
  duration->set_nanos(absl::ToInt64Nanoseconds(parsed % absl::Seconds(1)));
  return absl::OkStatus();
}

std::string DurationText(const google::protobuf::Duration& duration) {
  return absl::FormatDuration(absl::Seconds(duration.seconds()) +
                              absl::Nanoseconds(duration.nanos()));
}

void SetList(std::string_view text, v1::StringList* list) {
  list->clear_values();
  const std::vector<std::string> parts =
      absl::StrSplit(absl::string_view(text.data(), text.size()), ',', absl::SkipWhitespace());
  for (const std::string& part : parts) {
    list->add_values(std::string(absl::StripAsciiWhitespace(part)));
  }
}

absl::Status SetMessage(const FieldDescriptor* field, std::string_view text, v1::Config* values) {
  google::protobuf::Message* message = values->GetReflection()->MutableMessage(values, field);
  if (IsDuration(field)) {
    return SetDuration(text, static_cast<google::protobuf::Duration*>(message));
  }
  SetList(text, static_cast<v1::StringList*>(message));
  return absl::OkStatus();
}

absl::Status SetBool(const FieldDescriptor* field, std::string_view text, v1::Config* values) {
  if (text != "true" && text != "false") return Wrong(text, "a switch", "true or false");
  values->GetReflection()->SetBool(values, field, text == "true");
  return absl::OkStatus();
}

absl::Status SetCount(const FieldDescriptor* field, std::string_view text, v1::Config* values) {
  const std::optional<int32_t> number = ParseNumber<int32_t>(text);
  if (!number.has_value()) return Wrong(text, "a count", "a whole number");
  values->GetReflection()->SetInt32(values, field, *number);
  return absl::OkStatus();
}

absl::Status SetSize(const FieldDescriptor* field, std::string_view text, v1::Config* values) {
  const std::optional<uint64_t> number = ParseSize(text);
  if (!number.has_value()) {
    return Wrong(text, "a size", "a number of bytes, or one with KiB or MiB, such as 256KiB");
  }
  values->GetReflection()->SetUInt64(values, field, *number);
  return absl::OkStatus();
}

}  // namespace

std::vector<std::string> SettingNames() {
  std::vector<std::string> names;
  const google::protobuf::Descriptor* descriptor = v1::Config::descriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) names.push_back(descriptor->field(i)->name());
  return names;
}

absl::Status SetFromText(const std::string& name, std::string_view text, v1::Config* values) {
  const FieldDescriptor* field = FindField(name);
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return SetBool(field, text, values);
    case FieldDescriptor::CPPTYPE_INT32:
      return SetCount(field, text, values);
    case FieldDescriptor::CPPTYPE_UINT64:
      return SetSize(field, text, values);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return SetMessage(field, text, values);
    default:
      values->GetReflection()->SetString(values, field, std::string(text));
      return absl::OkStatus();
  }
}

std::string TextOf(const v1::Config& values, const std::string& name) {
  const FieldDescriptor* field = FindField(name);
  const Reflection* reflection = values.GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection->GetBool(values, field) ? "true" : "false";
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(reflection->GetInt32(values, field));
    case FieldDescriptor::CPPTYPE_UINT64:
      return SizeText(reflection->GetUInt64(values, field));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
    default:
      return reflection->GetString(values, field);
  }
  const google::protobuf::Message& message = reflection->GetMessage(values, field);
  if (IsDuration(field)) {
    return DurationText(static_cast<const google::protobuf::Duration&>(message));
  }
  return absl::StrJoin(static_cast<const v1::StringList&>(message).values(), ",");
}

void Overlay(const Settings& top, Settings* base) {
  std::vector<const FieldDescriptor*> set;
  top.values.GetReflection()->ListFields(top.values, &set);
  // Merging would append lists and mix the two halves of a duration.
  for (const FieldDescriptor* field : set) {
    base->values.GetReflection()->ClearField(&base->values, field);
  }
  base->values.MergeFrom(top.values);
  for (const auto& [name, origin] : top.origins) base->origins[name] = origin;
}

}  // namespace sparkgate::config

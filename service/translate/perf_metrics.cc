#include "service/translate/perf_metrics.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <string>

#include "base/safe_text.h"
#include "service/translate/message_schema.h"

namespace sparkgate::translate {
namespace {

using google::protobuf::FieldDescriptor;

constexpr std::string_view kPrefix = "fireworks-";
constexpr size_t kMaxHeaderValue = 4096;

const FieldDescriptor* FindField(std::string_view key) {
  const FieldSchema* field = MessageSchema::Of(v1::PerfMetrics::descriptor()).FindForReading(key);
  return field == nullptr || field->field->is_map() ? nullptr : field->field;
}

bool ReadNumber(std::string_view text, double* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size() && std::isfinite(*number);
}

// The upstream's own tools read these with float(), so a count may come as "12.0".
bool ReadCount(std::string_view text, int32_t* count) {
  double number;
  if (!ReadNumber(text, &number) || number != std::trunc(number)) return false;
  if (std::abs(number) > std::numeric_limits<int32_t>::max()) return false;
  *count = static_cast<int32_t>(number);
  return true;
}

bool SetField(std::string_view text, const FieldDescriptor* field, v1::PerfMetrics* metrics) {
  const auto* reflection = metrics->GetReflection();
  int32_t count;
  double number;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      if (!ReadCount(text, &count)) return false;
      reflection->SetInt32(metrics, field, count);
      return true;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      if (!ReadNumber(text, &number)) return false;
      reflection->SetDouble(metrics, field, number);
      return true;
    default:
      reflection->SetString(metrics, field, std::string(text));
      return true;
  }
}

// False: it has a field, but does not read as its type.
bool SetByKey(std::string_view key, std::string_view text, v1::PerfMetrics* metrics) {
  const FieldDescriptor* field = FindField(key);
  if (field != nullptr && SetField(text, field, metrics)) return true;
  (*metrics->mutable_other())[std::string(key)] = std::string(text);
  return field == nullptr;
}

}  // namespace

void AddHeaderMetrics(const HeaderList& headers, v1::PerfMetrics* metrics) {
  for (const auto& [name, value] : headers) {
    if (name.compare(0, kPrefix.size(), kPrefix) != 0) continue;
    // Header bytes are anything; a proto string is not.
    SetByKey(SafeText(std::string_view(name).substr(kPrefix.size()), kMaxHeaderValue),
             SafeText(value, kMaxHeaderValue), metrics);
  }
}

int AddBodyMetrics(const JsonValue& object, v1::PerfMetrics* metrics) {
  int anomalies = 0;
  object.ForEachMember([&](const JsonMember& member) {
    if (member.value.is(JsonKind::kNull)) return;
    const std::string_view text =
        member.value.is(JsonKind::kString) ? member.value.AsText() : member.value.raw();
    if (!SetByKey(member.key, text, metrics)) ++anomalies;
  });
  return anomalies;
}

void MergeMetrics(const v1::PerfMetrics& metrics, v1::PerfMetrics* target) {
  target->MergeFrom(metrics);
}

bool IsEmpty(const v1::PerfMetrics& metrics) { return metrics.ByteSizeLong() == 0; }

}  // namespace sparkgate::translate

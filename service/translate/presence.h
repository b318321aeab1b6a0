#ifndef SPARKGATE_SERVICE_TRANSLATE_PRESENCE_H_
#define SPARKGATE_SERVICE_TRANSLATE_PRESENCE_H_

#include "google/protobuf/message.h"
#include "service/translate/message_schema.h"

namespace sparkgate::translate {

// Whether a field counts as given: an empty list, and an empty string without `optional`, do not.
inline bool IsPresent(const google::protobuf::Message& message, const FieldSchema& field) {
  const auto* reflection = message.GetReflection();
  return field.field->is_repeated() ? reflection->FieldSize(message, field.field) > 0
                                    : reflection->HasField(message, field.field);
}

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_PRESENCE_H_

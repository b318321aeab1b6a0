#ifndef SPARKGATE_SERVICE_TRANSLATE_REQUEST_CHECKS_H_
#define SPARKGATE_SERVICE_TRANSLATE_REQUEST_CHECKS_H_

#include "google/protobuf/message.h"
#include "service/translate/caller_json.h"
#include "service/translate/field_path.h"
#include "service/translate/message_schema.h"

namespace sparkgate::translate {

// Adds what can only be a mistake in one message of a request, its children apart: two fields of
// one union, a required field that is not there. What the table cannot say stands in
// request_checks.cc.
void CheckMessage(const google::protobuf::Message& message, const MessageSchema& schema,
                  const ExtraBody& extra, const FieldPath& path, Violations* violations);

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_REQUEST_CHECKS_H_

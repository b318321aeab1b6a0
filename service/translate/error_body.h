#ifndef SPARKGATE_SERVICE_TRANSLATE_ERROR_BODY_H_
#define SPARKGATE_SERVICE_TRANSLATE_ERROR_BODY_H_

#include <string>
#include <string_view>
#include <vector>

#include "base/json_reader.h"
#include "service/translate/call_status.h"

namespace sparkgate::translate {

// What an error body of any known form says. All texts are as the upstream wrote them, not yet
// redacted.
struct ErrorBody {
  bool found = false;                  // the body was recognised as an error
  std::string message;                 // "" if there is none worth repeating
  std::string code;                    // the error's own `code`, else its `type`
  int status = 0;                      // the HTTP status that the error itself names; 0: none
  std::string request_id;              // beside the error
  std::vector<FieldViolation> fields;  // upstream's paths, with what is wrong there
};

// From the JSON object of an answer. `after_ok`: the answer began with 200, so a `detail` or a
// `message` outside an error object may be a member of a good answer.
ErrorBody ReadErrorObject(const JsonValue& root, bool after_ok);

// From the body of an answer other than 200: JSON, plain text or a page.
ErrorBody ReadErrorBody(std::string_view body);

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_ERROR_BODY_H_

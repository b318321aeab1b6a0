#ifndef SPARKGATE_SERVICE_TRANSLATE_ERROR_BODY_H_
#define SPARKGATE_SERVICE_TRANSLATE_ERROR_BODY_H_

#include <string>
#include <string_view>
#include <vector>

#include "base/json_reader.h"
#include "service/translate/call_status.h"

namespace sparkgate::translate {

// The words of a page: its title if it has one, else its text without tags, scripts and styles.
// `text` may begin before the page.
std::string WordsOfMarkup(std::string_view text);

// Whether there is markup in `text`, and not only a `<`.
bool HasMarkup(std::string_view text);

// Where a JSON object stands in `text`, as in `APIError: {"error":{…}}`.
struct EmbeddedJson {
  std::string_view before;
  std::string_view object;  // "" if there is none
};
EmbeddedJson FindEmbeddedJson(std::string_view text);

// The message of an error that a Python program printed: {'error': {'message': '…'}}. "" if there
// is none.
std::string MessageOfPythonText(std::string_view text);

// What an error body of any known shape says. All texts are as the upstream wrote them: not yet
// safe.
struct ErrorBody {
  bool found = false;                  // an error was recognised as such
  std::string message;                 // "" if there is none worth repeating
  std::string code;                    // the error's own `code`, else its `type`
  int status = 0;                      // an HTTP status that the error names by itself; 0: none
  std::string request_id;              // beside the error
  std::vector<FieldViolation> fields;  // upstream's paths, with what is wrong there
};

// From the JSON object of an answer. `after_ok`: the answer began with 200, where a `detail` or a
// `message` without an error object around it may be an answer's own member.
ErrorBody ReadErrorObject(const JsonValue& root, bool after_ok);

// From the body of an answer other than 200: JSON, plain text or a page.
ErrorBody ReadErrorBody(std::string_view body);

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_ERROR_BODY_H_

#ifndef SPARKGATE_SERVICE_TRANSLATE_ERROR_WORDS_H_
#define SPARKGATE_SERVICE_TRANSLATE_ERROR_WORDS_H_

#include <string>
#include <string_view>

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

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_ERROR_WORDS_H_

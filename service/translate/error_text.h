#ifndef SPARKGATE_SERVICE_TRANSLATE_ERROR_TEXT_H_
#define SPARKGATE_SERVICE_TRANSLATE_ERROR_TEXT_H_

#include <string>
#include <string_view>

namespace sparkgate::translate {

// What of an upstream's error text may be shown to callers: at most 512 bytes of valid UTF-8 in one
// line, without anything that looks like a key, without file paths and tracebacks, and without the
// values of the request that some servers repeat (they may be a prompt).
std::string CleanErrorText(std::string_view text);

// The same of a text that is about a key, which has any form: no word of eight bytes or more with a
// digit or an asterisk in it either.
std::string CleanKeyErrorText(std::string_view text);

// The text says that the prompt does not fit into the model's context.
bool SaysContextLength(std::string_view text);

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_ERROR_TEXT_H_

#ifndef SPARKGATE_SERVICE_TRANSLATE_ERROR_FIELD_PATH_H_
#define SPARKGATE_SERVICE_TRANSLATE_ERROR_FIELD_PATH_H_

#include <string>
#include <string_view>

namespace sparkgate::translate {

// An upstream's path to a member of its request, as the caller would write it:
// `messages[0].content.list[ChatMessageContent][1].image_url.url` becomes
// `messages[0].content_parts[1].image_url.url`. As far as it can be told: of a union, a list means
// its list, everything else the field that bears the upstream's name. "" if it is no path.
std::string ErrorFieldPath(std::string_view upstream_path);

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_ERROR_FIELD_PATH_H_

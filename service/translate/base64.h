#ifndef SPARKGATE_SERVICE_TRANSLATE_BASE64_H_
#define SPARKGATE_SERVICE_TRANSLATE_BASE64_H_

#include <string>
#include <string_view>

namespace sparkgate::translate {

// Appends `bytes` as base64 (RFC 4648 §4, with padding): in place, as images are large.
void AppendBase64(std::string_view bytes, std::string* out);

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_BASE64_H_

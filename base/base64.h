#ifndef SPARKGATE_BASE_BASE64_H_
#define SPARKGATE_BASE_BASE64_H_

#include <string>
#include <string_view>

namespace sparkgate {

// Appends `bytes` as base64 (RFC 4648 §4, with padding): in place, as images are large.
void AppendBase64(std::string_view bytes, std::string* out);

}  // namespace sparkgate

#endif  // SPARKGATE_BASE_BASE64_H_

#ifndef SPARKGATE_CLIENT_CHAT_IMAGE_FILE_H_
#define SPARKGATE_CLIENT_CHAT_IMAGE_FILE_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "sparkgate/v1/message.pb.h"

namespace sparkgate::client {

// What a server takes as one request unless it was started with another --max_receive_bytes.
constexpr size_t kMostRequestBytes = 32u << 20;

// By the first bytes, whatever the file is called: PNG, JPEG, GIF, WebP, BMP, TIFF. Empty: none of
// them.
std::string MediaTypeOf(std::string_view bytes);

// The file's bytes and media type. INVALID_ARGUMENT names the file and what would be right.
absl::StatusOr<v1::ImageData> ReadImage(const std::string& name);

}  // namespace sparkgate::client

#endif  // SPARKGATE_CLIENT_CHAT_IMAGE_FILE_H_

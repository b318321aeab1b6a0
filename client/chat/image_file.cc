#include "client/chat/image_file.h"

#include <utility>

#include "client/chat/files.h"

namespace sparkgate::client {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::pair<std::string_view, std::string_view> kBeginnings[] = {
    {"\x89PNG\r\n\x1a\n"sv, "image/png"},
    {"\xff\xd8\xff"sv, "image/jpeg"},
    {"GIF87a"sv, "image/gif"},
    {"GIF89a"sv, "image/gif"},
    {"II*\0"sv, "image/tiff"},
    {"MM\0*"sv, "image/tiff"},
};

}  // namespace

std::string MediaTypeOf(std::string_view bytes) {
  for (const auto& [beginning, type] : kBeginnings) {
    if (bytes.substr(0, beginning.size()) == beginning) return std::string(type);
  }
  if (bytes.substr(0, 4) == "RIFF" && bytes.size() >= 12 && bytes.substr(8, 4) == "WEBP") {
    return "image/webp";
  }
  // Two letters alone would be many a text: the four reserved bytes of its header are 0.
  if (bytes.substr(0, 2) == "BM" && bytes.size() >= 14 && bytes.substr(6, 4) == "\0\0\0\0"sv) {
    return "image/bmp";
  }
  return "";
}

absl::StatusOr<v1::ImageData> ReadImage(const std::string& name) {
  absl::StatusOr<std::string> bytes = ReadFile(name, kMostRequestBytes);
  if (!bytes.ok()) return bytes.status();
  v1::ImageData image;
  image.set_mime_type(MediaTypeOf(*bytes));
  if (image.mime_type().empty()) {
    return absl::InvalidArgumentError(
        name + " is no image of a known kind: PNG, JPEG, GIF, WebP, BMP or TIFF is expected");
  }
  image.set_data(*std::move(bytes));
  return image;
}

}  // namespace sparkgate::client

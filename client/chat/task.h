#ifndef SPARKGATE_CLIENT_CHAT_TASK_H_
#define SPARKGATE_CLIENT_CHAT_TASK_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "client/chat/options.h"
#include "sparkgate/v1/message.pb.h"
#include "sparkgate/v1/request.pb.h"

namespace sparkgate::client {

// The whole of a file, or of standard input, up to `most` bytes. INVALID_ARGUMENT is a sentence
// without the flag's name: "FILE cannot be read", "FILE has more than N MiB". A directory cannot be
// read.
constexpr size_t kAnySize = static_cast<size_t>(-1);
absl::StatusOr<std::string> ReadFile(const std::string& name, size_t most = kAnySize);
absl::StatusOr<std::string> ReadStandardInput();

// The array of tools in a file's text, as it stands under `tools` in an HTTP body: `json` is that
// array, or an object with it as its only member. INVALID_ARGUMENT says which tool is wrong.
absl::StatusOr<std::string> ReadTools(const std::string& json);

// A response format that holds the answer to a JSON Schema, whose text goes upstream as it is
// written. The format's name is the schema's `title`, or else the file's without folder and
// extension, with '_' for what a name cannot have. INVALID_ARGUMENT: `json` is no JSON object, or
// one that wraps a schema.
absl::StatusOr<v1::ResponseFormat> SchemaFormat(const std::string& json, const std::string& file);

// What a server takes as one request unless it was started with another --max_receive_bytes.
constexpr size_t kMostRequestBytes = 32u << 20;

// By the first bytes, whatever the file is called: PNG, JPEG, GIF, WebP, BMP, TIFF. Empty: none of
// them.
std::string MediaTypeOf(std::string_view bytes);

// The file's bytes and media type. INVALID_ARGUMENT names the file and what would be right.
absl::StatusOr<v1::ImageData> ReadImage(const std::string& name);

// What to ask, read before anything is started.
struct Task {
  v1::ChatRequest request;  // in a conversation: without messages
  bool stream = true;
  bool conversation = false;
  std::vector<v1::ImageData> images;  // a conversation's: they go with its first question
};

// Reads the files that the options name and, where the question is there, standard input.
// INVALID_ARGUMENT names the flag, the file and what would be right.
absl::StatusOr<Task> ReadTask(const Options& options);

}  // namespace sparkgate::client

#endif  // SPARKGATE_CLIENT_CHAT_TASK_H_

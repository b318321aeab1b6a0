#ifndef SPARKGATE_CLIENT_CHAT_TASK_H_
#define SPARKGATE_CLIENT_CHAT_TASK_H_

#include <vector>

#include "absl/status/statusor.h"
#include "client/chat/options.h"
#include "sparkgate/v1/request.pb.h"

namespace sparkgate::client {

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

#ifndef SPARKGATE_CLIENT_CHAT_CONVERSATION_H_
#define SPARKGATE_CLIENT_CHAT_CONVERSATION_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sparkgate/v1/message.pb.h"
#include "sparkgate/v1/request.pb.h"
#include "sparkgate/v1/response.pb.h"

namespace sparkgate::client {

// The history of a conversation, as messages that can be sent. One thread.
class Conversation {
 public:
  explicit Conversation(std::optional<std::string> system) : system_(std::move(system)) {}

  // Absent: no system message; "": an empty one, which is sent.
  void set_system(std::optional<std::string> system) { system_ = std::move(system); }

  // Forgets what was said and attached; the system message stays.
  void Reset();

  // An image that goes with the next question.
  void Attach(v1::ImageData image) { images_.push_back(std::move(image)); }
  void DropImages() { images_.clear(); }
  bool has_images() const { return !images_.empty(); }

  // Adds what the user says, with what is attached.
  void Ask(const std::string& text);

  // The first call of the last answer that has no result yet; null if there is none, or if
  // something else was said meanwhile.
  const v1::ToolCall* open_call() const;

  // Adds the result of the open call.
  void AddResult(const std::string& result);

  // Adds the answer as it came, its first choice.
  void Answer(const v1::ChatResponse& response);

  // The answer ended early. Its text is kept if there is any, without tool calls, whose arguments
  // may be cut; else the question is taken back, so that two turns of the user never follow each
  // other. Returns whether it was kept.
  bool AnswerPartly(const v1::ChatResponse& response);

  // Takes the last question back, whose images are attached again, or the last result.
  void TakeBack();

  // Adds system message and history to `request`.
  void AddTo(v1::ChatRequest* request) const;

 private:
  std::optional<std::string> system_;
  std::vector<v1::ChatMessage> history_;
  std::vector<v1::ImageData> images_;
};

}  // namespace sparkgate::client

#endif  // SPARKGATE_CLIENT_CHAT_CONVERSATION_H_

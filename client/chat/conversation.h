#ifndef SPARKGATE_CLIENT_CHAT_CONVERSATION_H_
#define SPARKGATE_CLIENT_CHAT_CONVERSATION_H_

#include <optional>
#include <string>
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

  // Forgets what was said; the system message stays.
  void Reset() { history_.clear(); }

  // Adds what the user says.
  void Ask(const std::string& text);

  // Adds the answer as it came, its first choice.
  void Answer(const v1::ChatResponse& response);

  // The answer ended early. Its text is kept if there is any, without tool calls, whose arguments
  // may be cut; else the question is taken back, so that two turns of the user never follow each
  // other. Returns whether it was kept.
  bool AnswerPartly(const v1::ChatResponse& response);

  // Takes the last question back.
  void TakeBack();

  // Adds system message and history to `request`.
  void AddTo(v1::ChatRequest* request) const;

 private:
  std::optional<std::string> system_;
  std::vector<v1::ChatMessage> history_;
};

}  // namespace sparkgate::client

#endif  // SPARKGATE_CLIENT_CHAT_CONVERSATION_H_

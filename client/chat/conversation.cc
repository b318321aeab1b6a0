#include "client/chat/conversation.h"

namespace sparkgate::client {

void Conversation::Ask(const std::string& text) {
  v1::ChatMessage message;
  message.set_role("user");
  message.set_content(text);
  history_.push_back(std::move(message));
}

void Conversation::Answer(const v1::ChatResponse& response) {
  if (response.choices_size() > 0) history_.push_back(response.choices(0).message());
}

bool Conversation::AnswerPartly(const v1::ChatResponse& response) {
  if (response.choices_size() == 0 || response.choices(0).message().content().empty()) {
    TakeBack();
    return false;
  }
  v1::ChatMessage message = response.choices(0).message();
  message.clear_tool_calls();
  history_.push_back(std::move(message));
  return true;
}

void Conversation::TakeBack() {
  if (!history_.empty() && history_.back().role() == "user") history_.pop_back();
}

void Conversation::AddTo(v1::ChatRequest* request) const {
  if (system_) {
    v1::ChatMessage* message = request->add_messages();
    message->set_role("system");
    message->set_content(*system_);
  }
  for (const v1::ChatMessage& message : history_) *request->add_messages() = message;
}

}  // namespace sparkgate::client

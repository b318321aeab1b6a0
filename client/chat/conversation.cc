#include "client/chat/conversation.h"

namespace sparkgate::client {

void Conversation::Reset() {
  history_.clear();
  images_.clear();
}

void Conversation::Ask(const std::string& text) {
  v1::ChatMessage message;
  message.set_role("user");
  if (images_.empty()) {
    message.set_content(text);
  } else {
    message.add_content_parts()->set_text(text);
  }
  for (v1::ImageData& image : images_) {
    message.add_content_parts()->mutable_image_data()->Swap(&image);
  }
  images_.clear();
  history_.push_back(std::move(message));
}

const v1::ToolCall* Conversation::open_call() const {
  size_t results = 0;
  while (results < history_.size() && history_[history_.size() - 1 - results].role() == "tool") {
    ++results;
  }
  if (results == history_.size()) return nullptr;
  const v1::ChatMessage& answer = history_[history_.size() - 1 - results];
  const int place = static_cast<int>(results);
  if (answer.role() != "assistant" || place >= answer.tool_calls_size()) return nullptr;
  return &answer.tool_calls(place);
}

void Conversation::AddResult(const std::string& result) {
  v1::ChatMessage message;
  message.set_role("tool");
  const v1::ToolCall* const call = open_call();
  if (call != nullptr && call->has_id()) message.set_tool_call_id(call->id());
  message.set_content(result);
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
  if (history_.empty() || (history_.back().role() != "user" && history_.back().role() != "tool")) {
    return;
  }
  for (v1::ContentPart& part : *history_.back().mutable_content_parts()) {
    if (part.has_image_data()) images_.push_back(std::move(*part.mutable_image_data()));
  }
  history_.pop_back();
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

#include "service/call/outbox.h"

#include <utility>

#include "service/translate/stream_translator.h"

namespace sparkgate::call {

void Outbox::Add(v1::StreamChatResponse message) {
  // The sum of the parts is a little more than the merged message: a bound, and cheap.
  const size_t bytes = message.ByteSizeLong();
  bytes_ += bytes;
  if (merge_ && !messages_.empty() && translate::MergeInto(message, &messages_.back().message)) {
    messages_.back().bytes += bytes;
    return;
  }
  messages_.push_back({std::move(message), bytes});
}

std::string Outbox::Take() {
  Waiting& oldest = messages_.front();
  std::string serialised = oldest.message.SerializeAsString();
  bytes_ -= oldest.bytes;
  messages_.pop_front();
  return serialised;
}

void Outbox::Clear() {
  messages_.clear();
  bytes_ = 0;
}

}  // namespace sparkgate::call

#include "service/call/outbox.h"

#include <utility>

#include "service/translate/stream_joiner.h"

namespace sparkgate::call {

void Outbox::Add(v1::StreamChatResponse message) {
  const size_t bytes = message.ByteSizeLong();
  if (has_last_) {
    if (merge_ && last_bytes_ + bytes <= kMostMerged && translate::MergeInto(message, &last_)) {
      last_bytes_ += bytes;
      bytes_ += bytes;
      return;
    }
    SerializeLast();
  }
  last_ = std::move(message);
  has_last_ = true;
  last_bytes_ = kEach + bytes;
  bytes_ += last_bytes_;
}

void Outbox::SerializeLast() {
  std::string message = last_.SerializeAsString();
  last_ = v1::StreamChatResponse();
  has_last_ = false;
  bytes_ -= last_bytes_;
  bytes_ += kEach + message.size();
  earlier_.push_back(std::move(message));
}

std::string Outbox::Take() {
  if (earlier_.empty()) SerializeLast();
  std::string oldest = std::move(earlier_.front());
  earlier_.pop_front();
  bytes_ -= kEach + oldest.size();
  return oldest;
}

void Outbox::Clear() {
  earlier_.clear();
  last_ = v1::StreamChatResponse();
  has_last_ = false;
  bytes_ = 0;
}

}  // namespace sparkgate::call

#include "service/translate/stream_head.h"

#include <utility>

namespace sparkgate::translate {

bool StreamHead::Absorb(v1::StreamChatResponse* chunk) {
  const bool new_extra = chunk->has_extra_json() && chunk->extra_json() != extra_;
  const bool new_ids = chunk->prompt_token_ids_size() > 0;
  if (new_extra && fields_.has_extra_json()) return false;
  if (new_ids && fields_.prompt_token_ids_size() > 0) return false;
  if (chunk->has_id()) {
    if (has_id_ && chunk->id() != id_) ++oddities_;
    if (!has_id_) fields_.set_id(id_ = chunk->id());
    waiting_ = waiting_ || !has_id_;
    has_id_ = true;
  }
  // `created` changes from chunk to chunk on some servers: it says when the answer began.
  if (chunk->has_created() && !has_created_) {
    fields_.set_created(chunk->created());
    waiting_ = has_created_ = true;
  }
  if (chunk->has_model() && chunk->model() != model_) {
    fields_.set_model(model_ = chunk->model());
    waiting_ = true;
  }
  if (new_extra) {
    fields_.set_extra_json(extra_ = chunk->extra_json());
    waiting_ = true;
  }
  if (new_ids) {
    fields_.mutable_prompt_token_ids()->Swap(chunk->mutable_prompt_token_ids());
    waiting_ = true;
  }
  return true;
}

bool StreamHead::Fits(const v1::StreamChatResponse& message) const {
  return !(fields_.has_extra_json() && message.has_extra_json()) &&
         !(fields_.has_model() && message.has_model()) &&
         !(fields_.prompt_token_ids_size() > 0 && message.prompt_token_ids_size() > 0);
}

void StreamHead::Attach(v1::StreamChatResponse* message) {
  if (!waiting_) return;
  waiting_ = false;
  message->MergeFrom(fields_);
  fields_.Clear();
}

}  // namespace sparkgate::translate

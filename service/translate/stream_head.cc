#include "service/translate/stream_head.h"

#include <utility>

namespace sparkgate::translate {

bool StreamHead::Absorb(v1::StreamChatResponse* chunk) {
  const bool new_extra = chunk->has_extra_json() && chunk->extra_json() != extra_;
  const bool new_ids = chunk->prompt_token_ids_size() > 0;
  if (new_extra && fields_.has_extra_json()) return false;
  if (new_ids && fields_.prompt_token_ids_size() > 0) return false;
  // Of all these the first that says something counts: servers that do not know yet send "" or 0.
  if (IsNew(chunk->id(), &id_)) fields_.set_id(id_);
  if (IsNew(chunk->model(), &model_)) fields_.set_model(model_);
  // `created` changes from chunk to chunk on some servers: it says when the answer began.
  if (chunk->created() != 0 && !has_created_) {
    fields_.set_created(chunk->created());
    waiting_ = has_created_ = true;
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

bool StreamHead::IsNew(const std::string& value, std::string* known) {
  if (value.empty() || value == *known) return false;
  if (!known->empty()) {
    ++anomalies_;
    return false;
  }
  *known = value;
  return waiting_ = true;
}

bool StreamHead::Fits(const v1::StreamChatResponse& message) const {
  return !(fields_.has_extra_json() && message.has_extra_json()) &&
         !(fields_.prompt_token_ids_size() > 0 && message.prompt_token_ids_size() > 0);
}

void StreamHead::Attach(v1::StreamChatResponse* message) {
  if (!waiting_) return;
  waiting_ = false;
  message->MergeFrom(fields_);
  fields_.Clear();
}

}  // namespace sparkgate::translate

#include "service/call/unary_call.h"

#include <utility>

#include "service/call/endings.h"
#include "service/translate/chat_decoder.h"
#include "service/translate/models_decoder.h"

namespace sparkgate::call {

// A body on its way through the decoder, which may run on another thread.
struct UnaryCall::Decoding {
  Asked asked;
  std::string body;
  bool must_be_whole;  // nothing but the body itself can say that it is complete
  HeaderList headers;

  CallStatus status;
  std::string answer;
  int prompt_tokens = -1;
  int completion_tokens = -1;

  void Run() {
    if (must_be_whole && !translate::IsWholeJsonObject(body)) {
      status = Truncated("The upstream closed the connection in the middle of the answer");
      return;
    }
    if (asked == Asked::kModels) {
      ReadModels();
    } else {
      ReadCompletion();
    }
  }

  void ReadModels() {
    v1::ListModelsResponse response;
    status = translate::DecodeModels(body, headers, &response);
    if (status.ok()) answer = response.SerializeAsString();
  }

  void ReadCompletion() {
    v1::ChatResponse response;
    status = translate::DecodeChat(body, headers, &response);
    if (!status.ok()) return;
    answer = response.SerializeAsString();
    if (response.usage().has_prompt_tokens()) prompt_tokens = response.usage().prompt_tokens();
    if (response.usage().has_completion_tokens()) {
      completion_tokens = response.usage().completion_tokens();
    }
  }
};

bool UnaryCall::AcceptsType(std::string_view media_type) const {
  return media_type == "application/json";
}

void UnaryCall::OnAnswerBytes(std::string_view bytes) {
  if (body_.size() + bytes.size() > limits().max_chat_body_bytes) {
    return Decide(TooLargeAnswer("an answer", limits().max_chat_body_bytes));
  }
  body_.append(bytes);
}

void UnaryCall::OnAnswerEnd(How how) {
  if (how != How::kComplete && how != How::kClosed) {
    return Decide(TransferFailed(how, request().asked));
  }
  auto decoding = std::make_shared<Decoding>();
  decoding->asked = request().asked;
  decoding->body = std::move(body_);
  decoding->must_be_whole = how == How::kClosed;
  decoding->headers = upstream_headers();
  if (decoding->body.size() <= limits().large_bytes) {
    decoding->Run();
    return OnDecoded(decoding);
  }
  HoldUpstream();
  host()->Offload(
      this, decoding->body.size(), [decoding] { decoding->Run(); },
      [this, decoding] { OnDecoded(decoding); });
}

void UnaryCall::OnDecoded(const std::shared_ptr<Decoding>& decoding) {
  if (decided()) return;
  NoteDecoded();
  if (decoding->status.ok()) {
    answer_ = std::move(decoding->answer);
    mutable_summary().first_content = host()->Now();
    mutable_summary().prompt_tokens = decoding->prompt_tokens;
    mutable_summary().completion_tokens = decoding->completion_tokens;
  }
  Decide(std::move(decoding->status));
}

std::string UnaryCall::TakeMessage() {
  std::string answer = std::move(*answer_);
  answer_.reset();
  return answer;
}

}  // namespace sparkgate::call

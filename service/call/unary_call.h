#ifndef SPARKGATE_SERVICE_CALL_UNARY_CALL_H_
#define SPARKGATE_SERVICE_CALL_UNARY_CALL_H_

#include <optional>
#include <string>
#include <string_view>

#include "service/call/call.h"

namespace sparkgate::call {

// A call of Chat or ListModels: the answer is one JSON body, and one message. What was asked for
// says how the body is read.
class UnaryCall final : public Call {
 public:
  using Call::Call;

 private:
  struct Decoding;

  void OnAnswerBytes(std::string_view bytes) override;
  void OnAnswerEnd(How how) override;
  bool HasMessage() const override { return answer_.has_value(); }
  std::string TakeMessage() override;
  void DropMessages() override { answer_.reset(); }
  void ReleaseHeld() override {}
  void AfterWrite() override {}

  void OnDecoded(Decoding& decoding);

  std::string body_;
  std::optional<std::string> answer_;  // serialised
};

}  // namespace sparkgate::call

#endif  // SPARKGATE_SERVICE_CALL_UNARY_CALL_H_

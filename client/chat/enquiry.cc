#include "client/chat/enquiry.h"

#include <string>

#include "client/chat/explain_text.h"
#include "client/chat/models_text.h"
#include "client/chat/proto_json.h"

namespace sparkgate::client {

CallOptions Enquiry::Begin(Canceller* canceller) {
  CallOptions call;
  call.timeout = options_.timeout;
  call.metadata = options_.metadata;
  call.canceller = canceller;
  interrupts_.SetHandler([canceller] { canceller->Cancel(); });
  return call;
}

ExitCode Enquiry::ListModels() {
  Canceller canceller;
  const Result<ModelsReply> reply = client_.ListModels(Begin(&canceller));
  interrupts_.ClearHandler();
  if (!reply.ok()) {
    return Complain(reply.error(),
                    "This server does not list models: is it older than this program, or is the "
                    "address wrong?");
  }
  const v1::ListModelsResponse& models = reply.value().response;
  out_.Print(options_.json ? ProtoJsonLine(models) : ModelsText(models));
  if (models.data().empty()) err_.Print("[the upstream lists no models]\n", Screen::Tone::kDim);
  return kExitOk;
}

ExitCode Enquiry::ExplainChat(const v1::ChatRequest& request, bool stream) {
  Canceller canceller;
  const Result<ExplainReply> reply = client_.Explain(request, Begin(&canceller));
  interrupts_.ClearHandler();
  if (!reply.ok()) {
    return Complain(reply.error(),
                    "--explain: this server does not explain requests; start it with "
                    "--debug_service.");
  }
  const v1::ExplainChatResponse& explained = reply.value().response;
  out_.Print(options_.json ? ProtoJsonLine(explained)
                           : ExplainText(explained, stream, out_.terminal()));
  return kExitOk;
}

ExitCode Enquiry::Complain(const CallError& error, const char* if_not_served) {
  const ExitCode code = ExitCodeFor(error);
  if (code == kExitCancelled) {
    err_.Print("[stopped]\n", Screen::Tone::kDim);
    return code;
  }
  // gRPC's own status, which says no more.
  const bool not_served = error.code == absl::StatusCode::kUnimplemented && error.reason.empty();
  const std::string text = not_served ? if_not_served : Explain(error, Billing::kNever);
  err_.Print("sparkgate-chat: " + text + "\n", Screen::Tone::kRed);
  return code;
}

}  // namespace sparkgate::client

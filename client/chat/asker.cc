#include "client/chat/asker.h"

#include <string>
#include <utility>

#include "client/accumulator.h"
#include "client/chat/answer_printer.h"
#include "client/chat/logprobs_text.h"
#include "client/chat/proto_json.h"

namespace sparkgate::client {

Answer Asker::Ask(const v1::ChatRequest& request, bool stream) {
  Canceller canceller;
  CallOptions call;
  call.timeout = options_.timeout;
  call.metadata = options_.metadata;
  call.canceller = &canceller;
  interrupts_.SetHandler([&canceller] { canceller.Cancel(); });
  Stopwatch watch;
  Answer answer = stream ? AskStream(request, call, &watch) : AskWhole(request, call, &watch);
  interrupts_.ClearHandler();
  return answer;
}

Answer Asker::AskStream(const v1::ChatRequest& request, const CallOptions& call, Stopwatch* watch) {
  Stream stream = client_.StreamChat(request, call);
  Accumulator accumulator;
  AnswerPrinter printer(&out_, ReasoningScreen(), request.n() > 1);
  v1::StreamChatResponse message;
  while (stream.Next(&message)) {
    watch->Add(message);
    accumulator.Add(message);
    if (options_.json) {
      out_.Print(ProtoJsonLine(message));
    } else {
      printer.Add(message);
    }
  }
  watch->Stop();
  Answer answer;
  answer.response = accumulator.response();
  if (!options_.json) printer.Finish(answer.response);
  Complain(stream.Finish(), answer.response.choices_size() > 0, &answer);
  PrintStats(answer, *watch, stream.initial_metadata());
  return answer;
}

Answer Asker::AskWhole(const v1::ChatRequest& request, const CallOptions& call, Stopwatch* watch) {
  Result<ChatReply> reply = client_.Chat(request, call);
  watch->Stop();
  Answer answer;
  if (!reply.ok()) {
    Complain(reply.error(), false, &answer);
    return answer;
  }
  answer.response = std::move(reply.value().response);
  if (options_.json) {
    out_.Print(ProtoJsonLine(answer.response));
  } else {
    AnswerPrinter(&out_, ReasoningScreen(), request.n() > 1).Finish(answer.response);
  }
  PrintRemarks(answer.response);
  PrintStats(answer, *watch, reply.value().initial_metadata);
  return answer;
}

void Asker::Complain(const std::optional<CallError>& error, bool partly, Answer* answer) {
  if (!error) {
    PrintRemarks(answer->response);
    return;
  }
  answer->exit_code = ExitCodeFor(*error);
  if (answer->exit_code == kExitCancelled) {
    err_.Print("[stopped]\n", Screen::Tone::kDim);
    return;
  }
  err_.Print("sparkgate-chat: " + Explain(*error) + "\n", Screen::Tone::kRed);
  if (partly) err_.Print("  The answer above is not complete.\n", Screen::Tone::kRed);
}

// Where a program reads, standard output holds the answer alone.
Screen* Asker::ReasoningScreen() {
  if (!options_.reasoning.value_or(out_.terminal())) return nullptr;
  return out_.terminal() ? &out_ : &err_;
}

void Asker::PrintRemarks(const v1::ChatResponse& response) {
  for (const v1::Choice& choice : response.choices()) {
    const std::string& reason = choice.finish_reason();
    if (reason.empty() || reason == "stop") continue;
    err_.Print(
        reason == "length" ? "[cut at the limit of tokens]\n" : "[finish reason: " + reason + "]\n",
        Screen::Tone::kDim);
  }
  if (options_.logprobs && !options_.json) {
    err_.Print(LogprobsText(response), Screen::Tone::kDim);
  }
}

void Asker::PrintStats(const Answer& answer, const Stopwatch& watch, const Metadata& metadata) {
  if (!options_.stats) return;
  const auto id = metadata.find("x-request-id");
  err_.Print(StatsText(answer.response, watch, id == metadata.end() ? "" : id->second),
             Screen::Tone::kDim);
}

}  // namespace sparkgate::client

#include "client/chat/asker.h"

#include <google/protobuf/util/json_util.h>

#include <string>
#include <utility>

#include "client/accumulator.h"
#include "client/chat/answer_printer.h"

namespace sparkgate::client {

Answer Asker::Ask(v1::ChatRequest request, bool stream) {
  // StreamChat has the upstream's metrics only when asked; a body is sent as it is.
  if (options_.stats && stream && !options_.body) request.set_perf_metrics_in_response(true);
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
  AnswerPrinter printer(&out_, request.n() > 1);
  v1::StreamChatResponse message;
  while (stream.Next(&message)) {
    watch->Add(message);
    accumulator.Add(message);
    if (options_.json) {
      PrintJson(message);
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
    PrintJson(answer.response);
  } else {
    AnswerPrinter(&out_, request.n() > 1).Finish(answer.response);
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

void Asker::PrintJson(const google::protobuf::Message& message) {
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(message, &json);
  out_.Print(status.ok() ? json + "\n" : "{}\n");
}

void Asker::PrintRemarks(const v1::ChatResponse& response) {
  for (const v1::Choice& choice : response.choices()) {
    if (choice.finish_reason() == "length") {
      err_.Print("[cut at the limit of tokens]\n", Screen::Tone::kDim);
    }
  }
}

void Asker::PrintStats(const Answer& answer, const Stopwatch& watch, const Metadata& metadata) {
  if (!options_.stats) return;
  const auto id = metadata.find("x-request-id");
  err_.Print(StatsText(answer.response, watch, id == metadata.end() ? "" : id->second),
             Screen::Tone::kDim);
}

}  // namespace sparkgate::client

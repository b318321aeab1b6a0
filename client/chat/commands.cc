#include "client/chat/commands.h"

#include <string>
#include <utility>

#include "client/accumulator.h"
#include "client/chat/answer_printer.h"
#include "client/chat/report.h"
#include "client/json.h"

namespace sparkgate::client {
namespace {

// Also where `n` stands in a body.
bool AsksForSeveral(const v1::ChatRequest& request) {
  JsonDocument body;
  int32_t n = request.n();
  if (ParseJson(request.extra_body_json(), &body).ok()) {
    if (const auto given = body.root().Find("n")) given->AsInteger(&n);
  }
  return n > 1;
}

}  // namespace

CallOptions Commands::Begin(Canceller* canceller) {
  CallOptions call;
  call.timeout = options_.timeout;
  call.metadata = options_.metadata;
  call.canceller = canceller;
  interrupts_.SetHandler([canceller] { canceller->Cancel(); });
  return call;
}

ExitCode Commands::PrintError(const CallError& error, const std::string& text) {
  const ExitCode code = ExitCodeFor(error);
  if (code == kExitCancelled) {
    err_.Print("[stopped]\n", Console::Tone::kDim);
  } else {
    err_.Print("sparkgate-chat: " + text + "\n", Console::Tone::kRed);
  }
  return code;
}

// --- Questions ---

Answer Commands::Ask(const v1::ChatRequest& request, bool stream) {
  Canceller canceller;
  const CallOptions call = Begin(&canceller);
  Stopwatch watch;
  Answer answer = stream ? AskStream(request, call, &watch) : AskWhole(request, call, &watch);
  interrupts_.ClearHandler();
  return answer;
}

Answer Commands::AskStream(const v1::ChatRequest& request, const CallOptions& call,
                           Stopwatch* watch) {
  Stream stream = client_.StreamChat(request, call);
  Accumulator accumulator;
  AnswerPrinter printer(&out_, ReasoningConsole(), AsksForSeveral(request));
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
  if (const std::optional<CallError> error = stream.Finish()) {
    answer.exit_code = PrintError(*error, Explain(*error));
    if (answer.exit_code != kExitCancelled && answer.response.choices_size() > 0) {
      err_.Print("  The answer above is not complete.\n", Console::Tone::kRed);
    }
  } else {
    PrintRemarks(answer.response);
  }
  PrintStats(answer, *watch, stream.initial_metadata());
  return answer;
}

Answer Commands::AskWhole(const v1::ChatRequest& request, const CallOptions& call,
                          Stopwatch* watch) {
  Result<ChatReply> reply = client_.Chat(request, call);
  watch->Stop();
  Answer answer;
  if (!reply.ok()) {
    answer.exit_code = PrintError(reply.error(), Explain(reply.error()));
    return answer;
  }
  answer.response = std::move(reply.value().response);
  if (options_.json) {
    out_.Print(ProtoJsonLine(answer.response));
  } else {
    AnswerPrinter(&out_, ReasoningConsole(), AsksForSeveral(request)).Finish(answer.response);
  }
  PrintRemarks(answer.response);
  PrintStats(answer, *watch, reply.value().initial_metadata);
  return answer;
}

// Where a program reads, standard output holds the answer alone.
Console* Commands::ReasoningConsole() {
  if (!options_.reasoning.value_or(out_.terminal())) return nullptr;
  return out_.terminal() ? &out_ : &err_;
}

void Commands::PrintRemarks(const v1::ChatResponse& response) {
  for (const v1::Choice& choice : response.choices()) {
    const std::string& reason = choice.finish_reason();
    if (reason.empty() || reason == "stop") continue;
    err_.Print(
        reason == "length" ? "[cut at the limit of tokens]\n" : "[finish reason: " + reason + "]\n",
        Console::Tone::kDim);
  }
  if (options_.logprobs && !options_.json) {
    err_.Print(LogprobsText(response), Console::Tone::kDim);
  }
}

void Commands::PrintStats(const Answer& answer, const Stopwatch& watch, const Metadata& metadata) {
  if (!options_.stats) return;
  const auto id = metadata.find("x-request-id");
  err_.Print(StatsText(answer.response, watch, id == metadata.end() ? "" : id->second),
             Console::Tone::kDim);
}

// --- What a server has, and what it would do ---

ExitCode Commands::ListModels() {
  Canceller canceller;
  const Result<ModelsReply> reply = client_.ListModels(Begin(&canceller));
  interrupts_.ClearHandler();
  if (!reply.ok()) {
    return PrintErrorOf(
        reply.error(),
        "This server does not list models: is it older than this program, or is the "
        "address wrong?");
  }
  const v1::ListModelsResponse& models = reply.value().response;
  out_.Print(options_.json ? ProtoJsonLine(models) : ModelsText(models));
  if (models.data().empty()) err_.Print("[the upstream lists no models]\n", Console::Tone::kDim);
  return kExitOk;
}

ExitCode Commands::ExplainChat(const v1::ChatRequest& request, bool stream) {
  Canceller canceller;
  const Result<ExplainReply> reply = client_.Explain(request, Begin(&canceller));
  interrupts_.ClearHandler();
  if (!reply.ok()) {
    return PrintErrorOf(reply.error(),
                        "--explain: this server does not explain requests; start it with "
                        "--debug_service.");
  }
  const v1::ExplainChatResponse& explained = reply.value().response;
  out_.Print(options_.json ? ProtoJsonLine(explained)
                           : ExplainText(explained, stream, out_.terminal()));
  return kExitOk;
}

ExitCode Commands::PrintErrorOf(const CallError& error, const char* if_not_served) {
  // gRPC's own status, which says no more.
  const bool not_served = error.code == absl::StatusCode::kUnimplemented && error.reason.empty();
  return PrintError(error, not_served ? if_not_served : Explain(error, Billing::kNever));
}

}  // namespace sparkgate::client

#include "client/chat/prompt.h"

#include <utility>

#include "base/text.h"
#include "client/chat/task.h"

namespace sparkgate::client {
namespace {

constexpr char kHelp[] =
    "/reset        forget the conversation\n"
    "/system TEXT  set the system message; /system \"\" sends an empty one, /system alone none\n"
    "/image FILE   a picture that goes with the next question; /image alone takes all back\n"
    "/tool RESULT  the result of the function that the model has called; when it has called "
    "several,\n"
    "              once for each, in their order\n"
    "/help         this list\n"
    "/quit         end; so do Ctrl-D and Ctrl-C twice\n"
    "//TEXT        ask a question that begins with a slash\n"
    "Ctrl-C stops an answer and keeps the conversation.\n";

std::string Trimmed(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

}  // namespace

Prompt::Prompt(Commands* commands, Interrupts* interrupts, int input, Console* err,
               Conversation conversation, v1::ChatRequest parameters, bool stream)
    : commands_(*commands),
      interrupts_(*interrupts),
      err_(*err),
      lines_(input, interrupts->event()),
      conversation_(std::move(conversation)),
      parameters_(std::move(parameters)),
      stream_(stream) {}

void Prompt::Run(const std::string& first) {
  if (!first.empty()) Ask(first);
  while (true) {
    err_.Print("> ", Console::Tone::kBold);
    std::string line;
    const LineReader::Result result = lines_.Read(&line);
    if (result == LineReader::Result::kEnd) {
      err_.Print("\n");
      return;
    }
    const Next next = result == LineReader::Result::kLine ? OnLine(line) : OnInterrupt();
    if (next == Next::kEnd) return;
  }
}

// Ctrl-C may come a moment after the answer has ended by itself: one alone never loses the
// conversation.
Prompt::Next Prompt::OnInterrupt() {
  interrupts_.Take();
  err_.Print("\n");
  if (interrupted_) return Next::kEnd;
  interrupted_ = true;
  Notice("Ctrl-C again ends, as does /quit.");
  return Next::kGoOn;
}

Prompt::Next Prompt::OnLine(const std::string& line) {
  interrupted_ = false;
  const std::string text = Trimmed(line);
  if (text.empty()) return Next::kGoOn;
  if (!IsValidUtf8(text)) {
    Notice("This is not UTF-8 text; it was not sent.");
    return Next::kGoOn;
  }
  if (text.rfind("//", 0) == 0) {
    Ask(text.substr(1));
    return Next::kGoOn;
  }
  if (text[0] == '/') return OnCommand(text);
  Ask(text);
  return Next::kGoOn;
}

Prompt::Next Prompt::OnCommand(const std::string& line) {
  const size_t space = line.find_first_of(" \t");
  const std::string command = line.substr(0, space);
  const std::string rest = space == std::string::npos ? "" : Trimmed(line.substr(space));
  if (command == "/quit" || command == "/exit") return Next::kEnd;
  if (command == "/reset") {
    conversation_.Reset();
    Notice("The conversation is forgotten.");
  } else if (command == "/system") {
    SetSystem(rest);
  } else if (command == "/image") {
    AttachImage(rest);
  } else if (command == "/tool") {
    AddResult(rest);
  } else if (command == "/help") {
    err_.Print(kHelp);
  } else {
    Notice("There is no command " + command + "; /help lists them.");
  }
  return Next::kGoOn;
}

void Prompt::SetSystem(const std::string& text) {
  if (text.empty()) {
    conversation_.set_system(std::nullopt);
    Notice("No system message is sent.");
  } else if (text == "\"\"") {
    conversation_.set_system("");
    Notice("An empty system message is sent.");
  } else {
    conversation_.set_system(text);
    Notice("The system message is set.");
  }
}

void Prompt::AttachImage(const std::string& name) {
  if (name.empty()) {
    conversation_.DropImages();
    return Notice("No picture goes with the next question.");
  }
  absl::StatusOr<v1::ImageData> image = ReadImage(name);
  if (!image.ok()) return Notice("/image: " + std::string(image.status().message()));
  Notice(name + " (" + image->mime_type() + ") goes with the next question.");
  conversation_.Attach(*std::move(image));
}

void Prompt::AddResult(const std::string& text) {
  if (conversation_.open_call() == nullptr) {
    return Notice("/tool: the last answer calls no function, or has every result.");
  }
  conversation_.AddResult(text);
  if (conversation_.open_call() == nullptr) return Send();
  NoticeWhatWaits();
}

void Prompt::Ask(const std::string& text) {
  conversation_.Ask(text);
  Send();
}

void Prompt::Send() {
  v1::ChatRequest request = parameters_;
  conversation_.AddTo(&request);
  const Answer answer = commands_.Ask(request, stream_);
  if (answer.complete()) {
    conversation_.Answer(answer.response);
  } else if (answer.exit_code == kExitCancelled) {
    interrupted_ = true;
    if (!conversation_.AnswerPartly(answer.response)) {
      Notice("No answer had come, so the question is taken back.");
    }
  } else {
    conversation_.TakeBack();
    Notice("The question is taken back; the conversation goes on as it was before.");
  }
  NoticeWhatWaits();
}

void Prompt::NoticeWhatWaits() {
  if (const v1::ToolCall* const call = conversation_.open_call()) {
    Notice("/tool RESULT gives the result of " + call->function().name() + ".");
  }
  if (conversation_.has_images()) {
    Notice("The picture goes with the next question; /image alone takes it back.");
  }
}

void Prompt::Notice(const std::string& text) {
  err_.Print("[" + text + "]\n", Console::Tone::kDim);
}

}  // namespace sparkgate::client

// For random answers, sent in every disorder that servers are known for: what a caller joins by the
// plain loop is the answer, each finish reason is told once with no content behind it, and what is
// sent stays linear in the answer.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "service/translate/stream_translator.h"

namespace sparkgate::translate {
namespace {

using Messages = std::vector<v1::StreamChatResponse>;

struct Call {
  std::string id, name, arguments;
};

struct Answer {
  std::string content, reasoning;
  std::vector<Call> calls;
};

std::string Quoted(const std::string& text) {
  std::string json = "\"";
  for (const char c : text) json += (c == '"' || c == '\\' ? "\\" : "") + std::string(1, c);
  return json + "\"";
}

// How a server sends its answers.
class Server {
 public:
  explicit Server(unsigned seed) : engine_(seed) {
    indices_ = static_cast<Indices>(Below(6));
    ids_everywhere_ = Chance(30);
    names_in_pieces_ = Chance(30);
    empty_object_first_ = Chance(30);
    finish_everywhere_ = Chance(30);
    message_beside_ = Chance(30);
    other_reasoning_ = Chance(50);
    keep_alives_ = Chance(50);
  }

  Answer MakeAnswer() {
    Answer answer;
    answer.content = Words(Below(12));
    answer.reasoning = Words(Below(6));
    for (int i = Below(4); i > 0; --i) {
      const std::string number = std::to_string(answer.calls.size());
      answer.calls.push_back({"id" + number, "get_" + number,
                              "{\"x\":" + Quoted(Words(1 + Below(3))) + ",\"n\":" + number + "}"});
    }
    return answer;
  }

  std::vector<std::string> Events(const Answer& answer) {
    events_.clear();
    content_.clear();
    const std::string reasoning = other_reasoning_ ? "reasoning" : "reasoning_content";
    for (const auto& piece : Cut(answer.reasoning)) Delta(Quoted(reasoning) + ":" + Quoted(piece));
    for (const auto& piece : Cut(answer.content)) {
      content_ += piece;
      Delta("\"content\":" + Quoted(piece));
    }
    for (size_t i = 0; i < answer.calls.size(); ++i) AddCall(static_cast<int>(i), answer.calls[i]);
    if (!finish_everywhere_) Event("\"delta\":{},\"finish_reason\":\"stop\"");
    return events_;
  }

 private:
  enum class Indices { kRight, kAllZero, kNone, kNull, kText, kOffset };

  int Below(int bound) { return std::uniform_int_distribution<int>(0, bound - 1)(engine_); }
  bool Chance(int percent) { return Below(100) < percent; }

  std::string Words(int count) {
    std::string words;
    for (int i = 0; i < count; ++i)
      words += std::string(1, static_cast<char>('a' + Below(26))) + " ";
    return words;
  }

  std::vector<std::string> Cut(std::string text) {
    std::vector<std::string> pieces;
    while (!text.empty()) {
      const int size = 1 + Below(static_cast<int>(text.size()));
      pieces.push_back(text.substr(0, size));
      text.erase(0, size);
    }
    return pieces;
  }

  std::string IndexMember(int call) const {
    switch (indices_) {
      case Indices::kRight:
        return "\"index\":" + std::to_string(call) + ",";
      case Indices::kAllZero:
        return "\"index\":0,";
      case Indices::kNone:
        return "";
      case Indices::kNull:
        return "\"index\":null,";
      case Indices::kText:
        return "\"index\":\"" + std::to_string(call) + "\",";
      case Indices::kOffset:
        return "\"index\":" + std::to_string(call + 3) + ",";
    }
    return "";
  }

  void Fragment(int call, const std::string& id, const std::string& function) {
    const std::string head = id.empty() ? "" : "\"id\":" + Quoted(id) + ",\"type\":\"function\",";
    Delta("\"tool_calls\":[{" + IndexMember(call) + head + "\"function\":{" + function + "}}]");
  }

  void AddCall(int index, const Call& call) {
    const std::string again = ids_everywhere_ ? call.id : "";
    std::string name = "\"name\":" + Quoted(call.name);
    if (names_in_pieces_) {
      Fragment(index, call.id, "\"name\":" + Quoted(call.name.substr(0, 2)));
      Fragment(index, again, "\"name\":" + Quoted(call.name.substr(2)));
      Fragment(index, again, "\"arguments\":\"\"");
    } else {
      const char* const first = empty_object_first_ ? "\"{}\"" : "\"\"";
      Fragment(index, call.id, name + ",\"arguments\":" + first);
    }
    for (const auto& piece : Cut(call.arguments)) {
      const bool repeats = ids_everywhere_ && !names_in_pieces_;
      Fragment(index, again, (repeats ? name + "," : "") + "\"arguments\":" + Quoted(piece));
    }
  }

  void Delta(const std::string& members) {
    std::string choice = "\"delta\":{" + members + "}";
    if (message_beside_) {
      choice += R"(,"message":{"role":"assistant","content":)" + Quoted(content_) + "}";
    }
    if (finish_everywhere_) choice += ",\"finish_reason\":\"stop\"";
    Event(choice);
  }

  void Event(const std::string& choice) {
    static const std::vector<std::string> kLife = {": busy", "\"\"", "null", "ping", "5", "words"};
    if (keep_alives_ && Chance(20)) events_.push_back(kLife[Below(static_cast<int>(kLife.size()))]);
    events_.push_back(R"({"id":"","model":"","created":0,"choices":[{"index":0,)" + choice + "}]}");
  }

  std::mt19937 engine_;
  Indices indices_;
  bool ids_everywhere_, names_in_pieces_, empty_object_first_, finish_everywhere_, message_beside_;
  bool other_reasoning_, keep_alives_;
  std::string content_;
  std::vector<std::string> events_;
};

// Any of these after any event: bytes may end anywhere.
Messages Translate(const std::vector<std::string>& events, unsigned seed) {
  StreamTranslator translator(1, {});
  Messages messages;
  for (const std::string& event : events) {
    const auto outcome = translator.Push("", event, &messages);
    EXPECT_TRUE(outcome.status.ok()) << outcome.status.message << event;
    if (seed % 2 == 0) translator.ReleaseContent(&messages);
  }
  EXPECT_TRUE(translator.StatusAtEndMark().ok());
  translator.Release(true, &messages);
  return messages;
}

Answer Join(const Messages& messages) {
  Answer answer;
  for (const auto& message : messages) {
    const v1::ChatMessage& delta = message.choices(0).delta();
    answer.content += delta.content();
    answer.reasoning += delta.reasoning_content();
    for (const auto& fragment : delta.tool_calls()) {
      if (fragment.index() >= static_cast<int>(answer.calls.size())) {
        answer.calls.resize(fragment.index() + 1);
      }
      Call& call = answer.calls[fragment.index()];
      call.id += fragment.id();
      call.name += fragment.function().name();
      call.arguments += fragment.function().arguments();
    }
  }
  return answer;
}

size_t Words(const Answer& answer) {
  return answer.content.size() + answer.reasoning.size() + answer.calls.size();
}

std::string Describe(const std::vector<Call>& calls) {
  std::string all;
  for (const Call& call : calls) all += call.id + ":" + call.name + "(" + call.arguments + ") ";
  return all;
}

size_t Bytes(const Messages& messages) {
  size_t bytes = 0;
  for (const auto& message : messages) bytes += message.ByteSizeLong();
  return bytes;
}

TEST(StreamDisorderTest, TheAnswerIsTheSameInEveryDisorder) {
  for (unsigned seed = 0; seed < 2000 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Server server(seed);
    const Answer answer = server.MakeAnswer();
    if (Words(answer) == 0) continue;
    const std::vector<std::string> events = server.Events(answer);
    const Messages messages = Translate(events, seed);
    const Answer joined = Join(messages);
    EXPECT_EQ(joined.content, answer.content);
    EXPECT_EQ(joined.reasoning, answer.reasoning);
    EXPECT_EQ(Describe(joined.calls), Describe(answer.calls));
    for (size_t i = 0; i < messages.size(); ++i) {
      EXPECT_EQ(messages[i].choices(0).has_finish_reason(), i + 1 == messages.size());
    }
    // A share for each event and what the caller is told, whatever the server repeats.
    EXPECT_LT(Bytes(messages), 64 * events.size() + 200);
  }
}

}  // namespace
}  // namespace sparkgate::translate

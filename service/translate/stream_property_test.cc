// For random answers, cut at random into chunks: what StreamChat sends, appended in order, is what
// Chat returns for the whole answer; with and without merging of messages that wait behind a slow
// reader.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "google/protobuf/util/message_differencer.h"
#include "service/translate/response_decoder.h"
#include "service/translate/stream_joiner.h"
#include "service/translate/stream_translator.h"

namespace sparkgate::translate {
namespace {

using Messages = std::vector<v1::StreamChatResponse>;

// A character as UTF-16 units, which is how some servers cut text.
const std::vector<std::u16string> kCharacters = {
    u"a", u"b", u" ", u"\"", u"\\", u"\n", u"\u00e9", u"\u4e2d", u"\U0001F600", u"\U0001F680"};

std::string Quoted(const std::u16string& units) {
  std::string json = "\"";
  for (char16_t unit : units) {
    char escape[8];
    std::snprintf(escape, sizeof(escape), "\\u%04x", static_cast<unsigned>(unit));
    json += unit >= 'a' && unit <= 'z' ? std::string(1, static_cast<char>(unit)) : escape;
  }
  return json + "\"";
}

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  int Below(int bound) { return std::uniform_int_distribution<int>(0, bound - 1)(engine_); }
  bool Chance(int percent) { return Below(100) < percent; }

  std::u16string Text(int max_characters) {
    std::u16string text;
    for (int i = Below(max_characters + 1); i > 0; --i) {
      text += kCharacters[Below(static_cast<int>(kCharacters.size()))];
    }
    return text;
  }

  // `text` in one to four pieces, cut anywhere, also inside a surrogate pair.
  std::vector<std::u16string> Cut(std::u16string text) {
    std::vector<std::u16string> pieces;
    for (int i = Below(4); i > 0; --i) {
      const int at = Below(static_cast<int>(text.size()) + 1);
      pieces.push_back(text.substr(0, at));
      text.erase(0, at);
    }
    pieces.push_back(text);
    return pieces;
  }

 private:
  std::mt19937 engine_;
};

// One choice: the members of its message, and the entries of its chunks without the index.
struct Choice {
  std::string message;
  std::string logprobs;
  std::string finish;
  std::vector<std::string> entries;
};

std::string Delta(const std::string& members) { return R"("delta":{)" + members + "}"; }

void AddText(const std::string& key, Random* random, Choice* choice) {
  const std::u16string text = random->Text(12);
  choice->message += ",\"" + key + "\":" + Quoted(text);
  for (const auto& piece : random->Cut(text)) {
    choice->entries.push_back(Delta("\"" + key + "\":" + Quoted(piece)));
  }
}

std::string Call(const std::string& index, const std::string& head, const std::string& function) {
  std::string members = index;
  for (const std::string& part : {head, "\"function\":{" + function + "}"}) {
    if (!part.empty()) members += (members.empty() ? "" : ",") + part;
  }
  return "{" + members + "}";
}

void AddCalls(Random* random, Choice* choice) {
  std::string whole;
  const bool repeats = random->Chance(30);  // id, type and name in every fragment
  for (int i = 0; i < 1 + random->Below(3); ++i) {
    const std::string index = "\"index\":" + std::to_string(i);
    const std::string head = "\"id\":\"call" + std::to_string(i) + R"(","type":"function")";
    const std::string name = "\"name\":\"f" + std::to_string(i) + "\"";
    const std::u16string arguments = random->Text(10);
    whole += (whole.empty() ? "" : ",") +
             Call(index, head, name + ",\"arguments\":" + Quoted(arguments));
    bool first = true;
    for (const auto& piece : random->Cut(arguments)) {
      const std::string text = "\"arguments\":" + Quoted(piece);
      const bool full = first || repeats;
      const std::string null_name = random->Chance(50) ? "\"name\":null," : "";
      choice->entries.push_back(Delta(
          "\"tool_calls\":[" +
          (full ? Call(index, head, name + "," + text) : Call(index, "", null_name + text)) + "]"));
      first = false;
    }
  }
  choice->message += ",\"tool_calls\":[" + whole + "]";
}

void AddLogprobs(Random* random, Choice* choice) {
  for (int i = 0; i < random->Below(4); ++i) {
    const std::string token = R"({"token":"t","logprob":-0.)" + std::to_string(i + 1) +
                              R"(,"bytes":[116],"top_logprobs":[{"token":"u","logprob":-2}]})";
    choice->logprobs += (choice->logprobs.empty() ? "" : ",") + token;
    choice->entries.push_back(Delta("") + R"(,"logprobs":{"content":[)" + token + "]}");
  }
}

Choice MakeChoice(Random* random) {
  Choice choice;
  choice.message = R"("role":"assistant")";
  choice.entries.push_back(Delta(random->Chance(80) ? R"("role":"assistant")" : ""));
  if (random->Chance(40)) AddText("reasoning_content", random, &choice);
  if (random->Chance(80)) AddText("content", random, &choice);
  if (random->Chance(40)) AddCalls(random, &choice);
  if (random->Chance(40)) AddLogprobs(random, &choice);
  choice.finish = random->Chance(50) ? "stop" : "length";
  choice.entries.push_back(Delta("") + R"(,"finish_reason":")" + choice.finish + "\"");
  return choice;
}

constexpr char kHead[] = R"("id":"i","created":7,"model":"m")";
constexpr char kUsage[] = R"("usage":{"prompt_tokens":1,"total_tokens":9})";

std::string WholeBody(const std::vector<Choice>& choices) {
  std::string list;
  for (size_t i = 0; i < choices.size(); ++i) {
    list += (i == 0 ? "" : ",") + std::string("{\"index\":") + std::to_string(i) +
            ",\"message\":{" + choices[i].message + "},\"finish_reason\":\"" + choices[i].finish +
            "\"";
    if (!choices[i].logprobs.empty()) {
      list += ",\"logprobs\":{\"content\":[" + choices[i].logprobs + "]}";
    }
    list += "}";
  }
  return std::string("{") + kHead + ",\"choices\":[" + list + "]," + kUsage + "}";
}

// The entries of all choices in a random order that keeps each choice's own, some of them together.
std::vector<std::string> Chunks(const std::vector<Choice>& choices, Random* random) {
  std::vector<size_t> next(choices.size(), 0);
  std::vector<std::string> chunks;
  for (bool left = true; left;) {
    left = false;
    std::string list;
    for (size_t i = 0; i < choices.size(); ++i) {
      if (next[i] == choices[i].entries.size()) continue;
      left = true;
      if (!random->Chance(50)) continue;
      list += (list.empty() ? "" : ",") + std::string("{\"index\":") + std::to_string(i) + "," +
              choices[i].entries[next[i]++] + "}";
    }
    if (!list.empty()) {
      chunks.push_back(std::string("{") + kHead + ",\"choices\":[" + list + "]}");
    }
  }
  chunks.push_back(std::string("{") + kHead + ",\"choices\":[]," + kUsage + "}");
  return chunks;
}

Messages Translate(const std::vector<std::string>& chunks, int n) {
  StreamTranslator translator(n, {});
  Messages messages;
  for (const std::string& chunk : chunks) {
    const auto outcome = translator.Push("", chunk, &messages);
    EXPECT_TRUE(outcome.status.ok()) << outcome.status.message << chunk;
  }
  EXPECT_TRUE(translator.AllChoicesFinished());
  EXPECT_TRUE(translator.Push("", "[DONE]", &messages).done);
  translator.Release(true, &messages);
  EXPECT_EQ(translator.anomalies(), 0);
  return messages;
}

Messages MergeSome(const Messages& messages, Random* random) {
  Messages merged;
  for (const auto& message : messages) {
    if (!merged.empty() && random->Chance(60) && MergeInto(message, &merged.back())) continue;
    merged.push_back(message);
  }
  return merged;
}

void CheckContract(const Messages& messages) {
  for (size_t i = 0; i < messages.size(); ++i) {
    ASSERT_GT(messages[i].choices_size(), 0);
    std::map<int, int> seen;
    for (const auto& choice : messages[i].choices()) {
      EXPECT_EQ(seen[choice.index()]++, 0);
      EXPECT_TRUE(choice.has_delta());
    }
    EXPECT_EQ(messages[i].has_id(), i == 0);
    EXPECT_EQ(messages[i].has_created(), i == 0);
    EXPECT_EQ(messages[i].has_usage(), i + 1 == messages.size());
  }
}

// What a caller does with increments.
void Append(const v1::ChatMessage& delta, v1::ChatMessage* message) {
  if (delta.has_role()) message->mutable_role()->append(delta.role());
  if (delta.has_content()) message->mutable_content()->append(delta.content());
  if (delta.has_reasoning_content()) {
    message->mutable_reasoning_content()->append(delta.reasoning_content());
  }
  for (const auto& fragment : delta.tool_calls()) {
    while (message->tool_calls_size() <= fragment.index()) message->add_tool_calls();
    v1::ToolCall* call = message->mutable_tool_calls(fragment.index());
    call->set_index(fragment.index());
    if (fragment.has_id()) call->mutable_id()->append(fragment.id());
    if (fragment.has_type()) call->mutable_type()->append(fragment.type());
    const auto& function = fragment.function();
    if (function.has_name()) call->mutable_function()->mutable_name()->append(function.name());
    if (function.has_arguments()) {
      call->mutable_function()->mutable_arguments()->append(function.arguments());
    }
  }
}

v1::ChatResponse Join(const Messages& messages, int n) {
  v1::ChatResponse whole;
  for (int i = 0; i < n; ++i) whole.add_choices()->set_index(i);
  for (const auto& message : messages) {
    if (message.has_id()) whole.set_id(message.id());
    if (message.has_created()) whole.set_created(message.created());
    if (message.has_model()) whole.set_model(message.model());
    if (message.has_usage()) *whole.mutable_usage() = message.usage();
    for (const auto& entry : message.choices()) {
      v1::Choice* choice = whole.mutable_choices(entry.index());
      Append(entry.delta(), choice->mutable_message());
      if (entry.has_finish_reason()) choice->set_finish_reason(entry.finish_reason());
      if (entry.has_logprobs()) choice->mutable_logprobs()->MergeFrom(entry.logprobs());
    }
  }
  return whole;
}

void ExpectSame(const v1::ChatResponse& expected, const v1::ChatResponse& actual) {
  google::protobuf::util::MessageDifferencer differencer;
  std::string difference;
  differencer.ReportDifferencesToString(&difference);
  EXPECT_TRUE(differencer.Compare(expected, actual)) << difference << expected.DebugString();
}

TEST(StreamPropertyTest, IncrementsAreTheWholeAnswer) {
#ifdef SPARKGATE_SANITIZED
  constexpr unsigned kRounds = 200;
#else
  constexpr unsigned kRounds = 1000;
#endif
  for (unsigned seed = 0; seed < kRounds && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    std::vector<Choice> choices(1 + random.Below(4));
    for (Choice& choice : choices) choice = MakeChoice(&random);
    const int n = static_cast<int>(choices.size());
    v1::ChatResponse expected;
    const CallStatus status = DecodeChat(WholeBody(choices), {}, &expected);
    ASSERT_TRUE(status.ok()) << status.message << WholeBody(choices);
    const Messages messages = Translate(Chunks(choices, &random), n);
    CheckContract(messages);
    ExpectSame(expected, Join(messages, n));
    const Messages merged = MergeSome(messages, &random);
    CheckContract(merged);
    ExpectSame(expected, Join(merged, n));
  }
}

}  // namespace
}  // namespace sparkgate::translate

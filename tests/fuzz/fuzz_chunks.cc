#include <map>
#include <set>
#include <string>
#include <vector>

#include "service/translate/stream_joiner.h"
#include "service/translate/stream_translator.h"
#include "tests/fuzz/checks.h"
#include "tests/fuzz/fuzz.h"

namespace sparkgate::fuzz {
namespace {

using Messages = std::vector<v1::StreamChatResponse>;

Messages Translate(std::string_view lines, int n) {
  translate::StreamTranslator translator(n, {});
  Messages messages;
  bool complete = false;
  while (!lines.empty() && !complete) {
    std::string_view line = TakeLine(&lines);
    const bool error = !line.empty() && line.front() == '!';
    if (error) line.remove_prefix(1);
    const auto outcome = translator.Push(error ? "error" : "", line, &messages);
    CheckStatus(outcome.status);
    FUZZ_CHECK(outcome.status.ok() || outcome.status.may_have_run);
    FUZZ_CHECK(!error || !outcome.status.ok());
    if (!outcome.status.ok()) break;
    complete = outcome.done;
  }
  translator.Release(complete, &messages);
  return messages;
}

void CheckContract(const Messages& messages) {
  for (size_t i = 0; i < messages.size(); ++i) {
    const v1::StreamChatResponse& message = messages[i];
    const bool last = i + 1 == messages.size();
    FUZZ_CHECK(message.choices_size() > 0);
    std::set<int> seen;
    for (const v1::StreamChoice& entry : message.choices()) {
      FUZZ_CHECK(seen.insert(entry.index()).second);
      FUZZ_CHECK(entry.has_delta());
    }
    FUZZ_CHECK(last || !message.has_usage());
    FUZZ_CHECK(last || !message.has_perf_metrics());
    CheckStrings(message);
  }
}

void CheckHead(const Messages& messages) {
  int ids = 0, created = 0;
  for (const auto& message : messages) {
    ids += message.has_id();
    created += message.has_created();
  }
  FUZZ_CHECK(ids <= 1 && created <= 1);
}

// What a caller keeps of one choice.
struct Joined {
  std::string role, content, reasoning, finish, rest;
  std::map<int, std::string> names, arguments;  // of calls, by index
};

void Join(const v1::ToolCall& call, Joined* joined) {
  const int index = call.has_index() ? call.index() : -1;
  joined->names[index] += call.id() + "/" + call.type() + "/" + call.function().name() + "/" +
                          call.extra_json() + call.function().extra_json();
  // A fragment that only appends has no names.
  std::string& names = joined->names[index];
  if (names.size() >= 3 && names.compare(names.size() - 3, 3, "///") == 0) {
    names.resize(names.size() - 3);
  }
  joined->arguments[index] += call.function().arguments();
}

std::map<int, Joined> Join(const Messages& messages) {
  std::map<int, Joined> choices;
  for (const auto& message : messages) {
    for (const auto& entry : message.choices()) {
      Joined& joined = choices[entry.index()];
      joined.role += entry.delta().role();
      joined.content += entry.delta().content();
      joined.reasoning += entry.delta().reasoning_content();
      joined.finish += entry.finish_reason();
      joined.rest += entry.delta().tool_call_id() + entry.delta().extra_json() +
                     entry.extra_json() + entry.logprobs().SerializeAsString() +
                     entry.raw_output().SerializeAsString();
      for (int token : entry.token_ids()) joined.rest += std::to_string(token) + ",";
      for (const auto& call : entry.delta().tool_calls()) Join(call, &joined);
    }
  }
  return choices;
}

void ExpectSame(const std::map<int, Joined>& a, const std::map<int, Joined>& b) {
  FUZZ_CHECK(a.size() == b.size());
  for (const auto& [index, one] : a) {
    FUZZ_CHECK(b.count(index) == 1);
    const Joined& other = b.at(index);
    FUZZ_CHECK(one.role == other.role && one.finish == other.finish && one.rest == other.rest);
    FUZZ_CHECK(one.content == other.content);
    FUZZ_CHECK(one.reasoning == other.reasoning);
    FUZZ_CHECK(one.names == other.names && one.arguments == other.arguments);
  }
}

// `which`: a pattern of eight places, a set bit merges if it can be.
Messages Merge(const Messages& messages, uint8_t which) {
  Messages merged;
  for (size_t i = 0; i < messages.size(); ++i) {
    const bool wanted = !merged.empty() && ((which >> (i % 8)) & 1) != 0;
    if (wanted && translate::MergeInto(messages[i], &merged.back())) continue;
    merged.push_back(messages[i]);
  }
  return merged;
}

}  // namespace

int FuzzChunks(const uint8_t* data, size_t size) {
  std::string_view bytes = AsText(data, size);
  const int n = 1 + TakeByte(&bytes) % 4;
  const uint8_t which = TakeByte(&bytes);
  const Messages messages = Translate(bytes, n);
  CheckContract(messages);
  CheckHead(messages);
  for (const uint8_t pattern : {uint8_t{0xFF}, which}) {
    const Messages merged = Merge(messages, pattern);
    CheckContract(merged);
    CheckHead(merged);
    ExpectSame(Join(messages), Join(merged));
    if (messages.empty()) continue;
    FUZZ_CHECK(merged.front().id() == messages.front().id());
    FUZZ_CHECK(merged.back().usage().SerializeAsString() ==
               messages.back().usage().SerializeAsString());
  }
  return 0;
}

}  // namespace sparkgate::fuzz

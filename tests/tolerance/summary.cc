#include "tests/tolerance/summary.h"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>

namespace sparkgate::tolerance {
namespace {

using nlohmann::json;
using support::CallResult;

std::string TextOf(const json& object, const char* key) { return object.value(key, ""); }

// One tool call as a caller puts it together.
struct Call {
  std::string id, type, name, arguments, extra;

  void Add(const json& fragment) {
    const json function = fragment.value("function", json::object());
    id += TextOf(fragment, "id");
    type += TextOf(fragment, "type");
    name += TextOf(function, "name");
    arguments += TextOf(function, "arguments");
    extra += TextOf(fragment, "extra_json") + TextOf(function, "extra_json");
  }
  std::string Line() const {
    return "(" + id + " " + type + " " + name + " '" + arguments + "'" +
           (extra.empty() ? "" : " extra " + extra) + ")";
  }
};

// One choice, likewise.
struct Choice {
  std::string role, text, reasoning, finish, extra, message_extra;
  bool has_text = false;
  std::map<int, Call> calls;

  void Add(const json& entry) {
    const json message = entry.value("delta", entry.value("message", json::object()));
    role += TextOf(message, "role");
    text += TextOf(message, "content");
    has_text |= message.contains("content");
    reasoning += TextOf(message, "reasoning_content");
    finish += TextOf(entry, "finish_reason");
    extra += TextOf(entry, "extra_json");
    message_extra += TextOf(message, "extra_json");
    int place = 0;
    for (const json& call : message.value("tool_calls", json::array())) {
      calls[call.value("index", place++)].Add(call);
    }
  }
  std::string Line(int index) const {
    std::string line = " / " + std::to_string(index) + " " + (role.empty() ? "?" : role);
    if (!reasoning.empty()) line += " reasoning~'" + reasoning + "'";
    if (has_text && (!text.empty() || calls.empty())) line += " '" + text + "'";
    for (const auto& [number, call] : calls) {
      line += " call" + std::to_string(number) + call.Line();
    }
    line += " " + (finish.empty() ? "-" : finish);
    if (!extra.empty()) line += " / choice extra " + extra;
    if (!message_extra.empty()) line += " / message extra " + message_extra;
    return line;
  }
};

std::string StatusOf(const CallResult& result) {
  if (result.ok()) return result.name;
  std::string status = result.name + " " + result.reason;
  if (result.may_have_run() == "true") status += ", may have run";
  if (result.retry_delay_ms) status += ", retry in " + std::to_string(*result.retry_delay_ms);
  return status;
}

std::string UsageOf(const json& message) {
  const json usage = message.value("usage", json::object());
  if (usage.empty()) return "";
  return " / usage " + std::to_string(usage.value("prompt_tokens", 0)) + "+" +
         std::to_string(usage.value("completion_tokens", 0)) + "=" +
         std::to_string(usage.value("total_tokens", 0));
}

}  // namespace

std::string Summary(const CallResult& result) {
  std::map<int, Choice> choices;
  std::string usage, extra;
  for (size_t i = 0; i < result.messages.size(); ++i) {
    const json message = json::parse(result.MessageJson(i));
    for (const json& entry : message.value("choices", json::array())) {
      choices[entry.value("index", 0)].Add(entry);
    }
    usage += UsageOf(message);
    extra += TextOf(message, "extra_json");
  }
  std::string summary = StatusOf(result);
  for (const auto& [index, choice] : choices) summary += choice.Line(index);
  summary += usage;
  return extra.empty() ? summary : summary + " / extra " + extra;
}

void ExpectContract(const CallResult& result) {
  int ids = 0;
  for (size_t i = 0; i < result.messages.size(); ++i) {
    const json message = json::parse(result.MessageJson(i));
    const bool last = i + 1 == result.messages.size();
    const json choices = message.value("choices", json::array());
    EXPECT_FALSE(choices.empty()) << message;
    std::set<int> indices;
    for (const json& entry : choices) {
      EXPECT_TRUE(indices.insert(entry.value("index", 0)).second) << message;
      EXPECT_TRUE(entry.contains("delta")) << message;
    }
    EXPECT_TRUE(last || !message.contains("usage")) << message;
    EXPECT_TRUE(last || !message.contains("perf_metrics")) << message;
    ids += message.contains("id");
  }
  EXPECT_LE(ids, 1);
}

}  // namespace sparkgate::tolerance

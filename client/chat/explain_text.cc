#include "client/chat/explain_text.h"

#include <map>

#include "client/json_indent.h"

namespace sparkgate::client {

std::string ExplainText(const v1::ExplainChatResponse& explained, bool stream, bool indented) {
  std::string text = explained.method() + " " + explained.url() + "\n";
  const std::map<std::string, std::string> headers(explained.headers().begin(),
                                                   explained.headers().end());
  for (const auto& [name, value] : headers) text += name + ": " + value + "\n";
  const std::string& body = stream ? explained.stream_body_json() : explained.body_json();
  return text + "\n" + (indented ? IndentJson(body) : body) + "\n";
}

}  // namespace sparkgate::client

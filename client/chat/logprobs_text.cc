#include "client/chat/logprobs_text.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace sparkgate::client {
namespace {

constexpr size_t kWidestToken = 24;

// In quotes, because most tokens begin with a space; newlines and the like as escapes.
std::string Quoted(const std::string& token) {
  std::string text = "\"";
  for (const char c : token) {
    if (c == '\n') {
      text += "\\n";
    } else if (c == '"' || c == '\\') {
      text += {'\\', c};
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\x%02x", static_cast<unsigned char>(c));
      text += escape;
    } else {
      text += c;
    }
  }
  return text + "\"";
}

size_t WidthOf(const std::string& text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string Padded(std::string text, size_t width) {
  text.append(width - std::min(width, WidthOf(text)), ' ');
  return text;
}

std::string Number(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string Instead(const v1::TokenLogprob& token) {
  std::string text;
  for (const v1::TopLogprob& other : token.top_logprobs()) {
    if (other.token() == token.token()) continue;
    text += (text.empty() ? "" : ", ") + Quoted(other.token()) + Number(" %.4f", other.logprob());
  }
  return text;
}

std::string Line(const v1::TokenLogprob& token, size_t width) {
  std::string text = "  " + Padded(Quoted(token.token()), width);
  if (token.has_logprob()) {
    text +=
        Number("  %9.4f", token.logprob()) + Number("  %5.1f %%", std::exp(token.logprob()) * 100);
  } else {
    text += "          -        -";
  }
  const std::string instead = Instead(token);
  return text + (instead.empty() ? "" : "  " + instead) + "\n";
}

std::string Table(const v1::Logprobs& logprobs) {
  if (logprobs.content().empty()) return "logprobs: the upstream gave none\n";
  size_t width = 0;
  for (const v1::TokenLogprob& token : logprobs.content()) {
    width = std::max(width, WidthOf(Quoted(token.token())));
  }
  width = std::min(width, kWidestToken);
  std::string text =
      "logprobs: token, log probability, probability, what else could have stood there\n";
  for (const v1::TokenLogprob& token : logprobs.content()) text += Line(token, width);
  return text;
}

}  // namespace

std::string LogprobsText(const v1::ChatResponse& response) {
  std::string text;
  for (const v1::Choice& choice : response.choices()) {
    if (response.choices_size() > 1) {
      text += "--- answer " + std::to_string(choice.index() + 1) + " ---\n";
    }
    text += Table(choice.logprobs());
  }
  return text;
}

}  // namespace sparkgate::client

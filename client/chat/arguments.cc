#include "client/chat/arguments.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace sparkgate::client {
namespace {

// "--max-tokens=3" → "--max_tokens=3"; what is no flag that is known comes back as it is.
std::string WithUnderscores(const std::string& argument, const std::vector<std::string>& names) {
  if (argument.size() < 2 || argument[0] != '-') return argument;
  const size_t begin = argument[1] == '-' ? 2 : 1;
  const size_t end = std::min(argument.find('='), argument.size());
  std::string name = argument.substr(begin, end - begin);
  std::replace(name.begin(), name.end(), '-', '_');
  const std::string positive = name.substr(0, 2) == "no" ? name.substr(2) : name;
  const bool known = std::find(names.begin(), names.end(), name) != names.end() ||
                     std::find(names.begin(), names.end(), positive) != names.end();
  return known ? "--" + name + argument.substr(end) : argument;
}

// "--name" and "--noname" of a flag with three states.
std::string WithState(const std::string& argument) {
  for (const char* name : {"stream", "reasoning"}) {
    if (argument == std::string("--") + name) return argument + "=true";
    if (argument == std::string("--no") + name) return std::string("--") + name + "=false";
  }
  return argument;
}

bool IsNumber(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

}  // namespace

std::vector<std::string> NormaliseArguments(const std::vector<std::string>& arguments,
                                            const std::vector<std::string>& flag_names) {
  constexpr char kMetadata[] = "--metadata";
  std::vector<std::string> out;
  std::string metadata;
  size_t at = 0;
  for (; at < arguments.size() && arguments[at] != "--"; ++at) {
    std::string argument = WithState(WithUnderscores(arguments[at], flag_names));
    const bool last = at + 1 == arguments.size();
    if (argument == "--logprobs") {
      argument += "=" + (!last && IsNumber(arguments[at + 1]) ? arguments[++at] : "0");
    }
    if (argument == kMetadata && !last) argument += "=" + arguments[++at];
    if (argument.rfind("--metadata=", 0) == 0) {
      metadata += (metadata.empty() ? "" : ",") + argument.substr(sizeof kMetadata);
    } else {
      out.push_back(std::move(argument));
    }
  }
  if (!metadata.empty()) out.push_back("--metadata=" + metadata);
  out.insert(out.end(), arguments.begin() + at, arguments.end());
  return out;
}

absl::StatusOr<std::vector<std::string>> TakeValues(const std::string& flag,
                                                    std::vector<std::string>* arguments) {
  const std::string name = "--" + flag;
  std::vector<std::string> values;
  std::vector<std::string> rest;
  size_t at = 0;
  for (; at < arguments->size() && (*arguments)[at] != "--"; ++at) {
    const std::string& argument = (*arguments)[at];
    if (argument.rfind(name + "=", 0) == 0) {
      values.push_back(argument.substr(name.size() + 1));
    } else if (argument != name) {
      rest.push_back(argument);
    } else if (at + 1 == arguments->size()) {
      return absl::InvalidArgumentError(name + ": a value is expected");
    } else {
      values.push_back((*arguments)[++at]);
    }
  }
  rest.insert(rest.end(), arguments->begin() + at, arguments->end());
  *arguments = std::move(rest);
  return values;
}

}  // namespace sparkgate::client

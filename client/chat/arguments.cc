#include "client/chat/arguments.h"

#include <algorithm>
#include <cstddef>

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

}  // namespace

std::vector<std::string> NormaliseArguments(const std::vector<std::string>& arguments,
                                            const std::vector<std::string>& flag_names) {
  constexpr char kMetadata[] = "--metadata";
  std::vector<std::string> out;
  std::string metadata;
  size_t at = 0;
  for (; at < arguments.size() && arguments[at] != "--"; ++at) {
    std::string argument = WithUnderscores(arguments[at], flag_names);
    if (argument == "--stream") argument = "--stream=true";
    if (argument == "--nostream") argument = "--stream=false";
    if (argument == kMetadata && at + 1 < arguments.size()) argument += "=" + arguments[++at];
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

}  // namespace sparkgate::client

#ifndef SPARKGATE_CLIENT_CHAT_ARGUMENTS_H_
#define SPARKGATE_CLIENT_CHAT_ARGUMENTS_H_

#include <string>
#include <vector>

namespace sparkgate::client {

// Rewrites what Abseil's parser would not take, up to a "--":
//  - dashes in the name of a known flag become underscores (--max-tokens);
//  - --stream and --nostream become --stream=true and --stream=false (the flag has a third state);
//  - all --metadata become one, joined by commas (of a repeated flag Abseil keeps the last).
std::vector<std::string> NormaliseArguments(const std::vector<std::string>& arguments,
                                            const std::vector<std::string>& flag_names);

}  // namespace sparkgate::client

#endif  // SPARKGATE_CLIENT_CHAT_ARGUMENTS_H_

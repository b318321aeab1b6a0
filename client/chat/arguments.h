#ifndef SPARKGATE_CLIENT_CHAT_ARGUMENTS_H_
#define SPARKGATE_CLIENT_CHAT_ARGUMENTS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace sparkgate::client {

// Rewrites what Abseil's parser would not take, up to a "--":
//  - dashes in the name of a known flag become underscores (--max-tokens);
//  - --stream and --nostream become --stream=true and --stream=false (the flag has a third state),
//    and so does --reasoning;
//  - --logprobs alone becomes --logprobs=0, with a number behind it --logprobs=N;
//  - all --metadata become one, joined by commas (of a repeated flag Abseil keeps the last).
std::vector<std::string> NormaliseArguments(const std::vector<std::string>& arguments,
                                            const std::vector<std::string>& flag_names);

// Takes every `--flag VALUE` and `--flag=VALUE` up to a "--" out of `arguments`, which are
// normalised, and returns the values in their order. INVALID_ARGUMENT: the last one has no value.
absl::StatusOr<std::vector<std::string>> TakeValues(const std::string& flag,
                                                    std::vector<std::string>* arguments);

}  // namespace sparkgate::client

#endif  // SPARKGATE_CLIENT_CHAT_ARGUMENTS_H_

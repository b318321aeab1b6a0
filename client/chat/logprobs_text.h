#ifndef SPARKGATE_CLIENT_CHAT_LOGPROBS_TEXT_H_
#define SPARKGATE_CLIENT_CHAT_LOGPROBS_TEXT_H_

#include <string>

#include "sparkgate/v1/response.pb.h"

namespace sparkgate::client {

// A table with a line for each token: the token in quotes, its log probability, the probability,
// and what else could have stood there. Several answers have headings.
std::string LogprobsText(const v1::ChatResponse& response);

}  // namespace sparkgate::client

#endif  // SPARKGATE_CLIENT_CHAT_LOGPROBS_TEXT_H_

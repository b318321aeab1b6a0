#ifndef SPARKGATE_CLIENT_CHAT_EXPLAIN_TEXT_H_
#define SPARKGATE_CLIENT_CHAT_EXPLAIN_TEXT_H_

#include <string>

#include "sparkgate/v1/debug_service.pb.h"

namespace sparkgate::client {

// The upstream request as it stands in HTTP: a line with method and URL, the headers in order of
// name, an empty line and the body, StreamChat's or Chat's. `indented`: the body in lines, for a
// person; else byte for byte.
std::string ExplainText(const v1::ExplainChatResponse& explained, bool stream, bool indented);

}  // namespace sparkgate::client

#endif  // SPARKGATE_CLIENT_CHAT_EXPLAIN_TEXT_H_

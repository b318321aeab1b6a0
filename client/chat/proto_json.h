#ifndef SPARKGATE_CLIENT_CHAT_PROTO_JSON_H_
#define SPARKGATE_CLIENT_CHAT_PROTO_JSON_H_

#include <string>

#include "google/protobuf/message.h"

namespace sparkgate::client {

// The message as ProtoJSON on one line, with its newline: what --json prints.
std::string ProtoJsonLine(const google::protobuf::Message& message);

}  // namespace sparkgate::client

#endif  // SPARKGATE_CLIENT_CHAT_PROTO_JSON_H_

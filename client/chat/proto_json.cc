#include "client/chat/proto_json.h"

#include <google/protobuf/util/json_util.h>

namespace sparkgate::client {

std::string ProtoJsonLine(const google::protobuf::Message& message) {
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(message, &json);
  return status.ok() ? json + "\n" : "{}\n";
}

}  // namespace sparkgate::client

#ifndef SPARKGATE_CLIENT_UPSTREAM_KEYS_H_
#define SPARKGATE_CLIENT_UPSTREAM_KEYS_H_

#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"

namespace sparkgate::client {

// The key under which a field goes upstream: its json_name, without the `_json` of a field that
// holds JSON text; for a member of a union the union's key. Empty: it has none of its own.
std::string UpstreamKey(const google::protobuf::FieldDescriptor& field);

// Whether the field holds the JSON text of its key's value.
bool HoldsJsonText(const google::protobuf::FieldDescriptor& field);

// The fields that can hold the value of `key`, in the order of the .proto; several for a union.
std::vector<const google::protobuf::FieldDescriptor*> FieldsOf(
    const google::protobuf::Descriptor& message, const std::string& key);

// The field `extra_body_json`; null if the message has none.
const google::protobuf::FieldDescriptor* ExtraFieldOf(const google::protobuf::Descriptor& message);

}  // namespace sparkgate::client

#endif  // SPARKGATE_CLIENT_UPSTREAM_KEYS_H_

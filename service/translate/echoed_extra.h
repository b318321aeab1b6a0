#ifndef SPARKGATE_SERVICE_TRANSLATE_ECHOED_EXTRA_H_
#define SPARKGATE_SERVICE_TRANSLATE_ECHOED_EXTRA_H_

#include <string>
#include <string_view>
#include <vector>

#include "base/json_reader.h"
#include "base/json_writer.h"
#include "google/protobuf/message.h"
#include "service/translate/caller_json.h"
#include "service/translate/field_path.h"
#include "service/translate/message_schema.h"

namespace sparkgate::translate {

// The extra_json of one object of an answer's message that is sent again: its members stand beside
// the fields, as the upstream had sent them.
//
// A member gives way to extra_body_json, and to a field that is set under the same key; a member
// that is for callers only (a tool call's index) is never sent. The one exception is `content` in
// parts: of it the fields `content` and `reasoning_content` are extracts, as long as they have the
// same text. Then the parts are sent and the fields are not; if the caller has changed the text,
// the fields are.
class EchoedExtra {
 public:
  // Adds to `violations` what is wrong with it. `message` must outlive this. `reasoning_key`: under
  // which the field `reasoning_content` is sent.
  EchoedExtra(const google::protobuf::Message& message, const MessageSchema& schema,
              const ExtraBody& extra, std::string_view reasoning_key, const FieldPath& path,
              Violations* violations);
  EchoedExtra(const EchoedExtra&) = delete;
  EchoedExtra& operator=(const EchoedExtra&) = delete;

  // What is sent in place of the field is one of the members.
  bool Replaces(const FieldSchema& field) const;

  bool Has(std::string_view key) const;

  void Write(JsonWriter* writer) const;

 private:
  bool Parse(const google::protobuf::Message& message, const MessageSchema& schema,
             const FieldPath& path, Violations* violations);
  bool IsGivenByField(std::string_view key, const google::protobuf::Message& message,
                      const MessageSchema& schema, std::string_view reasoning_key) const;
  void ReplaceExtracts(const google::protobuf::Message& message, const ExtraBody& extra);

  JsonDocument document_;
  std::string scratch_;
  std::vector<JsonMember> members_;  // that are sent
  bool replaces_content_ = false;
  bool replaces_reasoning_ = false;
};

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_ECHOED_EXTRA_H_

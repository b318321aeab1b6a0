#ifndef SPARKGATE_SERVICE_TRANSLATE_CALLER_JSON_H_
#define SPARKGATE_SERVICE_TRANSLATE_CALLER_JSON_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_reader.h"
#include "base/json_writer.h"
#include "google/protobuf/message.h"
#include "service/translate/field_path.h"
#include "service/translate/message_schema.h"

namespace sparkgate::translate {

// JSON text that a caller wrote into a field, to be spliced into the upstream's body.
// What is wrong with `json` as a value to splice; "" if nothing. `document` holds it afterwards.
// It must be JSON, nested at most 64 deep, and no object of it may have a key twice. Halves of
// surrogate pairs and numbers beyond a double are the upstream's business.
std::string CallerJsonError(std::string_view json, JsonDocument* document);

// The same for JSON that an upstream wrote and that goes back to it: in objects within it a key may
// stand twice, as it came. Of the members of the document's root the last one counts.
std::string EchoedJsonError(std::string_view json, JsonDocument* document);

// The extra_body_json of one message of a request: checked against the message's own fields.
class ExtraBody {
 public:
  // Adds to `violations` what is wrong with it. `message` must outlive this. `is_root`: of the
  // request, where `stream` and `stream_options` are left out because the RPC says whether it
  // streams.
  ExtraBody(const google::protobuf::Message& message, const MessageSchema& schema,
            const FieldPath& path, bool is_root, Violations* violations);
  ExtraBody(const ExtraBody&) = delete;
  ExtraBody& operator=(const ExtraBody&) = delete;

  bool Has(std::string_view key) const { return Find(key).has_value(); }
  std::optional<JsonValue> Find(std::string_view key) const;

  // Whether there is a member to send.
  bool empty() const { return pieces_.empty(); }
  // Writes the members as they came, byte for byte.
  void Write(JsonWriter* writer) const;

 private:
  void Check(const google::protobuf::Message& message, const MessageSchema& schema,
             const FieldPath& path, Violations* violations) const;
  void CutIntoPieces(bool is_root);

  // Messages with extra members are few and these documents are heavy: none is made without one.
  std::optional<JsonDocument> document_;
  std::string scratch_;
  std::vector<std::string_view> pieces_;  // the members without braces; in several if some are cut
};

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

#endif  // SPARKGATE_SERVICE_TRANSLATE_CALLER_JSON_H_

#ifndef SPARKGATE_SERVICE_TRANSLATE_CALLER_JSON_H_
#define SPARKGATE_SERVICE_TRANSLATE_CALLER_JSON_H_

#include <optional>
#include <string>
#include <string_view>

#include "base/json_reader.h"
#include "google/protobuf/message.h"
#include "service/translate/field_path.h"
#include "service/translate/message_schema.h"

// JSON text that a caller wrote into a field, to be spliced into the upstream's body.
namespace sparkgate::translate {

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
  // Adds to `violations` what is wrong with it. `is_root`: of the request, where `stream` and
  // `stream_options` are refused because the RPC says whether it streams.
  ExtraBody(const google::protobuf::Message& message, const MessageSchema& schema,
            const FieldPath& path, bool is_root, Violations* violations);

  bool Has(std::string_view key) const { return Find(key).has_value(); }
  std::optional<JsonValue> Find(std::string_view key) const;

  // The members as they were written, without the braces; "" if there are none.
  std::string_view members() const { return members_; }

 private:
  void Check(const google::protobuf::Message& message, const MessageSchema& schema,
             const FieldPath& path, bool is_root, Violations* violations) const;

  // Messages with extra members are few and these documents are heavy: none is made without one.
  std::optional<JsonDocument> document_;
  std::string text_;
  std::string_view members_;
};

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_CALLER_JSON_H_

#ifndef SPARKGATE_SERVICE_TRANSLATE_MESSAGE_DECODER_H_
#define SPARKGATE_SERVICE_TRANSLATE_MESSAGE_DECODER_H_

#include <string>
#include <string_view>

#include "base/json_reader.h"
#include "google/protobuf/message.h"
#include "service/translate/message_schema.h"

namespace sparkgate::translate {

// Reads the upstream's JSON objects into messages of the API, as their schemas say. Nothing in an
// object is an error: a member without a field, or not of the field's type, goes to the message's
// extra_json. So does a list whose elements would take many times the memory of their text.
//
// One for each document; not thread-safe.
class MessageDecoder {
 public:
  explicit MessageDecoder(const JsonDocument& document);

  // `object` must be a kObject. `message` must be empty.
  void Object(const JsonValue& object, const MessageSchema& schema,
              google::protobuf::Message* message);

  // Some servers send `usage` and `perf_metrics` inside a choice. Sets them in `answer`, a response
  // or a chunk, if it has none.
  void TotalsInChoices(const JsonValue& choices, google::protobuf::Message* answer);

  // Known members of unexpected types, wrong values of `object`, arrays of unequal length.
  int anomalies() const { return anomalies_; }

 private:
  using Message = google::protobuf::Message;

  void Alias(const JsonMember& member, const FieldSchema& field, Message* message,
             std::string* extra);

  // These return false, and leave the field unset, if the value is not of the field's type.
  bool Member(const JsonValue& value, const FieldSchema& field, Message* message);
  bool Singular(const JsonValue& value, const FieldSchema& field, Message* message);
  bool Repeated(const JsonValue& value, const FieldSchema& field, Message* message);
  bool Element(const JsonValue& value, const FieldSchema& field, Message* message);
  bool Child(const JsonValue& value, const FieldSchema& field, Message* message);
  bool Function(const JsonValue& value, const FieldSchema& field, Message* message);
  bool Logprobs(const JsonValue& value, const FieldSchema& field, Message* message);
  bool Metrics(const JsonValue& value, const FieldSchema& field, Message* message);
  bool Text(const JsonValue& value, const FieldSchema& field, Message* message);
  bool Integer(const JsonValue& value, const FieldSchema& field, int64_t* integer);

  bool Take(size_t bytes);

  const bool small_;   // the document is too small to need limits
  size_t bytes_left_;  // of memory, for elements of lists
  int anomalies_ = 0;
};

// Appends one member to the text of an object; begin with an empty string, end with FinishExtra.
void AppendExtra(const JsonMember& member, std::string* object);
// Adds the closing brace, unless the string is empty.
void FinishExtra(std::string* object);

// Adds a member to an extra_json, which may be empty. `key` must not need escapes.
void AddExtra(std::string_view key, std::string_view raw_value, std::string* extra_json);

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_MESSAGE_DECODER_H_

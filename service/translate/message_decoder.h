#ifndef SPARKGATE_SERVICE_TRANSLATE_MESSAGE_DECODER_H_
#define SPARKGATE_SERVICE_TRANSLATE_MESSAGE_DECODER_H_

#include <string>
#include <string_view>

#include "base/json_reader.h"
#include "google/protobuf/message.h"
#include "service/translate/message_schema.h"

namespace sparkgate::translate {

// Reads the upstream's objects into messages of the API, by their shapes. Nothing in an object is
// an error: what has no field, or not the field's type, goes to the message's extra_json. So does a
// list whose elements would take many times their text.
class MessageDecoder {
 public:
  // For the values of `document`.
  explicit MessageDecoder(const JsonDocument& document);

  // `object` must be a kObject. `message` must be empty.
  void Object(const JsonValue& object, const MessageSchema& schema,
              google::protobuf::Message* message);

  // Some servers send `usage` and `perf_metrics` inside a choice. Fills those that `answer`, a
  // response or a chunk, lacks.
  void TotalsInChoices(const JsonValue& choices, google::protobuf::Message* answer);

  // Known members with unexpected types, wrong `object` words, arrays of unequal length.
  int anomalies() const { return anomalies_; }

 private:
  using Message = google::protobuf::Message;

  // Under another name than the field's.
  void Alias(const JsonMember& member, const FieldSchema& field, Message* message,
             std::string* extra);

  // These return false, and leave the field unset, if the value is not what the field takes.
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

  const bool small_;   // too small to take much
  size_t bytes_left_;  // for elements of lists
  int anomalies_ = 0;
};

// Appends one member to the text of an object that is being collected; begin with an empty string.
void AppendExtra(const JsonMember& member, std::string* object);
// Closes what AppendExtra opened; nothing if there was nothing.
void FinishExtra(std::string* object);

// Adds a member to an extra_json that may be empty. `key` needs no escapes.
void AddExtra(std::string_view key, std::string_view raw_value, std::string* extra_json);

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_MESSAGE_DECODER_H_

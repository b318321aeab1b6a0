#ifndef SPARKGATE_SERVICE_TRANSLATE_MESSAGE_ENCODER_H_
#define SPARKGATE_SERVICE_TRANSLATE_MESSAGE_ENCODER_H_

#include "base/json_writer.h"
#include "google/protobuf/message.h"
#include "service/translate/caller_json.h"
#include "service/translate/field_path.h"
#include "service/translate/message_schema.h"
#include "service/translate/request_encoder.h"

namespace sparkgate::translate {

// Adds what can only be a mistake in one message of a request, its children apart: two fields of
// one union, a required field that is not there. What the table cannot say stands in
// the source.
void CheckMessage(const google::protobuf::Message& message, const MessageSchema& schema,
                  const ExtraBody& extra, const FieldPath& path, Violations* violations);

// Writes messages of a request as the upstream's JSON, by their shapes, and checks them on the way.
// What is written is of use only if `violations` stays empty.
class MessageEncoder {
 public:
  MessageEncoder(const EchoOptions& echo, JsonWriter* writer, Violations* violations)
      : echo_options_(echo), writer_(*writer), violations_(*violations) {}

  // The members of `message`, without braces.
  void Members(const google::protobuf::Message& message, const MessageSchema& schema,
               const ExtraBody& extra, const FieldPath& path);

 private:
  using Message = google::protobuf::Message;

  void Object(const Message& message, const MessageSchema& schema, const FieldPath& path);
  bool IsEchoed(const Message& message, const MessageSchema& schema, const ExtraBody& extra);
  void Fields(const Message& message, const MessageSchema& schema, const ExtraBody& extra,
              const EchoedExtra* echo, const FieldPath& path);
  void Member(const Message& message, const FieldSchema& field, const FieldPath& path);
  void ReasoningContent(const Message& message, const ExtraBody& extra, const FieldPath& path);
  void DefaultKind(const Message& message, const MessageSchema& schema);

  void Value(const Message& message, const FieldSchema& field, const FieldPath& path);
  void Singular(const Message& message, const FieldSchema& field, const FieldPath& path);
  void Repeated(const Message& message, const FieldSchema& field, const FieldPath& path);
  void Map(const Message& message, const FieldSchema& field, const FieldPath& path);
  void Double(double value, const FieldPath& path);

  void RawJson(const Message& message, const FieldSchema& field, const FieldPath& path);
  void ToolFunction(const Message& message, const FieldSchema& field);
  void ContentParts(const Message& message, const FieldSchema& field, const FieldPath& path);
  void ImageData(const Message& message, const FieldSchema& field, const FieldPath& path);

  const EchoOptions& echo_options_;
  JsonWriter& writer_;
  Violations& violations_;
  bool is_assistants_ = false;  // the message that is being written, with all that it holds
};

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_MESSAGE_ENCODER_H_

#ifndef SPARKGATE_SERVICE_TRANSLATE_STREAM_MESSAGE_H_
#define SPARKGATE_SERVICE_TRANSLATE_STREAM_MESSAGE_H_

#include "sparkgate/v1/response.pb.h"

// What a message of a stream says.
namespace sparkgate::translate {

// Content, reasoning or tool calls: what belongs before a finish reason.
bool HasContent(const v1::ChatMessage& delta);

bool AddsNothing(const v1::StreamChoice& entry);

// Not even usage.
bool SaysNothing(const v1::StreamChatResponse& message);

// The entry of the choice; null if there is none.
const v1::StreamChoice* FindEntry(const v1::StreamChatResponse& message, int index);

// The entry of the choice, added if there is none.
v1::StreamChoice* EntryOf(int index, v1::StreamChatResponse* message);

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_STREAM_MESSAGE_H_

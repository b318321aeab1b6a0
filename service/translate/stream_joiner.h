#ifndef SPARKGATE_SERVICE_TRANSLATE_STREAM_JOINER_H_
#define SPARKGATE_SERVICE_TRANSLATE_STREAM_JOINER_H_

#include <vector>

#include "sparkgate/v1/response.pb.h"

namespace sparkgate::translate {

// Makes one answer of the messages of a stream, as their contract says (see StreamChatResponse):
// for a server that answers Chat by a stream. Goes on where the messages before ended. Unknown
// members that changed on the way are those that came last.
void JoinStream(const std::vector<v1::StreamChatResponse>& messages, v1::ChatResponse* response);

// Appends `next` to `tail` if the two can be one message without a caller's noticing anything but
// fewer messages: same single choice in both, only increments of text, reasoning and tool
// arguments, nothing unknown, no finish reason in `tail`, no usage in `tail`. Returns false and
// leaves both as they are otherwise.
bool MergeInto(const v1::StreamChatResponse& next, v1::StreamChatResponse* tail);

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_STREAM_JOINER_H_

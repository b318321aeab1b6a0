#ifndef SPARKGATE_SERVICE_TRANSLATE_STREAM_JOINER_H_
#define SPARKGATE_SERVICE_TRANSLATE_STREAM_JOINER_H_

#include <vector>

#include "sparkgate/v1/response.pb.h"

namespace sparkgate::translate {

// Makes one answer of the messages of a stream, as their contract says (see StreamChatResponse):
// for a server that answers Chat by a stream. Goes on where the messages before ended. Unknown
// members that changed on the way are those that came last.
void JoinStream(const std::vector<v1::StreamChatResponse>& messages, v1::ChatResponse* response);

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_STREAM_JOINER_H_

#ifndef SPARKGATE_SERVICE_TRANSLATE_REQUEST_ENCODER_H_
#define SPARKGATE_SERVICE_TRANSLATE_REQUEST_ENCODER_H_

#include <string>

#include "service/translate/call_status.h"
#include "sparkgate/v1/request.pb.h"

namespace sparkgate::translate {

// How an assistant's message goes back to the upstream that had sent it.
struct EchoOptions {
  bool extra_json = true;                           // its members are sent again
  std::string reasoning_key = "reasoning_content";  // what the upstream calls that field
};

struct EncodeOptions {
  bool stream = false;        // what "stream" says
  bool include_usage = true;  // with stream: adds "stream_options":{"include_usage":true}
  // Of the serialised request, from which follow the body's expected size and the most that it may
  // grow to; 0: not known, and no limit.
  size_t request_bytes = 0;
  EchoOptions echo;
  bool say_stream = true;  // false: for an upstream that refuses "stream"
};

// The upstream body of one request, and what the call must know of it, whether it came in a field
// or in extra_body_json.
struct UpstreamBody {
  std::string json;
  int requested_choices = 1;  // `n`
  std::string model;          // also of a request that is refused; "": none was given
};

// Validates `request` and writes it as the upstream's JSON. What can only be a mistake ends as
// INVALID_ARGUMENT with all violations found (at most 16) and no `json` is written; ranges are the
// upstream's business. Pure; any thread.
CallStatus EncodeRequest(const v1::ChatRequest& request, const EncodeOptions& options,
                         UpstreamBody* body);

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_REQUEST_ENCODER_H_

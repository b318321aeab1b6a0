#ifndef SPARKGATE_SERVICE_TRANSLATE_OWN_FIELDS_H_
#define SPARKGATE_SERVICE_TRANSLATE_OWN_FIELDS_H_

#include <atomic>
#include <string>
#include <string_view>

#include "service/translate/call_status.h"

// The two members that Sparkgate adds to requests by itself: `stream` and `stream_options`. Some
// servers refuse one of them as unknown; then the request is sent once more without it, which costs
// nothing, since a refusal has run nothing.
namespace sparkgate::translate {

enum class OwnField { kNone, kStream, kStreamOptions };

// What of it an HTTP error complains about. Only 400 and 422 can mean it.
OwnField RefusedOwnField(int http_status, std::string_view body);

// Takes the member, and what makes no sense without it, off the end of a body that EncodeRequest
// wrote. False if it is not there.
bool RemoveOwnField(OwnField field, std::string* json);

// `status` told to somebody who has no such field: what to do stands in it, and no violation.
void ExplainOwnField(OwnField field, CallStatus* status);

// What one upstream has refused so far. Any thread.
class RefusedFields {
 public:
  void Add(OwnField field);
  bool Has(OwnField field) const;

 private:
  std::atomic<bool> stream_{false};
  std::atomic<bool> stream_options_{false};
};

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_OWN_FIELDS_H_

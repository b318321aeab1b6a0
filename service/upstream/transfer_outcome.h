#ifndef SPARKGATE_SERVICE_UPSTREAM_TRANSFER_OUTCOME_H_
#define SPARKGATE_SERVICE_UPSTREAM_TRANSFER_OUTCOME_H_

#include <string_view>

#include "service/upstream/retry_rule.h"
#include "service/upstream/transfer.h"

namespace sparkgate::upstream {

// The one place where libcurl's codes become endings. `framed`: the response had a length of its
// own (chunks, Content-Length or none by its status), so that CURLE_OK means complete; without it
// libcurl says CURLE_OK to every close, also to a cut one. `error_text` is libcurl's.
TransferEnd::How OutcomeOf(const AttemptFacts& facts, bool framed, std::string_view error_text);

}  // namespace sparkgate::upstream

#endif  // SPARKGATE_SERVICE_UPSTREAM_TRANSFER_OUTCOME_H_

// Checks a chat-completions request body as strictly as the upstream does: unknown members are
// refused at every level. It works from a table written by hand from the upstream's
// documentation, so that it can catch mistakes of a codec that was made from other descriptors.
#ifndef SPARKGATE_SIMULATOR_REQUEST_VALIDATOR_H_
#define SPARKGATE_SIMULATOR_REQUEST_VALIDATOR_H_

#include <string>
#include <vector>

namespace sparkgate::simulator {

struct Violation {
  enum class Kind {
    kBrokenJson,  // No JSON object, or nested deeper than 128.
    kExtra,       // A member that the upstream does not know.
    kType,        // A known member of a wrong type, or null where null is not allowed.
    kMissing,     // A required member is not there.
    kConflict,    // Two members that exclude each other.
    kValue,       // A value outside the documented set.
  };
  Kind kind;
  std::string path;     // As the upstream writes it: messages[1].content.list[...][0].key
  std::string message;  // The whole sentence for the error body.
};

// All violations, in the order of the body; empty when the upstream would take it. Any thread.
std::vector<Violation> Validate(const std::string& body);

}  // namespace sparkgate::simulator

#endif  // SPARKGATE_SIMULATOR_REQUEST_VALIDATOR_H_

#ifndef SPARKGATE_SERVICE_TRANSLATE_FIELD_OVERRIDES_H_
#define SPARKGATE_SERVICE_TRANSLATE_FIELD_OVERRIDES_H_

#include <string_view>
#include <vector>

namespace sparkgate::translate {

// The tables of what does not follow the rule "a field's JSON key is its json_name, its value
// follows from its type, both ways". MessageSchema reads them; the names of messages are without
// package.

// How a field is written and read.
enum class Form {
  kPlain,         // by its own type
  kRawJson,       // JSON text, spliced: every field named x_json, without a row here
  kToolFunction,  // "f" -> {"type":"function","function":{"name":"f"}}
  kContentParts,  // parts -> {"type":"content","content":parts}
  kImageData,     // bytes -> {"url":"data:<mime>;base64,<bytes>"}
  kKind,          // `type`: if it is not set, the name of the member that is set is written
  kFunction,      // read: a string instead of an object is the function's name
  kArguments,     // read: anything but a string is kept as its JSON text
  kByteList,      // read: a list of numbers becomes bytes
  kLogprobs,      // read: the older arrays are folded into one entry per token
  kMetrics,       // read: numbers or numeric strings, the rest as text
  kText,          // read: a list of parts gives its texts, and stays in extra_json too
  kWholeSeconds,  // read: a fraction is dropped
};

enum class Direction { kBoth, kSentOnly, kReadOnly };

struct FieldOverride {
  std::string_view message;
  std::string_view field;
  std::string_view key;  // the upstream's; "": the field's json_name
  Form form;
  Direction direction;
  std::string_view reason;
};

const std::vector<FieldOverride>& FieldOverrides();

// Pairs of fields that exclude each other although they have keys of their own.
struct Exclusion {
  std::string_view message;
  std::string_view first;
  std::string_view second;
  std::string_view reason;
};

const std::vector<Exclusion>& Exclusions();

// Another key under which servers send a field. If both are there, the field's own key counts.
struct Alias {
  std::string_view message;
  std::string_view field;
  std::string_view key;
  std::string_view reason;
};

const std::vector<Alias>& Aliases();

// Members that belong elsewhere in an answer. The translators read them all the same, so they do
// not go to extra_json.
struct MisplacedMember {
  std::string_view message;
  std::string_view key;
  bool object;  // else a string; a member of another type is an unknown member like any other
  std::string_view reason;
};

const std::vector<MisplacedMember>& MisplacedMembers();

// Members of answers that carry no information: compared with what is expected, and dropped.
struct DroppedMember {
  std::string_view message;
  std::string_view key;
  std::string_view expected;
  std::string_view reason;
};

const std::vector<DroppedMember>& DroppedMembers();

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_FIELD_OVERRIDES_H_

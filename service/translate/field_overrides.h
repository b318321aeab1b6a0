#ifndef SPARKGATE_SERVICE_TRANSLATE_FIELD_OVERRIDES_H_
#define SPARKGATE_SERVICE_TRANSLATE_FIELD_OVERRIDES_H_

#include <string_view>
#include <vector>

namespace sparkgate::translate {

// How a field is written and read. All but kPlain come from the rows of exceptions.cc.
enum class Form {
  kPlain,         // by its own type, under its json_name
  kRawJson,       // JSON text, spliced: every field named x_json (a rule, not an exception)
  kToolFunction,  // "f" -> {"type":"function","function":{"name":"f"}}
  kContentParts,  // parts -> {"type":"content","content":parts}
  kImageData,     // bytes -> {"url":"data:<mime>;base64,<bytes>"}
  kKind,          // `type`: left out, the name of the member that is set is written
  kFunction,      // read: a string instead of an object is the function's name
  kArguments,     // read: what is no string is kept as its JSON text
  kByteList,      // read: a list of numbers becomes bytes
  kLogprobs,      // read: the older arrays are folded into the per-token shape
  kMetrics,       // read: numbers or numeric strings, the rest as text
  kText,          // read: a list of parts gives its texts, and stays in extra_json too
  kWholeSeconds,  // read: a fraction is dropped
};

enum class Direction { kBoth, kSentOnly, kReadOnly };

// One field that does not follow the rule "key = json_name, value by type, both ways".
struct Exception {
  std::string_view message;  // without the package
  std::string_view field;
  std::string_view key;  // upstream; "": the field's json_name
  Form form;
  Direction direction;
  std::string_view reason;
};

const std::vector<Exception>& Exceptions();

// Pairs of fields that exclude each other although they have keys of their own.
struct Exclusion {
  std::string_view message;
  std::string_view first;
  std::string_view second;
  std::string_view reason;
};

const std::vector<Exclusion>& Exclusions();

// Another name under which servers send a field. Where both come, the field's own name counts.
struct Alias {
  std::string_view message;
  std::string_view field;
  std::string_view key;
  std::string_view reason;
};

const std::vector<Alias>& Aliases();

// Members of answers that are no field where they stand, but read by the translators all the same:
// they are not passed on as unknown.
struct MisplacedMember {
  std::string_view message;
  std::string_view key;
  bool object;  // else text; of another type it is an unknown member like any other
  std::string_view reason;
};

const std::vector<MisplacedMember>& MisplacedMembers();

// Members of answers that say nothing: looked at, counted if they are not what they should be, and
// not passed on.
struct DroppedMember {
  std::string_view message;
  std::string_view key;
  std::string_view expected;
  std::string_view reason;
};

const std::vector<DroppedMember>& DroppedMembers();

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_FIELD_OVERRIDES_H_

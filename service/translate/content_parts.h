#ifndef SPARKGATE_SERVICE_TRANSLATE_CONTENT_PARTS_H_
#define SPARKGATE_SERVICE_TRANSLATE_CONTENT_PARTS_H_

#include <string>

#include "base/json_reader.h"

namespace sparkgate::translate {

// The texts of an answer's `content` that is a list of typed parts.
struct PartTexts {
  std::string content;    // of text parts, joined
  std::string reasoning;  // of thinking parts, joined
  bool found = false;     // there was a part of either kind
};

// `parts` must be a kArray. What is neither text nor thinking is passed over.
PartTexts TextsOfParts(const JsonValue& parts);

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_CONTENT_PARTS_H_

#ifndef SPARKGATE_SERVICE_TRANSLATE_LENIENT_NUMBER_H_
#define SPARKGATE_SERVICE_TRANSLATE_LENIENT_NUMBER_H_

#include <cstdint>

#include "base/json_reader.h"

// Numbers that a server writes in another form than the field has: 12.0, 1.2e1 or "12" for 12.
namespace sparkgate::translate {

// The integer that `value` means without loss; false if it means none.
bool LenientInteger(const JsonValue& value, int64_t* integer);

// The same of a time in seconds, of which a fraction is dropped: 1740634121.35 is 1740634121.
bool WholeSeconds(const JsonValue& value, int64_t* seconds);

// The finite number that `value` means; false if it means none.
bool LenientDouble(const JsonValue& value, double* number);

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_LENIENT_NUMBER_H_

#ifndef SPARKGATE_SERVICE_TRANSLATE_REQUEST_SIZE_H_
#define SPARKGATE_SERVICE_TRANSLATE_REQUEST_SIZE_H_

#include <cstddef>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/zero_copy_stream.h"

namespace sparkgate::translate {

// Whether a serialised message of `type` holds at most `limit` elements: messages, strings, map
// entries and fields that nobody knows. Looks at the wire alone and builds nothing, since an
// element of two bytes on the wire takes some hundred in memory. Stops counting at the limit. What
// is no message of the type counts as far as it can be read; parsing it is for others to refuse.
bool HasAtMostElements(google::protobuf::io::ZeroCopyInputStream* wire,
                       const google::protobuf::Descriptor* type, size_t limit);

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_REQUEST_SIZE_H_

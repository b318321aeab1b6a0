#ifndef SPARKGATE_SERVICE_TRANSLATE_TESTING_WITHOUT_STREAM_H_
#define SPARKGATE_SERVICE_TRANSLATE_TESTING_WITHOUT_STREAM_H_

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace sparkgate::translate {

// The upstream body of a Chat without its last member, which is `"stream":false` in every one.
inline std::string WithoutStream(std::string json) {
  constexpr std::string_view kEnd = ",\"stream\":false}";
  const size_t at = json.rfind(kEnd);
  if (at == std::string::npos || at + kEnd.size() != json.size()) {
    ADD_FAILURE() << "does not end in `stream`: " << json;
    return json;
  }
  return json.substr(0, at) + "}";
}

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_TESTING_WITHOUT_STREAM_H_

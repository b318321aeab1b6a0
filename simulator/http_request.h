// One request as it came in.
#ifndef SPARKGATE_SIMULATOR_HTTP_REQUEST_H_
#define SPARKGATE_SIMULATOR_HTTP_REQUEST_H_

#include <string>
#include <string_view>

#include "simulator/wire.h"

namespace sparkgate::simulator {

struct HttpRequest {
  std::string method;
  std::string target;
  Fields fields;  // Names in lower case.
  std::string body;
  bool keep_alive = true;

  // The first field of this name (lower case); empty if there is none.
  std::string_view Field(std::string_view name) const {
    for (const auto& [key, value] : fields) {
      if (key == name) return value;
    }
    return {};
  }
};

}  // namespace sparkgate::simulator

#endif  // SPARKGATE_SIMULATOR_HTTP_REQUEST_H_

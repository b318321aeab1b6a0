#ifndef SPARKGATE_SERVICE_TRANSLATE_ECHO_OPTIONS_H_
#define SPARKGATE_SERVICE_TRANSLATE_ECHO_OPTIONS_H_

#include <string>

namespace sparkgate::translate {

// How an assistant's message goes back to the upstream that had sent it.
struct EchoOptions {
  bool extra_json = true;                           // its members are sent again
  std::string reasoning_key = "reasoning_content";  // what the upstream calls that field
};

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_ECHO_OPTIONS_H_

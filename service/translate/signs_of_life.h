#ifndef SPARKGATE_SERVICE_TRANSLATE_SIGNS_OF_LIFE_H_
#define SPARKGATE_SERVICE_TRANSLATE_SIGNS_OF_LIFE_H_

#include <string>
#include <string_view>

namespace sparkgate::translate {

// Data of events that is no object and no end mark. Most servers that send it keep the connection
// open by it, where others send a comment; some say there what went wrong.
class SignsOfLife {
 public:
  // `data`: without white space at its ends, not empty.
  void Add(std::string_view data);

  // The beginning of the first one that said something of its own; "" if none did.
  const std::string& words() const { return words_; }

 private:
  std::string words_;
};

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_SIGNS_OF_LIFE_H_

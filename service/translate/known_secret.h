#ifndef SPARKGATE_SERVICE_TRANSLATE_KNOWN_SECRET_H_
#define SPARKGATE_SERVICE_TRANSLATE_KNOWN_SECRET_H_

#include <bitset>
#include <string>
#include <string_view>
#include <vector>

namespace sparkgate::translate {

// The API key that Sparkgate sends upstream, to be removed from whatever the upstream says outside
// of an answer: an upstream that repeats it in an error must not hand it to callers and logs. What
// looks like some key is removed elsewhere (error_text.h); this knows the one that matters.
//
// Immutable; any thread.
class KnownSecret {
 public:
  KnownSecret() = default;  // there is none
  explicit KnownSecret(std::string_view secret);

  // `text` with "[redacted]" for the secret as it is, percent-encoded, and within base64 of the
  // common and of the URL's alphabet. A beginning of eight characters counts too: texts are cut to
  // their limits before they come here. Secrets under four characters would blank half of every
  // text, and are none.
  std::string RemovedFrom(std::string_view text) const;
  void RemoveFrom(std::string* text) const;

 private:
  void Add(std::string form);
  size_t LengthAtStartOf(std::string_view text) const;

  std::vector<std::string> forms_;
  std::bitset<256> first_;  // bytes that a form begins with
};

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_KNOWN_SECRET_H_

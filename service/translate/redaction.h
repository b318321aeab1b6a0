#ifndef SPARKGATE_SERVICE_TRANSLATE_REDACTION_H_
#define SPARKGATE_SERVICE_TRANSLATE_REDACTION_H_

#include <bitset>
#include <string>
#include <string_view>
#include <vector>

namespace sparkgate::translate {

// The part of an upstream's error text that callers may see: at most 512 bytes of valid UTF-8 in
// one line, without anything that looks like a key, without file paths and tracebacks, and without
// the values of the request that some servers repeat (they may be a prompt).
std::string CleanErrorText(std::string_view text);

// The same for a text about a key, which may have any form: also without every word of eight bytes
// or more that has a digit or an asterisk.
std::string CleanKeyErrorText(std::string_view text);

// Whether the text says that the prompt does not fit into the model's context.
bool SaysContextLength(std::string_view text);

// The secrets that Sparkgate sends, to be removed from whatever the upstream says outside of an
// answer: an upstream that repeats them in an error must not leak them to callers and logs. (Clean…
// above removes what looks like any key; this knows the ones that matter.)
//
// Filled once and immutable from then on; any thread.
class KnownSecrets {
 public:
  // A key or a password; under four characters, which would blank half of every text, it is
  // ignored. Its first eight characters count too, since texts are cut to their limits before they
  // come here.
  void AddKey(std::string_view key);

  // The credentials of the Basic scheme, in base64 alone: the user is not a secret, and may be a
  // word. (Add the password as a key.)
  void AddBasic(std::string_view user, std::string_view password);

  // The value of a fixed header, which may be a word, a name or an address as well: under eight
  // characters it is ignored, and its beginning counts only if it is over half of it. What follows
  // the name of a scheme, such as "Bearer", counts by itself too.
  void AddHeaderValue(std::string_view value);

  // `text` with "[redacted]" for each secret as it is, percent-encoded, and within base64 of either
  // alphabet.
  std::string RemovedFrom(std::string_view text) const;
  void RemoveFrom(std::string* text) const;

 private:
  // How much of the beginning of a form identifies it.
  enum class Telling { kEight, kOverHalf };
  struct Form {
    std::string text;
    size_t least;
  };

  void AddAllForms(std::string_view secret, Telling telling);
  void AddBase64Forms(std::string_view secret, Telling telling);
  void Add(std::string form, Telling telling);
  size_t LengthAtStartOf(std::string_view text) const;

  std::vector<Form> forms_;
  std::bitset<256> first_;  // the first bytes of all forms
};

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_REDACTION_H_

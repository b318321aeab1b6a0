#ifndef SPARKGATE_SERVICE_TRANSLATE_REDACTION_H_
#define SPARKGATE_SERVICE_TRANSLATE_REDACTION_H_

#include <bitset>
#include <string>
#include <string_view>
#include <vector>

namespace sparkgate::translate {

// What of an upstream's error text may be shown to callers: at most 512 bytes of valid UTF-8 in one
// line, without anything that looks like a key, without file paths and tracebacks, and without the
// values of the request that some servers repeat (they may be a prompt).
std::string CleanErrorText(std::string_view text);

// The same of a text that is about a key, which has any form: no word of eight bytes or more with a
// digit or an asterisk in it either.
std::string CleanKeyErrorText(std::string_view text);

// The text says that the prompt does not fit into the model's context.
bool SaysContextLength(std::string_view text);

// What Sparkgate sends that nobody may see, to be removed from whatever the upstream says outside
// of an answer: an upstream that repeats it in an error must not hand it to callers and logs. What
// looks like some key is removed elsewhere (error_text.h); this knows those that matter.
//
// Filled once; from then on immutable, any thread.
class KnownSecrets {
 public:
  KnownSecrets() = default;  // there are none

  // A key or a password. Under four characters it would blank half of every text, and is none. A
  // beginning of eight characters counts too: texts are cut to their limits before they come here.
  void AddKey(std::string_view key);

  // What the Basic scheme sends for the two, in base64 alone: the user is no secret, and may be a
  // word. (The password is a key.)
  void AddBasic(std::string_view user, std::string_view password);

  // The value of a fixed header; it may be a word, a name or an address as well. Under eight
  // characters it is no secret. A beginning counts if it is over half of it. Behind the name of a
  // scheme, such as "Bearer", what follows counts by itself too.
  void AddHeaderValue(std::string_view value);

  // `text` with "[redacted]" for each secret as it is, percent-encoded, and within base64 of the
  // common and of the URL's alphabet.
  std::string RemovedFrom(std::string_view text) const;
  void RemoveFrom(std::string* text) const;

 private:
  // How much of its beginning tells a form.
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
  std::bitset<256> first_;  // bytes that a form begins with
};

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_REDACTION_H_

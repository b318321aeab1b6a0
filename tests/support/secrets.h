#ifndef SPARKGATE_TESTS_SUPPORT_SECRETS_H_
#define SPARKGATE_TESTS_SUPPORT_SECRETS_H_

#include <string>
#include <string_view>

namespace sparkgate::support {

// What must appear in no log line, status or metadata, whatever a test does. Any thread.

// The made-up key that servers under test are given.
inline constexpr char kMadeUpKey[] = "fw_MadeUpKey7hQ2xV9mZ4tL";

// A word for prompts: whoever puts it into a message of a request finds out who repeats it.
inline constexpr char kCanary[] = "CanaryPrompt8Kd3Wq";

// One more word that must not appear from now on, in this process.
void NameSecret(std::string secret);

// Fails the running test if `text` holds a secret. `where` says whose text it is.
void ExpectNoSecret(std::string_view where, std::string_view text);

// Writes a file into the test's own folder that its owner alone may read. Gives its path.
std::string WriteSecretFile(const std::string& name, const std::string& text);

}  // namespace sparkgate::support

#endif  // SPARKGATE_TESTS_SUPPORT_SECRETS_H_

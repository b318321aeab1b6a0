// A throw-away certificate authority and a certificate for this machine.
#ifndef SPARKGATE_SIMULATOR_CERTIFICATE_H_
#define SPARKGATE_SIMULATOR_CERTIFICATE_H_

#include <optional>
#include <string>

namespace sparkgate::simulator {

struct Certificate {
  std::string ca_pem;           // What clients must trust.
  std::string certificate_pem;  // For localhost, 127.0.0.1 and ::1; valid for 30 days.
  std::string key_pem;          // Exists in memory only.
};

// New keys with every call. Nothing if OpenSSL fails.
std::optional<Certificate> MakeCertificate();

}  // namespace sparkgate::simulator

#endif  // SPARKGATE_SIMULATOR_CERTIFICATE_H_

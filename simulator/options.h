// The simulator's settings, checked.
#ifndef SPARKGATE_SIMULATOR_OPTIONS_H_
#define SPARKGATE_SIMULATOR_OPTIONS_H_

#include <cstdint>
#include <string>

#include "simulator/plan.h"

namespace sparkgate::simulator {

struct Options {
  std::string host = "127.0.0.1";
  uint16_t port = 8089;  // 0: any free one.
  int threads = 1;
  size_t max_body = 64u << 20;  // Larger requests get 413.

  std::string path_prefix = "/inference/v1";
  std::string api_key;           // Empty: every bearer key is good.
  bool allow_anonymous = false;  // No Authorization is needed.
  bool reject_stream_options = false;

  Plan defaults;            // Pace, length and usage of every call.
  std::string fault;        // Name of a fault for any call, empty for none.
  double fault_rate = 1;    // Share of the calls that it hits.
  uint64_t fault_seed = 1;  // Which ones.

  bool tls = false;
  std::string tls_certificate_pem, tls_key_pem;
};

}  // namespace sparkgate::simulator

#endif  // SPARKGATE_SIMULATOR_OPTIONS_H_

// From one request to the script that answers it: paths, keys, validation, models.
#ifndef SPARKGATE_SIMULATOR_ENDPOINT_H_
#define SPARKGATE_SIMULATOR_ENDPOINT_H_

#include <atomic>
#include <cstdint>
#include <string>

#include "simulator/chat_request.h"
#include "simulator/errors.h"
#include "simulator/http.h"
#include "simulator/ledger.h"
#include "simulator/options.h"
#include "simulator/script.h"

namespace sparkgate::simulator {

struct Reply {
  Script script;
  uint64_t generation = 0;  // The ledger's number if a generation began, else 0.
  Leaving leaving;
};

// Any thread.
class Endpoint {
 public:
  // Both outlive it.
  Endpoint(const Options& options, Ledger* ledger) : options_(options), ledger_(*ledger) {}

  Reply Handle(const HttpRequest& request);

  // The next `count` calls are closed before a byte is sent.
  void DropNext(int count) { drops_ += count; }

  // Answers a request that is refused before it is complete: 400, 413 or 431, then the connection
  // closes.
  Script Refuse(int status);

 private:
  struct Call;  // One request to the API on its way through the checks.

  Reply Control(const HttpRequest& request, const std::string& path);
  Reply Models(Call* call);
  Reply Completion(Call* call);
  bool Authorized(const HttpRequest& request) const;
  Reply Error(Call* call, const ErrorAnswer& error);
  Reply Start(Call* call, const ChatRequest& parsed, const Plan& plan);
  bool FaultHits();
  bool TakeDrop();
  Fields CommonFields(const Call& call) const;
  std::string NewId();

  const Options& options_;
  Ledger& ledger_;
  std::atomic<uint64_t> ids_{0};
  std::atomic<uint64_t> faults_{0};
  std::atomic<int> drops_{0};
};

}  // namespace sparkgate::simulator

#endif  // SPARKGATE_SIMULATOR_ENDPOINT_H_

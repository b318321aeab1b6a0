#ifndef SPARKGATE_SERVICE_UPSTREAM_RESOLVER_H_
#define SPARKGATE_SERVICE_UPSTREAM_RESOLVER_H_

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sparkgate::upstream {

// The upstream's addresses, kept fresh by one thread for the whole process, so that no transfer
// looks a name up (libcurl would start a thread for each). A look-up that fails keeps what is
// known. An address instead of a name needs no thread.
class Resolver {
 public:
  // Addresses in the order of preference, IPv6 without brackets; empty: the look-up failed. Blocks.
  using Lookup = std::function<std::vector<std::string>(const std::string& host)>;

  // Looks up at once and waits for that until `first_wait` is over; a failure is no error here.
  // Looks up again after `refresh`, but after a second while nothing is known.
  Resolver(const std::string& host, int port,
           std::chrono::milliseconds refresh = std::chrono::seconds(30),
           std::chrono::milliseconds first_wait = std::chrono::seconds(2),
           Lookup lookup = SystemLookup);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // Ends the thread. One that hangs in a look-up is left behind; it touches nothing of ours.
  void Stop();

  // The host is an address: the three below are not needed.
  bool is_address() const { return state_ == nullptr; }

  // All addresses, each call beginning with another one; those that did not answer a moment ago
  // come last. Empty: none is known. Any thread.
  std::vector<std::string> Addresses() const;
  // One of them did not answer: it comes last for a while, twice as long each time.
  void NoteSilent(const std::string& address) const;
  // The name has this address, or is one. Any thread.
  bool Has(const std::string& address) const;

  // For CURLOPT_RESOLVE: the host has this address.
  std::string Entry(const std::string& address) const;

  static std::vector<std::string> SystemLookup(const std::string& host);

 private:
  struct State;
  static void Run(const std::shared_ptr<State>& state);

  std::vector<std::string> Ordered() const;  // with the state's mutex held

  std::shared_ptr<State> state_;  // null: the host is an address
};

}  // namespace sparkgate::upstream

#endif  // SPARKGATE_SERVICE_UPSTREAM_RESOLVER_H_

#include "service/upstream/resolver.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <condition_variable>
#include <iterator>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace sparkgate::upstream {
namespace {

constexpr std::chrono::seconds kRefreshWhileUnknown{1};
constexpr std::chrono::milliseconds kStopPatience{100};
constexpr std::chrono::milliseconds kSilentTime{30'000};
constexpr std::chrono::milliseconds kMostSilentTime{300'000};

bool IsIpv6(const std::string& address) { return address.find(':') != std::string::npos; }

bool IsAddress(const std::string& host) {
  unsigned char bytes[sizeof(in6_addr)];
  return inet_pton(AF_INET, host.c_str(), bytes) == 1 ||
         inet_pton(AF_INET6, host.c_str(), bytes) == 1;
}

// Begins with another address each time, but with the family that the system prefers.
std::vector<std::string> Rotated(std::vector<std::string> addresses, uint64_t step) {
  if (addresses.empty()) return addresses;
  const bool preferred = IsIpv6(addresses.front());
  const auto other =
      std::stable_partition(addresses.begin(), addresses.end(),
                            [&](const std::string& a) { return IsIpv6(a) == preferred; });
  const auto rotate = [step](auto begin, auto end) {
    if (begin != end) {
      std::rotate(begin, begin + static_cast<int64_t>(step % static_cast<uint64_t>(end - begin)),
                  end);
    }
  };
  rotate(addresses.begin(), other);
  rotate(other, addresses.end());
  return addresses;
}

std::string AddressText(const addrinfo& entry) {
  char text[NI_MAXHOST];
  if (getnameinfo(entry.ai_addr, entry.ai_addrlen, text, sizeof(text), nullptr, 0,
                  NI_NUMERICHOST) != 0) {
    return "";
  }
  return text;
}

}  // namespace

// Shared with the thread, which may outlive the Resolver.
struct Resolver::State {
  std::string host;
  std::string prefix;  // "+host:port:"
  std::chrono::milliseconds refresh{};
  Lookup lookup;

  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> addresses;  // all below: guarded by mutex
  uint64_t rotation = 0;
  struct Silent {
    std::chrono::steady_clock::time_point until{};
    std::chrono::milliseconds time{};
  };
  std::map<std::string, Silent> silent;  // those that did not answer, forgotten with their name
  bool tried = false;
  bool stop = false;
  bool ended = false;

  // With the mutex held: what is known of addresses that the name has left.
  void ForgetOthers() {
    for (auto entry = silent.begin(); entry != silent.end();) {
      const bool known =
          std::find(addresses.begin(), addresses.end(), entry->first) != addresses.end();
      entry = known ? std::next(entry) : silent.erase(entry);
    }
  }
};

Resolver::Resolver(const std::string& host, int port, std::chrono::milliseconds refresh,
                   std::chrono::milliseconds first_wait, Lookup lookup) {
  if (IsAddress(host)) return;
  state_ = std::make_shared<State>();
  state_->host = host;
  state_->prefix = "+" + host + ":" + std::to_string(port) + ":";
  state_->refresh = refresh;
  state_->lookup = std::move(lookup);
  std::thread([state = state_] { Run(state); }).detach();
  std::unique_lock<std::mutex> lock(state_->mutex);
  state_->changed.wait_for(lock, first_wait, [this] { return state_->tried; });
}

Resolver::~Resolver() { Stop(); }

void Resolver::Stop() {
  if (state_ == nullptr) return;
  std::unique_lock<std::mutex> lock(state_->mutex);
  state_->stop = true;
  state_->changed.notify_all();
  state_->changed.wait_for(lock, kStopPatience, [this] { return state_->ended; });
}

void Resolver::Run(const std::shared_ptr<State>& state) {
  std::unique_lock<std::mutex> lock(state->mutex);
  while (!state->stop) {
    lock.unlock();
    std::vector<std::string> found = state->lookup(state->host);
    lock.lock();
    if (!found.empty()) {
      state->addresses = std::move(found);
      state->ForgetOthers();
    }
    state->tried = true;
    state->changed.notify_all();
    std::chrono::milliseconds pause = state->refresh;
    if (state->addresses.empty())
      pause = std::min<std::chrono::milliseconds>(pause, kRefreshWhileUnknown);
    state->changed.wait_for(lock, pause, [&] { return state->stop; });
  }
  state->ended = true;
  state->changed.notify_all();
}

std::vector<std::string> Resolver::Addresses() const {
  if (state_ == nullptr) return {};
  std::lock_guard<std::mutex> lock(state_->mutex);
  return Ordered();
}

std::vector<std::string> Resolver::Ordered() const {
  const auto now = std::chrono::steady_clock::now();
  std::vector<std::string> addresses = Rotated(state_->addresses, state_->rotation++);
  std::stable_partition(addresses.begin(), addresses.end(), [&](const std::string& address) {
    const auto silent = state_->silent.find(address);
    return silent == state_->silent.end() || silent->second.until <= now;
  });
  return addresses;
}

void Resolver::NoteSilent(const std::string& address) const {
  if (state_ == nullptr) return;
  std::lock_guard<std::mutex> lock(state_->mutex);
  const auto now = std::chrono::steady_clock::now();
  State::Silent& silent = state_->silent[address];
  if (silent.until > now) return;  // of a call that began before it was known
  silent.time =
      std::clamp<std::chrono::milliseconds>(silent.time * 2, kSilentTime, kMostSilentTime);
  silent.until = now + silent.time;
}

bool Resolver::Has(const std::string& address) const {
  if (state_ == nullptr) return true;
  std::lock_guard<std::mutex> lock(state_->mutex);
  const auto& addresses = state_->addresses;
  return addresses.empty() ||
         std::find(addresses.begin(), addresses.end(), address) != addresses.end();
}

std::string Resolver::Entry(const std::string& address) const {
  return state_->prefix + (IsIpv6(address) ? "[" + address + "]" : address);
}

std::vector<std::string> Resolver::SystemLookup(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* list = nullptr;
  std::vector<std::string> addresses;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &list) != 0) return addresses;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    std::string address = AddressText(*entry);
    const bool known = std::find(addresses.begin(), addresses.end(), address) != addresses.end();
    if (!address.empty() && !known) addresses.push_back(std::move(address));
  }
  freeaddrinfo(list);
  return addresses;
}

}  // namespace sparkgate::upstream

// A caller of costly requests, in a process of its own: always has WIDTH calls out, or begins one
// every PAUSE_MS while there are fewer. Prints a line for each call that ends, until it is killed.
//
//   costly_client ADDRESS METHOD SHAPES WIDTH PAUSE_MS      SHAPES: of "jtnesq", one after the
//   other
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "sparkgate/v1/request.pb.h"
#include "tests/support/caller.h"

namespace sparkgate::limits {
namespace {

constexpr size_t kLarge = 31 << 20;

std::string Serialized(const std::function<void(v1::ChatRequest*)>& fill) {
  v1::ChatRequest request;
  request.set_model("m");
  v1::ChatMessage* message = request.add_messages();
  message->set_role("user");
  message->set_content("a");
  fill(&request);
  return request.SerializeAsString();
}

std::string OfText(char character) {
  return Serialized(
      [&](auto* r) { r->mutable_messages(0)->set_content(std::string(kLarge, character)); });
}

// Refused at its end: it has a key whose field is set.
std::string OfJson(size_t bytes) {
  std::string json = "{\"a\":[0";
  while (json.size() < bytes) json += ",1234567";
  return Serialized([&](auto* r) { r->set_extra_body_json(json + "],\"model\":\"m\"}"); });
}

// Refused at its end: the role of a message is missing.
std::string OfEntries(int count) {
  return Serialized([&](auto* r) {
    for (int i = 0; i < count; ++i) (*r->mutable_metadata())[std::to_string(i)] = "";
    r->add_messages();
  });
}

std::string Request(char shape) {
  switch (shape) {
    case 'j':
      return OfJson(kLarge);
    case 't':
      return OfText('x');
    case 'n':
      return OfText('\n');
    case 'e':
      return OfEntries(21'000);  // as many as a request may have
    case 'q':
      return OfEntries(5'500);  // 62 KB: not for the workers
    case 's':
      return OfJson(250'000);
    default:
      std::abort();
  }
}

void Run(char** argv) {
  std::vector<std::string> requests;
  for (const char* shape = argv[3]; *shape != 0; ++shape) requests.push_back(Request(*shape));
  const size_t width = std::strtoul(argv[4], nullptr, 10);
  const std::chrono::milliseconds pause(std::strtol(argv[5], nullptr, 10));
  support::Caller caller(argv[1]);
  std::deque<support::RunningCall> calls;
  auto due = std::chrono::steady_clock::now();
  for (size_t i = 0;; ++i) {
    std::this_thread::sleep_until(due += pause);
    calls.push_back(caller.StartRaw(argv[2], requests[i % requests.size()]));
    while (!calls.empty() && (calls.front().ended() || calls.size() >= width)) {
      const support::CallResult result = calls.front().Wait();
      std::printf("%s %s\n", result.name.c_str(), result.reason.c_str());
      std::fflush(stdout);
      calls.pop_front();
    }
  }
}

}  // namespace
}  // namespace sparkgate::limits

int main(int argc, char** argv) {
  if (argc != 6) return 2;
  sparkgate::limits::Run(argv);
}

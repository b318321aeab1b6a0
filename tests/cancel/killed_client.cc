// A client that is killed in the middle of its calls: one StreamChat that has begun, one StreamChat
// and one Chat that wait. Prints "ready" and waits for its end.
//
//   killed_client ADDRESS NAME
#include <unistd.h>

#include <cstdio>
#include <string>

#include "tests/support/answers.h"
#include "tests/support/caller.h"

int main(int argc, char** argv) {
  using namespace sparkgate::support;
  if (argc != 3) return 2;
  const std::string name = argv[2];
  Caller caller(argv[1]);
  RunningCall begun = caller.Start(Rpc::kStreamChat, ChatRequestBody("begun/" + name));
  RunningCall waiting = caller.Start(Rpc::kStreamChat, ChatRequestBody("silent/" + name));
  RunningCall chat = caller.Start(Rpc::kChat, ChatRequestBody("silent/" + name));
  if (!begun.AwaitMessages(1)) return 1;
  std::printf("ready\n");
  std::fflush(stdout);
  while (true) pause();
}

#ifndef SPARKGATE_TESTS_SUPPORT_THREAD_COUNT_H_
#define SPARKGATE_TESTS_SUPPORT_THREAD_COUNT_H_

#include <dirent.h>
#include <sys/types.h>

#include <fstream>
#include <string>

namespace sparkgate::support {

// Threads of a process that have this name. A thread that nobody named has the program's; gRPC
// names its own, and starts more of them when it is busy.
inline int ThreadsNamed(pid_t pid, const std::string& name) {
  const std::string tasks = "/proc/" + std::to_string(pid) + "/task";
  DIR* const folder = opendir(tasks.c_str());
  if (folder == nullptr) return 0;
  int count = 0;
  while (const dirent* entry = readdir(folder)) {
    std::ifstream comm(tasks + "/" + entry->d_name + "/comm");
    std::string found;
    if (std::getline(comm, found) && found == name) ++count;
  }
  closedir(folder);
  return count;
}

}  // namespace sparkgate::support

#endif  // SPARKGATE_TESTS_SUPPORT_THREAD_COUNT_H_

#include "service/config/cgroup.h"

#include <algorithm>
#include <fstream>

namespace sparkgate::config {
namespace {

// From the process's group up to the root. Folders that are not there are passed over: in a
// container the path may be the host's, while the mount shows the container's own group as the
// root.
void LeastUpwards(const std::string& mount, std::string path, const ReadLimit& read,
                  std::optional<double>* least) {
  while (true) {
    if (std::optional<double> limit = read(mount + path)) {
      *least = std::min(least->value_or(*limit), *limit);
    }
    if (path.empty()) return;
    path.resize(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
  }
}

bool Has(const std::string& controllers, const std::string& controller) {
  return ("," + controllers + ",").find("," + controller + ",") != std::string::npos;
}

}  // namespace

std::optional<double> LeastCgroupLimit(const std::string& membership, const std::string& root,
                                       const std::string& controller, const ReadLimit& read_v2,
                                       const ReadLimit& read_v1) {
  std::optional<double> least;
  std::ifstream file(membership);
  for (std::string line; std::getline(file, line);) {  // number:controllers:path
    const size_t first = line.find(':');
    const size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string path = line.substr(second + 1);
    if (controllers.empty()) {
      LeastUpwards(root, path, read_v2, &least);
    } else if (Has(controllers, controller)) {
      LeastUpwards(root + "/" + controllers, path, read_v1, &least);
      LeastUpwards(root + "/" + controller, path, read_v1, &least);
    }
  }
  return least;
}

}  // namespace sparkgate::config

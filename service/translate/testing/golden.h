#ifndef SPARKGATE_SERVICE_TRANSLATE_TESTING_GOLDEN_H_
#define SPARKGATE_SERVICE_TRANSLATE_TESTING_GOLDEN_H_

#include <set>
#include <string>

namespace sparkgate::translate {

// The files of one folder below tests/data/golden, each of which must be what a test produces, byte
// for byte. With GOLDEN_UPDATE in the environment (an absolute path to tests/data/golden) they are
// written instead: read the difference against the upstream's documentation before it is committed.
class GoldenFolder {
 public:
  explicit GoldenFolder(std::string folder);

  // Fails the test if the file `name` is not there or is not `content`.
  void Check(const std::string& name, const std::string& content);

  // Fails the test for every file that nothing was checked against.
  void CheckAllUsed() const;

 private:
  std::string root_;
  bool update_;
  std::set<std::string> used_;
};

// A whole file of the source tree, by its path from the root.
std::string ReadSourceFile(const std::string& path);

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_TESTING_GOLDEN_H_

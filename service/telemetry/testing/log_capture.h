#ifndef SPARKGATE_SERVICE_TELEMETRY_TESTING_LOG_CAPTURE_H_
#define SPARKGATE_SERVICE_TELEMETRY_TESTING_LOG_CAPTURE_H_

#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace sparkgate::telemetry {

// A pipe for a logger to write to. Nothing is read before Read() or Finish(): until then it is a
// stderr that nobody reads.
class LogCapture {
 public:
  LogCapture() { EXPECT_EQ(pipe(fds_), 0); }
  ~LogCapture() {
    CloseWriteEnd();
    if (reader_.joinable()) reader_.join();
    close(fds_[0]);
  }

  int fd() const { return fds_[1]; }

  // Begins to read, on a thread.
  void Read() {
    reader_ = std::thread([this] {
      char piece[4096];
      while (true) {
        const ssize_t size = read(fds_[0], piece, sizeof(piece));
        if (size <= 0) return;
        text_.append(piece, size);
      }
    });
  }

  // The logger is gone: all that it wrote.
  const std::string& Finish() {
    if (!reader_.joinable() && !finished_) Read();
    finished_ = true;
    CloseWriteEnd();
    if (reader_.joinable()) reader_.join();
    return text_;
  }

  // The same, each line read as the JSON object that it must be.
  std::vector<nlohmann::ordered_json> Lines() {
    std::vector<nlohmann::ordered_json> lines;
    const std::string& text = Finish();
    for (size_t at = 0; at < text.size();) {
      const size_t end = text.find('\n', at);
      EXPECT_NE(end, std::string::npos) << "a line without its end";
      if (end == std::string::npos) break;
      lines.push_back(nlohmann::ordered_json::parse(text.substr(at, end - at), nullptr, false));
      EXPECT_TRUE(lines.back().is_object()) << text.substr(at, end - at);
      at = end + 1;
    }
    return lines;
  }

 private:
  void CloseWriteEnd() {
    if (fds_[1] >= 0) close(fds_[1]);
    fds_[1] = -1;
  }

  int fds_[2] = {-1, -1};
  bool finished_ = false;
  std::thread reader_;
  std::string text_;
};

}  // namespace sparkgate::telemetry

#endif  // SPARKGATE_SERVICE_TELEMETRY_TESTING_LOG_CAPTURE_H_

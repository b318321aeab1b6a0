#include "client/chat/line_reader.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace sparkgate::client {

bool LineReader::TakeLine(std::string* line) {
  const size_t end = rest_.find('\n');
  if (end == std::string::npos) return false;
  *line = rest_.substr(0, end);
  if (!line->empty() && line->back() == '\r') line->pop_back();
  rest_.erase(0, end + 1);
  return true;
}

LineReader::Result LineReader::Read(std::string* line) {
  char buffer[4096];
  while (!TakeLine(line)) {
    pollfd fds[] = {{input_, POLLIN, 0}, {interrupt_, POLLIN, 0}};
    if (poll(fds, 2, -1) < 0 && errno == EINTR) continue;
    if (fds[1].revents != 0) {
      rest_.clear();
      return Result::kInterrupted;
    }
    const ssize_t size = read(input_, buffer, sizeof buffer);
    if (size < 0 && errno == EINTR) continue;
    if (size > 0) {
      rest_.append(buffer, static_cast<size_t>(size));
      continue;
    }
    if (rest_.empty()) return Result::kEnd;
    rest_ += '\n';
  }
  return Result::kLine;
}

}  // namespace sparkgate::client

#include "service/config/nearest.h"

#include <algorithm>
#include <cctype>
#include <numeric>

namespace sparkgate::config {
namespace {

// Case does not count, and '-' is as good as '_': both are what people type.
char Plain(char c) { return c == '-' ? '_' : std::tolower(static_cast<unsigned char>(c)); }

// Edits (insert, delete, change) from one word to the other.
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t change = diagonal + (Plain(a[i - 1]) == Plain(b[j - 1]) ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
    }
  }
  return row.back();
}

}  // namespace

std::string Nearest(std::string_view wrong, const std::vector<std::string>& names) {
  constexpr size_t kLongest = 64;
  if (wrong.size() > kLongest) return "";
  std::string nearest;
  size_t least = std::max<size_t>(2, wrong.size() / 3) + 1;
  for (const std::string& name : names) {
    const size_t distance = Distance(wrong, name);
    if (distance >= least) continue;
    least = distance;
    nearest = name;
  }
  return nearest;
}

std::string DidYouMean(std::string_view wrong, const std::vector<std::string>& names,
                       std::string_view prefix) {
  const std::string nearest = Nearest(wrong, names);
  if (nearest.empty()) return "";
  return "; did you mean " + std::string(prefix) + nearest + "?";
}

}  // namespace sparkgate::config

#include "service/config/settings.h"

#include "gtest/gtest.h"

namespace sparkgate::config {
namespace {

TEST(NearestTest, FindsWhatWasMeant) {
  const std::vector<std::string> names = {"loops", "listen", "connect_timeout", "idle_timeout"};
  EXPECT_EQ(Nearest("loop", names), "loops");
  EXPECT_EQ(Nearest("conect_timout", names), "connect_timeout");
  EXPECT_EQ(Nearest("connect-timeout", names), "connect_timeout");
  EXPECT_EQ(Nearest("LISTEN", names), "listen");
  EXPECT_EQ(Nearest("temperature", names), "");
  EXPECT_EQ(Nearest("", names), "");
  EXPECT_EQ(Nearest(std::string(10000, 'l'), names), "");
  EXPECT_EQ(DidYouMean("lops", names, "--"), "; did you mean --loops?");
  EXPECT_EQ(DidYouMean("xyzzy", names, "--"), "");
}

}  // namespace
}  // namespace sparkgate::config

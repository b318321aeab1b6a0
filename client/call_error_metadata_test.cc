#include <gtest/gtest.h>

#include <string>

#include "client/call_error.h"

namespace sparkgate::client {
namespace {

TEST(MetadataCheck, TakesWhatGrpcTakes) {
  EXPECT_TRUE(CheckMetadata({}).ok());
  EXPECT_TRUE(CheckMetadata({{"x-a_b.c-1", " any ~ text, with = signs"}}).ok());
  EXPECT_TRUE(CheckMetadata({{"trace-bin", std::string("\x00\xff\n", 3)}}).ok());
}

TEST(MetadataCheck, RefusesWhatWouldEndTheProcess) {
  for (const char* name : {"", "Upper", "a b", "grpc-timeout", "a:b", "ü"}) {
    EXPECT_FALSE(CheckMetadata({{name, "x"}}).ok()) << name;
  }
  for (const char* value : {"a\nb", "\x7f", "ü", "\t"}) {
    EXPECT_FALSE(CheckMetadata({{"x-a", value}}).ok()) << value;
  }
}

TEST(MetadataCheck, NeverRepeatsAValue) {
  const absl::Status status = CheckMetadata({{"x-key", "secret\n"}});
  EXPECT_EQ(std::string(status.message()).find("secret"), std::string::npos);
}

}  // namespace
}  // namespace sparkgate::client

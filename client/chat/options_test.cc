#include "client/chat/options.h"

#include <gtest/gtest.h>

namespace sparkgate::client {
namespace {

TEST(Options, MetadataIsSplitAtCommasBeforeNames) {
  EXPECT_EQ(*ParseMetadata(""), Metadata{});
  EXPECT_EQ(*ParseMetadata("a=1,b=2"), (Metadata{{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(*ParseMetadata("a=1,a=2"), (Metadata{{"a", "1"}, {"a", "2"}}));
  EXPECT_EQ(*ParseMetadata("a=x, y,b=2=3"), (Metadata{{"a", "x, y"}, {"b", "2=3"}}));
  EXPECT_EQ(*ParseMetadata("a="), (Metadata{{"a", ""}}));
}

TEST(Options, MetadataThatCannotBeSentIsRefused) {
  for (const char* text : {"a", "=1", "Upper=1", "grpc-x=1", "a=\n"}) {
    EXPECT_FALSE(ParseMetadata(text).ok()) << text;
  }
}

TEST(Options, TheHelpNamesTheDefaults) {
  EXPECT_NE(HelpText().find(DefaultModel()), std::string::npos);
  EXPECT_NE(HelpText().find(DefaultServer()), std::string::npos);
}

}  // namespace
}  // namespace sparkgate::client

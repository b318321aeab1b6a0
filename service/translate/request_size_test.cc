#include "service/translate/request_size.h"

#include <gtest/gtest.h>

#include <string>

#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "sparkgate/v1/request.pb.h"

namespace sparkgate::translate {
namespace {

bool Fits(const std::string& wire, size_t limit, int block = -1) {
  google::protobuf::io::ArrayInputStream stream(wire.data(), static_cast<int>(wire.size()), block);
  return HasAtMostElements(&stream, v1::ChatRequest::descriptor(), limit);
}

// The exact count, which is that of the wire in pieces too.
size_t Count(const std::string& wire) {
  size_t count = 0;
  while (!Fits(wire, count)) ++count;
  EXPECT_TRUE(Fits(wire, count, /*block=*/1));
  EXPECT_TRUE(count == 0 || !Fits(wire, count - 1, /*block=*/1));
  return count;
}

TEST(RequestSize, CountsWhatBecomesAnObjectInMemory) {
  v1::ChatRequest request;
  EXPECT_EQ(Count(request.SerializeAsString()), 0u);
  request.set_max_tokens(7);
  request.set_temperature(0.5);
  EXPECT_EQ(Count(request.SerializeAsString()), 0u) << "numbers stand in the message itself";
  request.set_model("m");
  EXPECT_EQ(Count(request.SerializeAsString()), 1u);
  request.add_messages();
  EXPECT_EQ(Count(request.SerializeAsString()), 2u);
  request.mutable_messages(0)->set_role("user");
  request.mutable_messages(0)->add_tool_calls()->mutable_function()->set_arguments("{}");
  EXPECT_EQ(Count(request.SerializeAsString()), 6u);
  request.add_stop("a");
  request.add_stop("b");
  EXPECT_EQ(Count(request.SerializeAsString()), 8u);
  (*request.mutable_metadata())["k"] = "v";
  EXPECT_EQ(Count(request.SerializeAsString()), 11u) << "the entry, its key and its value";
}

TEST(RequestSize, UnknownFieldsAreKeptByProtobufAndSoCount) {
  const std::string number = "\xf8\x7f\x01";    // field 2047, a varint
  const std::string bytes("\xfa\x7f\x01x", 4);  // the same, one byte
  EXPECT_EQ(Count(number + number + bytes), 3u);
}

TEST(RequestSize, TheSmallestElementsAreFoundBeforeTheyAreBuilt) {
  std::string wire;
  for (int i = 0; i < 1'000'000; ++i) wire.append("\x12\x00", 2);  // empty messages
  EXPECT_FALSE(Fits(wire, 65536));
  EXPECT_TRUE(Fits(wire, 1'000'000));
}

TEST(RequestSize, RubbishIsNotItsBusiness) {
  for (const std::string wire :
       {std::string("\x12"), std::string("\x12\xff\xff\xff\xff\x0f"),
        std::string("\xff\xff\xff\xff\xff\xff"), std::string("\x0b\x0c")}) {
    EXPECT_TRUE(Fits(wire, 10));
  }
}

}  // namespace
}  // namespace sparkgate::translate

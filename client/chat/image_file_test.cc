#include "client/chat/image_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace sparkgate::client {
namespace {

using std::string_literals::operator""s;

std::string WriteFile(const std::string& name, const std::string& bytes) {
  const std::string path = testing::TempDir() + name;
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

TEST(ImageFile, TheTypeIsInTheBytes) {
  EXPECT_EQ(MediaTypeOf("\x89PNG\r\n\x1a\nrest"), "image/png");
  EXPECT_EQ(MediaTypeOf("\xff\xd8\xff\xe0rest"), "image/jpeg");
  EXPECT_EQ(MediaTypeOf("GIF87arest"), "image/gif");
  EXPECT_EQ(MediaTypeOf("GIF89arest"), "image/gif");
  EXPECT_EQ(MediaTypeOf("RIFF\1\2\3\4WEBPVP8 "), "image/webp");
  EXPECT_EQ(MediaTypeOf("BM\1\2\3\4\0\0\0\0\1\2\3\4"s), "image/bmp");
  EXPECT_EQ(MediaTypeOf("II*\0rest"s), "image/tiff");
  EXPECT_EQ(MediaTypeOf("MM\0*rest"s), "image/tiff");
}

TEST(ImageFile, OtherBytesAreNoImage) {
  for (const std::string& bytes :
       {""s, "B"s, "BMW and other cars"s, "RIFF\1\2\3\4WAVE"s, "RIFF"s, "\x89PNG"s, "<svg/>"s}) {
    EXPECT_EQ(MediaTypeOf(bytes), "") << bytes;
  }
}

TEST(ImageFile, ReadsBytesAsTheyAre) {
  const std::string bytes = "GIF89a\0\xff\r\n"s;
  const auto image = ReadImage(WriteFile("picture.txt", bytes));
  ASSERT_TRUE(image.ok());
  EXPECT_EQ(image->data(), bytes);
  EXPECT_EQ(image->mime_type(), "image/gif");
}

TEST(ImageFile, MistakesNameTheFile) {
  const std::string text = WriteFile("notes.png", "hello");
  EXPECT_EQ(ReadImage(text).status().message(),
            text + " is no image of a known kind: PNG, JPEG, GIF, WebP, BMP or TIFF is expected");
  EXPECT_EQ(ReadImage("/no/such.png").status().message(), "/no/such.png cannot be read");
  EXPECT_EQ(ReadImage("/tmp").status().message(), "/tmp cannot be read");
}

TEST(ImageFile, WhatNoServerTakesIsNotReadToItsEnd) {
  const std::string large = WriteFile("large.gif", "GIF89a");
  ASSERT_EQ(truncate(large.c_str(), kMostRequestBytes + 1), 0);
  EXPECT_EQ(ReadImage(large).status().message(), large + " has more than 32 MiB");
  ASSERT_EQ(truncate(large.c_str(), kMostRequestBytes), 0);
  EXPECT_TRUE(ReadImage(large).ok());
  unlink(large.c_str());
}

}  // namespace
}  // namespace sparkgate::client

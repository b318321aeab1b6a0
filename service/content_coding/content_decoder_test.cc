#include "service/content_coding/content_decoder.h"

#include <gtest/gtest.h>
#include <zlib.h>

namespace sparkgate::content_coding {
namespace {

using Result = ContentDecoder::Result;

constexpr char kText[] = "data: {\"a\":1}\n\n";

// zlib's window bits: 15 zlib, 31 gzip, -15 neither.
std::string Compressed(const std::string& text, int window_bits) {
  z_stream stream{};
  deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = text.size();
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = out.size();
  deflate(&stream, Z_FINISH);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

struct Decoded {
  std::string text;
  Result result = Result::kOk;
  bool complete = false;
  size_t largest = 0;
};

Decoded Decode(const std::string& coding, const std::string& bytes, size_t step) {
  ContentDecoder decoder(coding);
  Decoded decoded;
  for (size_t at = 0; at < bytes.size() && decoded.result == Result::kOk; at += step) {
    decoded.result =
        decoder.Decode(std::string_view(bytes).substr(at, step), [&](std::string_view piece) {
          decoded.text += piece;
          decoded.largest = std::max(decoded.largest, piece.size());
          return true;
        });
  }
  decoded.complete = decoder.complete();
  return decoded;
}

TEST(ContentDecoderTest, WhatIsPlainPassesWhateverIsDeclared) {
  for (const char* coding : {"", "identity", "Identity", "none", "utf-8", "identity, identity",
                             " , ", "gzip", "br", "deflate", "made-up"}) {
    for (const std::string text : {kText, "{\"a\":1}", " {}", "<html>", ": ping\n\n", "event: x"}) {
      const Decoded decoded = Decode(coding, text, 1);
      EXPECT_EQ(decoded.text, text) << coding;
      EXPECT_TRUE(decoded.complete) << coding;
    }
  }
}

TEST(ContentDecoderTest, CompressedDataIsDecodedInAnyPieces) {
  const std::string text = std::string(kText) + std::string(100'000, 'x') + kText;
  const struct {
    const char* coding;
    int window_bits;
  } cases[] = {{"gzip", 31},
               {"", 31},
               {"X-GZIP", 31},
               {"identity", 31},
               {"br", 31},
               {"deflate", 15},
               {"identity, deflate", -15}};
  for (const auto& c : cases) {
    for (const size_t step : {1, 7, 1 << 20}) {
      const Decoded decoded = Decode(c.coding, Compressed(text, c.window_bits), step);
      EXPECT_EQ(decoded.text, text) << c.coding << c.window_bits;
      EXPECT_TRUE(decoded.complete);
      EXPECT_LE(decoded.largest, ContentDecoder::kPiece);
    }
  }
}

TEST(ContentDecoderTest, SeveralMembersAreOneBody) {
  const std::string member = Compressed(kText, 31);
  EXPECT_EQ(Decode("gzip", member + member, 5).text, std::string(kText) + kText);
}

TEST(ContentDecoderTest, ACutIsSeen) {
  const std::string member = Compressed(std::string(10'000, 'x') + kText, 31);
  const Decoded decoded = Decode("gzip", member.substr(0, member.size() - 4), 9);
  EXPECT_EQ(decoded.result, Result::kOk);
  EXPECT_FALSE(decoded.complete);
}

TEST(ContentDecoderTest, WhatIsBrokenOrUnknownIsSaid) {
  std::string broken = Compressed(std::string(10'000, 'x'), 31);
  broken[12] ^= 0x55;
  EXPECT_EQ(Decode("gzip", broken, 100).result, Result::kBroken);
  EXPECT_EQ(Decode("br", "\x0b\x02\x80hello\x03", 100).result, Result::kUnsupported);
  EXPECT_EQ(Decode("zstd", "\x28\xb5\x2f\xfd", 100).result, Result::kUnsupported);
  EXPECT_EQ(ContentDecoder("gzip, zstd").coding(), "zstd");
}

TEST(ContentDecoderTest, ABombIsStoppedByItsSink) {
  const std::string bomb = Compressed(std::string(64 << 20, '\0'), 31);
  ContentDecoder decoder("gzip");
  size_t taken = 0;
  EXPECT_EQ(decoder.Decode(bomb,
                           [&](std::string_view piece) {
                             taken += piece.size();
                             return taken < (1 << 20);
                           }),
            Result::kStopped);
  EXPECT_LE(taken, (1u << 20) + ContentDecoder::kPiece);
}

}  // namespace
}  // namespace sparkgate::content_coding

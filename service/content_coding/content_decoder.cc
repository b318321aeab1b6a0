#include "service/content_coding/content_decoder.h"

#include <zlib.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"

namespace sparkgate::content_coding {
namespace {

constexpr char kGzipFirst = '\x1f';
constexpr char kGzipSecond = '\x8b';

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// What servers write when they encode nothing.
bool IsNone(std::string_view coding) {
  return coding.empty() || coding == "identity" || coding == "none" || coding == "utf-8" ||
         coding == "utf8";
}

// The last coding of a list that is really one.
std::string LastCoding(std::string_view list) {
  std::string last;
  while (!list.empty()) {
    std::string coding;
    for (const char c : list.substr(0, list.find(','))) {
      if (!IsSpace(c)) coding.push_back(absl::ascii_tolower(c));
    }
    if (!IsNone(coding)) last = coding;
    list.remove_prefix(std::min(list.find(','), list.size() - 1) + 1);
  }
  return last;
}

// Whether JSON, an event stream or a page begins like this; compressed data hardly ever does.
bool LooksPlain(char first) {
  return IsSpace(first) || std::string_view("{[<:\"deir").find(first) != std::string_view::npos;
}

// The two bytes of zlib's header; without it `deflate` is a bare stream, which some servers send.
bool IsZlibHeader(std::string_view bytes) {
  const auto first = static_cast<unsigned char>(bytes[0]);
  const auto second = static_cast<unsigned char>(bytes[1]);
  return (first & 0x0F) == 8 && (first * 256 + second) % 31 == 0;
}

}  // namespace

class ContentDecoder::Inflater {
 public:
  explicit Inflater(bool bare) {
    constexpr int kDetect = 32;  // zlib or gzip, by the header
    ok_ = inflateInit2(&stream_, bare ? -MAX_WBITS : MAX_WBITS + kDetect) == Z_OK;
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  Result Run(std::string_view bytes, const Sink& sink) {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    do {
      // A body may consist of several gzip members.
      if (at_end_ && stream_.avail_in > 0) {
        ok_ = ok_ && inflateReset(&stream_) == Z_OK;
        at_end_ = false;
      }
      if (!ok_) return Result::kBroken;
      std::string piece(kPiece, '\0');
      if (!Fill(&piece)) return Result::kBroken;
      if (!piece.empty() && !sink(piece)) return Result::kStopped;
    } while (stream_.avail_in > 0 || stream_.avail_out == 0);
    return Result::kOk;
  }

  bool at_end() const { return at_end_; }

 private:
  bool Fill(std::string* piece) {
    stream_.next_out = reinterpret_cast<Bytef*>(piece->data());
    stream_.avail_out = static_cast<uInt>(piece->size());
    const int result = inflate(&stream_, Z_SYNC_FLUSH);
    piece->resize(piece->size() - stream_.avail_out);
    at_end_ = result == Z_STREAM_END;
    ok_ = at_end_ || result == Z_OK || result == Z_BUF_ERROR;
    return ok_;
  }

  z_stream stream_{};
  bool ok_ = false;
  bool at_end_ = false;
};

ContentDecoder::ContentDecoder(std::string_view content_encoding)
    : coding_(LastCoding(content_encoding)) {}
ContentDecoder::~ContentDecoder() = default;
ContentDecoder::ContentDecoder(ContentDecoder&&) noexcept = default;
ContentDecoder& ContentDecoder::operator=(ContentDecoder&&) noexcept = default;

ContentDecoder::Result ContentDecoder::Decode(std::string_view bytes, const Sink& sink) {
  std::string joined;
  if (form_ == Form::kUndecided) {
    begin_.append(bytes);
    Decide(begin_);
    if (form_ == Form::kUndecided) return Result::kOk;
    joined = std::exchange(begin_, {});
    bytes = joined;
  }
  switch (form_) {
    case Form::kCompressed:
      return Inflate(bytes, sink);
    case Form::kUnsupported:
      return Result::kUnsupported;
    case Form::kBroken:
      return Result::kBroken;
    default:
      return bytes.empty() || sink(bytes) ? Result::kOk : Result::kStopped;
  }
}

void ContentDecoder::Decide(std::string_view bytes) {
  if (bytes.empty()) return;
  if (LooksPlain(bytes[0])) {
    form_ = Form::kPlain;
    return;
  }
  const bool gzip = bytes[0] == kGzipFirst;
  const bool deflate = coding_ == "deflate";
  if ((gzip || deflate) && bytes.size() < 2) return;
  if (gzip && bytes[1] == kGzipSecond) {
    coding_ = "gzip";
    inflater_ = std::make_unique<Inflater>(/*bare=*/false);
  } else if (deflate) {
    inflater_ = std::make_unique<Inflater>(/*bare=*/!IsZlibHeader(bytes));
  }
  form_ = inflater_                                                     ? Form::kCompressed
          : coding_.empty() || coding_ == "gzip" || coding_ == "x-gzip" ? Form::kPlain
                                                                        : Form::kUnsupported;
}

ContentDecoder::Result ContentDecoder::Inflate(std::string_view bytes, const Sink& sink) {
  const Result result = inflater_->Run(bytes, sink);
  if (result == Result::kBroken) form_ = Form::kBroken;
  return result;
}

bool ContentDecoder::complete() const {
  return begin_.empty() && (!inflater_ || inflater_->at_end());
}

}  // namespace sparkgate::content_coding

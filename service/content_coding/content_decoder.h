#ifndef SPARKGATE_SERVICE_CONTENT_CODING_CONTENT_DECODER_H_
#define SPARKGATE_SERVICE_CONTENT_CODING_CONTENT_DECODER_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace sparkgate::content_coding {

// Undoes the content coding of a response body, piece by piece. Sparkgate asks for none, but
// servers and proxies send gzip all the same, or declare a coding that they do not apply: the first
// bytes decide, and Content-Encoding is a hint. gzip is recognised by its first bytes; deflate must
// be declared.
//
// Not thread-safe. Allocates its memory (some 40 KiB) at the first compressed byte.
class ContentDecoder {
 public:
  enum class Result {
    kOk,
    kStopped,      // by the sink
    kBroken,       // the data is not valid in its coding; further calls return this too
    kUnsupported,  // coding() cannot be undone; further calls return this too
  };

  // Takes decoded bytes, at most kPiece of them; false: it wants no more, ever.
  using Sink = std::function<bool(std::string_view)>;
  static constexpr size_t kPiece = 64 * 1024;

  // `content_encoding`: the header's values, joined by commas; "" if there is none.
  explicit ContentDecoder(std::string_view content_encoding = "");
  ~ContentDecoder();
  ContentDecoder(ContentDecoder&&) noexcept;
  ContentDecoder& operator=(ContentDecoder&&) noexcept;

  Result Decode(std::string_view bytes, const Sink& sink);

  // Whether the body is complete, as far as the coding can tell.
  bool complete() const;

  // In lower case; "" if there is none. The last of several, which has to be undone first.
  const std::string& coding() const { return coding_; }

 private:
  class Inflater;
  enum class Form { kUndecided, kPlain, kCompressed, kBroken, kUnsupported };

  void Decide(std::string_view bytes);
  Result Inflate(std::string_view bytes, const Sink& sink);

  std::string coding_;
  Form form_ = Form::kUndecided;
  std::string begin_;  // the first bytes, until they are enough to decide
  std::unique_ptr<Inflater> inflater_;
};

}  // namespace sparkgate::content_coding

#endif  // SPARKGATE_SERVICE_CONTENT_CODING_CONTENT_DECODER_H_

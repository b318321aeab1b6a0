// Neighbours of the cases: statuses, codings and redirects.
#include <zlib.h>

#include "tests/field/rows.h"

namespace sparkgate::tolerance {
namespace {

constexpr char kOkHi[] = "OK / 0 assistant 'Hi' stop";

std::string Gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

std::string ChatHi() { return Message(R"("content":"Hi")"); }

// A stream, and an answer of Chat, under the same status and header lines.
std::vector<Replay> Under(const std::string& name, int status, const std::string& type,
                          const std::string& headers, const std::string& seen) {
  const std::string events = Hi() + Finish() + kDone;
  const std::string lines = "Content-Type: " + type + "\r\n" + headers;
  return {Response(name + ", a stream",
                   support::Head(status, lines + "Transfer-Encoding: chunked\r\n") +
                       support::Chunk(events) + support::LastChunk(),
                   seen)
              .OnlyStream(),
          Error(name + ", Chat", status, type + "\r\n" + headers.substr(0, headers.size() - 2),
                ChatHi(), seen)
              .OnlyChat()};
}

std::vector<Replay> Statuses() {
  std::vector<Replay> rows;
  for (const int status : {201, 202, 203, 206, 299}) {
    for (Replay& row : Under("under " + std::to_string(status), status, "application/json",
                             "X-A: b\r\n", kOkHi)) {
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

std::vector<Replay> Codings() {
  std::vector<Replay> rows;
  for (const char* coding : {"NONE", "UTF-8", "identity;q=1", "binary", "identity,identity,none"}) {
    for (Replay& row : Under(std::string("coding ") + coding, 200, "application/json",
                             std::string("Content-Encoding: ") + coding + "\r\n", kOkHi)) {
      rows.push_back(std::move(row));
    }
  }
  const std::string stream = Gzip(Hi() + Finish() + kDone);
  rows.push_back(Error("a whole stream in gzip", 200,
                       "text/event-stream\r\nContent-Encoding: x-gzip", stream, kOkHi)
                     .OnlyStream());
  rows.push_back(Error("gzip under another name", 200,
                       "text/event-stream\r\nContent-Encoding: identity", stream, kOkHi)
                     .OnlyStream());
  rows.push_back(Error("half of a stream in gzip", 200, "text/event-stream",
                       stream.substr(0, stream.size() / 2), Truncated())
                     .OnlyStream());
  rows.push_back(Error("an answer in gzip", 200, "application/json\r\nContent-Encoding: GZIP",
                       Gzip(ChatHi()), kOkHi)
                     .OnlyChat());
  rows.push_back(Error("a refusal in gzip, undeclared", 400, "application/json",
                       Gzip(R"({"error":{"message":"not so"}})"),
                       "INVALID_ARGUMENT INVALID_REQUEST")
                     .Says("\"not so\""));
  return rows;
}

Replay Redirect(const std::string& name, int status, const std::string& location) {
  return Response(name, support::Head(status, location + "Content-Length: 0\r\n"),
                  "INTERNAL UPSTREAM_PROTOCOL_ERROR");
}

std::vector<Replay> Redirects() {
  const std::string huge = "https://h.example/" + std::string(20000, 'p');
  return {
      Redirect("302 to a path beside it", 302, "Location: ../v2/chat\r\n")
          .Says("points to ../v2/chat."),
      Redirect("303", 303, "Location: https://h.example/x\r\n")
          .Says("points to https://h.example/x."),
      Redirect("300 with a choice", 300, "Location: /x\r\n").Says("points to /x."),
      Redirect("307 without a place", 307, "").NeverSays({"points to"}),
      Redirect("307 to nothing", 307, "Location: \r\n").NeverSays({"points to"}),
      Redirect("308 to a place of 20 KB", 308, "Location: " + huge + "\r\n")
          .Says("points to https://h.example/ppp"),
      Redirect("307 with credentials and a query", 307,
               "Location: https://me:secret@h.example/x?key=secret#secret\r\n")
          .Says("points to https://h.example/x.")
          .NeverSays({"secret"}),
      Redirect("307 to control bytes", 307, "Location: /a\x1B[31m\x07z\r\n")
          .NeverSays({"\x1B", "\x07"}),
  };
}

}  // namespace

std::vector<Replay> HeadNeighbours() {
  std::vector<Replay> all;
  for (const auto& part : {Statuses(), Codings(), Redirects()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

}  // namespace sparkgate::tolerance

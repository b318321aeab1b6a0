#include "tests/faults/stage.h"

#include <thread>

#include "tests/support/answers.h"
#include "tests/support/eventually.h"
#include "tests/support/tcp_info.h"
#include "tests/support/test_certificates.h"

namespace sparkgate::faults {
namespace {

using support::Connection;

// The server's short timers; the tables tell them apart by their sentences.
constexpr const char* kShortTimers[] = {"--first_content_timeout=1s", "--content_gap_timeout=1s",
                                        "--idle_timeout=700ms", "--end_grace=300ms",
                                        "--max_call_time=2500ms"};

std::vector<std::string> Pieces(const std::string& bytes, Split split) {
  const size_t step = split == Split::kWhole    ? bytes.size()
                      : split == Split::kThirds ? bytes.size() / 3 + 1
                                                : 1;
  std::vector<std::string> pieces;
  for (size_t at = 0; at < bytes.size(); at += step) pieces.push_back(bytes.substr(at, step));
  return pieces;
}

support::ServerProcess::Options Options(const RowUpstream& upstream, bool tls, Timers timers) {
  support::ServerProcess::Options options;
  options.upstream_url = upstream.url();
  if (tls) options.ca_file = support::CaFile();
  // Many handshakes at once take their time on a machine that others use.
  options.flags = {"--connect_timeout=60s", "--max_event_bytes=" + std::to_string(kMaxEventBytes),
                   "--max_chat_body_bytes=" + std::to_string(kMaxChatBytes)};
  if (timers == Timers::kShort) {
    options.flags.insert(options.flags.end(), std::begin(kShortTimers), std::end(kShortTimers));
  }
  return options;
}

}  // namespace

const std::vector<Row>& AllRows() {
  static const auto* const rows = [] {
    auto* all = new std::vector<Row>;
    for (const auto& part : {FaultRows(), StreamRows(), ChatRows(), HttpRows()}) {
      all->insert(all->end(), part.begin(), part.end());
    }
    return all;
  }();
  return *rows;
}

RowUpstream::RowUpstream(bool tls, const Row* unread) : unread_(unread) {
  const auto script = [this](Connection& connection) { Serve(connection); };
  upstream_ =
      tls ? std::make_unique<support::ScriptedUpstream>(script, support::Certificate::kRight)
          : std::make_unique<support::ScriptedUpstream>(script);
}

void RowUpstream::Serve(Connection& connection) {
  if (unread_ != nullptr) {
    End(connection, *unread_);
    return;
  }
  while (const auto request = connection.ReadRequest()) {
    if (!Answer(connection, request->body)) return;
  }
}

bool RowUpstream::Answer(Connection& connection, const std::string& request) {
  const std::string name = support::CallNameOf(request);
  const Row& row = AllRows().at(std::stoul(name));
  const auto split = static_cast<Split>(std::stoi(name.substr(name.find('/') + 1)));
  if (split == Split::kWhole) {
    connection.Send(row.bytes);
  } else {
    connection.SendSlowly(Pieces(row.bytes, split),
                          std::chrono::microseconds(split == Split::kBytes ? 1 : 3000));
  }
  return End(connection, row);
}

bool RowUpstream::End(Connection& connection, const Row& row) {
  const auto wait_for_server = [&] {
    connection.WaitForPeerClose();
    --waiting_;
    return false;
  };
  switch (row.after) {
    case After::kKeep:
      return true;
    case After::kClose:
      connection.Close();
      return false;
    case After::kCut:
      connection.CloseWithoutNotify();
      return false;
    case After::kReset:
      support::WaitUntilRead(connection.peer_port(), connection.port());
      connection.Reset();
      return false;
    case After::kRubbish:
      ++waiting_;
      connection.SendBelowTls("this is no TLS record");
      return wait_for_server();
    case After::kSilence:
      ++waiting_;
      return wait_for_server();
    case After::kForEver:
      ++waiting_;
      while (connection.Send(row.again)) std::this_thread::sleep_for(row.pace);
      return wait_for_server();
  }
  return false;
}

Stage::Stage(bool tls, Timers timers, const Row* unread)
    : upstream(tls, unread), server(Options(upstream, tls, timers)), caller(server.address()) {}

bool Stage::AllLeft() const {
  return support::Eventually([this] { return upstream.waiting() == 0; }, std::chrono::seconds(5));
}

}  // namespace sparkgate::faults

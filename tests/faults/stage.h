#ifndef SPARKGATE_TESTS_FAULTS_STAGE_H_
#define SPARKGATE_TESTS_FAULTS_STAGE_H_

#include <atomic>
#include <memory>
#include <string>

#include "tests/faults/row.h"
#include "tests/support/caller.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/server_process.h"

namespace sparkgate::faults {

// How the bytes of an answer reach the server.
enum class Split { kWhole, kThirds, kBytes };

// The rows of all tables; a row is named by its place here.
const std::vector<Row>& AllRows();

// An upstream that answers as the row says which the request's `user` names: "row/split". With
// `unread`, every connection is that row's, before anything is read from it.
class RowUpstream {
 public:
  RowUpstream(bool tls, const Row* unread);

  std::string url() const { return upstream_->base_url() + "/inference/v1"; }
  // Scripts that wait until the server leaves.
  int waiting() const { return waiting_; }

 private:
  void Serve(support::Connection& connection);
  // False when the connection is over.
  bool Answer(support::Connection& connection, const std::string& request);
  bool End(support::Connection& connection, const Row& row);

  const Row* const unread_;
  std::atomic<int> waiting_{0};
  std::unique_ptr<support::ScriptedUpstream> upstream_;
};

// Upstream, server and caller for one transport and one set of flags.
struct Stage {
  Stage(bool tls, Timers timers, const Row* unread);

  // Every script that waited for the server to leave has seen it leave.
  bool AllLeft() const;

  RowUpstream upstream;
  support::ServerProcess server;
  support::Caller caller;
};

}  // namespace sparkgate::faults

#endif  // SPARKGATE_TESTS_FAULTS_STAGE_H_

#include "tests/faults/fault.h"

namespace sparkgate::faults {
namespace {

using support::Rpc;

Row RowOf(const Fault& fault, const Cell& cell, Rpc rpc) {
  Row row;
  row.fault = fault.name;
  row.moment = NameOf(cell.moment, rpc);
  row.rpcs = rpc == Rpc::kChat ? kChat : kStream;
  row.bytes = SaidBefore(cell.moment, fault.framing, rpc) + fault.says;
  row.after = fault.after;
  row.expected = cell.expected;
  row.transport = fault.transport;
  row.timers = fault.timers;
  row.again = fault.again;
  row.pace = fault.pace;
  row.unread = cell.moment == Moment::kBeforeRequest;
  return row;
}

}  // namespace

std::vector<Row> RowsOf(const Fault& fault) {
  std::vector<Row> rows;
  for (const Cell& cell : fault.cells) {
    for (const Rpc rpc : support::kBothRpcs) {
      if ((cell.rpcs & (rpc == Rpc::kChat ? kChat : kStream)) == 0) continue;
      rows.push_back(RowOf(fault, cell, rpc));
    }
  }
  return rows;
}

}  // namespace sparkgate::faults

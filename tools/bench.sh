#!/usr/bin/env bash
# Builds Sparkgate and the bench, and runs it beside nginx: tools/bench.py says what comes of it.
#
#   ROUNDS=10 ROWS=unary_32,... tools/bench.sh [--quick]
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/lib.sh

tools/install_dependencies.sh --bench
run_bazel build --config=opt //service:sparkgate //tests/bench:gateway_bench
bin=$(run_bazel info --config=opt bazel-bin)
python3 tools/bench.py "$bin/tests/bench/gateway_bench" "$bin/service/sparkgate" \
  --rounds="${ROUNDS:-10}" --rows="${ROWS:-}" "$@"

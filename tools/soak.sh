#!/usr/bin/env bash
# The long form of what tests/soak and tests/cancel do in `make test`: more calls, and strict about
# times and memory, so nothing else should run on the machine. Prints the figures.
#
# ROUNDS, CALLS: so many rounds of so many calls each.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/lib.sh

export SPARKGATE_SOAK_ROUNDS=${ROUNDS:-10} SPARKGATE_SOAK_CALLS=${CALLS:-20000}

# Not cached; streamed output means one after the other.
run_bazel test --config=opt --test_output=streamed --nocache_test_results --test_timeout=3600 \
  --test_env=SPARKGATE_SOAK_ROUNDS --test_env=SPARKGATE_SOAK_CALLS \
  //tests/soak/... //tests/cancel:all //tests/limits:descriptors_test //tests/limits:no_descriptors_test \
  //tests/limits:slow_reader_test

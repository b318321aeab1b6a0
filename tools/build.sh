#!/usr/bin/env bash
# Builds the three programs optimised and puts them into bin/.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/lib.sh

readonly PROGRAMS=(service/sparkgate simulator/sparkgate-sim client/sparkgate-chat)

labels=()
for program in "${PROGRAMS[@]}"; do labels+=("//${program%/*}:${program##*/}"); done
run_bazel build --config=opt "${labels[@]}"

built=$(run_bazel info --config=opt bazel-bin 2>/dev/null)
mkdir -p bin
for program in "${PROGRAMS[@]}"; do
  name=${program##*/}
  # install(1) replaces the file, so a program that is running keeps its own.
  cmp -s "$built/$program" "bin/$name" || install -m 755 "$built/$program" "bin/$name"
  say "built: bin/$name"
done

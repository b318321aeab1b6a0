#!/usr/bin/env bash
# Lets libFuzzer look for inputs that break a fuzz target (tests/fuzz), each target for a given time.
#
#   tools/fuzz.sh [TARGET...]        names as in tests/fuzz/corpus; without any: all of them
#
# SECONDS_PER_TARGET: how long each runs (60). New inputs that reach new code collect in .tools/fuzz/NAME;
# an input that breaks a target is kept as .tools/fuzz/crash/NAME-..., the other targets still run, and the
# script fails.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/lib.sh

readonly CORPUS=tests/fuzz/corpus FOUND=.tools/fuzz

install_clang() {
  local -a missing=()
  command -v clang-14 >/dev/null || missing+=(clang-14)
  compgen -G '/usr/lib/llvm-14/lib/clang/14*/lib/linux/libclang_rt.fuzzer-*.a' >/dev/null ||
    missing+=(libclang-rt-14-dev)
  ((${#missing[@]})) || return 0
  local -a as_root=()
  if [[ $(id -u) != 0 ]]; then as_root=(sudo); fi
  say "installing: ${missing[*]}"
  "${as_root[@]}" apt-get -q update || die 'apt-get update failed'
  "${as_root[@]}" apt-get -q install -y --no-install-recommends "${missing[@]}" ||
    die "fuzzing needs these packages: ${missing[*]}"
}

fuzz() {
  local name=$1
  mkdir -p "$FOUND/$name" "$FOUND/crash"
  say "== $name, $seconds s"
  # The first folder is the one that is written to.
  "$bin/tests/fuzz/fuzz_${name}_libfuzzer" -max_total_time="$seconds" -timeout=60 -rss_limit_mb=2048 \
    -max_len=4096 -dict=tests/fuzz/json.dict -print_final_stats=1 -verbosity=0 \
    -print_funcs=0 -artifact_prefix="$FOUND/crash/$name-" \
    "$FOUND/$name" "$CORPUS/$name"
}

main() {
  seconds=${SECONDS_PER_TARGET:-60}
  [[ $seconds =~ ^[1-9][0-9]*$ ]] || die "SECONDS_PER_TARGET is no number of seconds: $seconds"
  local -a names=("$@") failed=()
  local name
  if ((${#names[@]} == 0)); then
    for name in "$CORPUS"/*/; do names+=("$(basename "$name")"); done
  fi
  install_clang
  local -a targets=("${names[@]/#///tests/fuzz:fuzz_}")
  run_bazel build --config=fuzz "${targets[@]/%/_libfuzzer}"
  bin=$(run_bazel info --config=fuzz bazel-bin 2>/dev/null)
  for name in "${names[@]}"; do
    fuzz "$name" || failed+=("$name")
  done
  ((${#failed[@]} == 0)) || die "broken: ${failed[*]}; the inputs are in $FOUND/crash"
  say "no target broke"
}

main "$@"

#!/usr/bin/env bash
# Builds and runs the tests, counts their cases and closes with `N passed, N failed`.
#
#   tools/test.sh [--long] [TARGET_PATTERN...]
#
# CONFIGS: the configurations to run in, of opt, asan, tsan and default (Bazel's own fastbuild).
#          Without it: opt; in CI and for --long: opt asan tsan.
# --long:  also tests tagged `long`.
#
# Tags: needs-grpcurl, needs-buf, needs-go, needs-java, needs-aimock, needs-python-packages, needs-strace: left out, by name,
# where the tool cannot be had (a failure in CI). no-sanitizer: nothing in it that a sanitizer reaches, runs in
# opt and default only. opt-only: asserts times, runs in the optimised build only. tsan-only: says of itself why.
# racy: CI runs it a second time if it fails. long: see above.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/lib.sh

readonly TOOLS=$PWD/.tools/bin RESULTS=$PWD/.tools/results

# Tag and what must be there for it.
tool_is_there() {
  case $1 in
    needs-grpcurl) [[ -x $TOOLS/grpcurl ]] ;;
    needs-buf) [[ -x $TOOLS/buf ]] ;;
    needs-go) [[ -x $TOOLS/go && -x $TOOLS/protoc-gen-go && -x $TOOLS/protoc-gen-go-grpc ]] ;;
    needs-java) [[ -e /usr/share/java/protobuf.jar && -e /usr/share/java/grpc-stub.jar ]] ;;
    needs-aimock) [[ -x $TOOLS/aimock ]] ;;
    needs-python-packages) [[ -x $TOOLS/python3 ]] ;;
    needs-strace) command -v strace >/dev/null ;;
  esac
}

# Sets `filters` to the tags of tests that cannot run here, and prints those tests.
leave_out() {
  local tag name
  filters=()
  for tag in needs-{grpcurl,buf,go,java,aimock,python-packages,strace}; do
    tool_is_there "$tag" && continue
    [[ -z ${CI:-} ]] || die "CI must have every tool, and $tag is not met: see make tools"
    filters+=("-$tag")
    while read -r name; do
      say "left out ($tag): $name"
    done < <(run_bazel query --noshow_progress "$(tests_tagged "$tag")" 2>/dev/null)
  done
}

# The query for the tests among the targets that have this tag.
tests_tagged() {
  printf '%s' "attr('tags', '[\\[ ]$1[,\\]]', tests(set(${targets[*]})))"
}

run_config() {
  local config=$1
  shift
  local -a tags=("${filters[@]}") flags=()
  case $config in
    opt)
      flags=(--config=opt)
      tags+=(-tsan-only)
      ;;
    default) tags+=(-opt-only -tsan-only) ;;
    asan | tsan)
      # What is no test has been built already, and nobody runs it instrumented.
      flags=("--config=$config" --build_tests_only)
      tags+=(-no-sanitizer -opt-only)
      [[ $config == tsan ]] || tags+=(-tsan-only)
      ;;
    *) die "unknown configuration $config in CONFIGS (there are opt, asan, tsan and default)" ;;
  esac
  ((long)) || tags+=(-long)
  # A second attempt, in CI only, for those tagged `racy`. Bazel reports a test that needed it as FLAKY.
  local name
  for name in "${racy[@]}"; do flags+=("--flaky_test_attempts=^$name\$@2"); done
  local joined exit_code=0 events=$RESULTS/$config.json
  joined=$(IFS=, && printf '%s' "${tags[*]}")
  say "== tests, $config"
  rm -f "$events"
  run_bazel test "${flags[@]}" --keep_going --test_summary=terse \
    --test_tag_filters="$joined" --build_event_json_file="$events" -- "${targets[@]}" || exit_code=$?
  # Interrupted: nobody waits for a count.
  ((exit_code != 8)) || exit 130
  runs+=("$config=$events:$exit_code")
}

main() {
  long=0
  if [[ ${1:-} == --long ]]; then
    long=1
    shift
  fi
  targets=("$@")
  ((${#targets[@]})) || targets=(//...)
  local default_configs=opt
  if [[ -n ${CI:-} ]] || ((long)); then default_configs='opt asan tsan'; fi
  local -a configs
  read -ra configs <<<"${CONFIGS:-$default_configs}"

  export SPARKGATE_TEST_TOOLS=$TOOLS SPARKGATE_TEST_HOME=$HOME
  mkdir -p "$RESULTS" "$TOOLS"
  runs=()
  racy=()
  leave_out
  if [[ -n ${CI:-} ]]; then
    mapfile -t racy < <(run_bazel query --noshow_progress "$(tests_tagged racy)" 2>/dev/null)
  fi
  local config report
  for config in "${configs[@]}"; do run_config "$config"; done

  # Reports of tests that ran before, outside Bazel (EXTRA_REPORTS, see .ci/run).
  local -a extra=()
  for report in ${EXTRA_REPORTS:-}; do extra+=(--xml "$report"); done
  /usr/bin/python3 tools/count_tests.py "${extra[@]}" "${runs[@]}"
}

main "$@"

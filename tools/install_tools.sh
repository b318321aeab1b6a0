#!/usr/bin/env bash
# Brings the pinned tools that tests use into .tools/: grpcurl (a Go module), buf and aimock (npm), and Python
# packages in a virtual environment. Each is locked here (tools/go, tools/npm, tools/requirements.txt) and
# fetched once per lock file.
#
#   tools/install_tools.sh            fails if one cannot be had
#   tools/install_tools.sh --try      says what cannot be had and why, and goes on
#
# .tools/bin holds every tool by its name; tests get that folder as SPARKGATE_TEST_TOOLS.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/lib.sh

readonly GO_AT_LEAST=1.21 NODE_AT_LEAST=20.15
readonly BIN=$PWD/.tools/bin LOG=$PWD/.tools/log
readonly PYTHON=/usr/bin/python3
failed=0

# What a tool was made from; the same again means there is nothing to do.
digest_of() { cat "$@" | sha256sum | cut -c1-16; }

missing() {
  say "not available: $1"
  failed=1
}

# fetch NAME LOCK_FILES... -- COMMAND...: runs the command unless the stamp of the lock files is there.
fetch() {
  local name=$1 stamp digest
  local -a locks=()
  shift
  while [[ $1 != -- ]]; do locks+=("$1") && shift; done
  shift
  digest=$(digest_of "${locks[@]}")
  stamp=.tools/stamp/$name
  [[ -f $stamp && $(<"$stamp") == "$digest" ]] && return
  say "fetching $name"
  mkdir -p .tools/stamp "$LOG"
  if "$@" >"$LOG/$name" 2>&1; then
    printf '%s\n' "$digest" >"$stamp"
  else
    tail -5 "$LOG/$name" >&2
    missing "$name: fetching it failed (whole text: $LOG/$name)"
  fi
}

# A tool of the machine under the common folder, or gone from there with the machine's.
link() {
  if [[ -x $2 ]]; then ln -sfn "$2" "$BIN/$1"; else rm -f "$BIN/$1"; fi
}

install_grpcurl() {
  (cd tools/go && GOBIN=$BIN GOFLAGS=-mod=readonly GOTOOLCHAIN=local CGO_ENABLED=0 \
    "$GO" install github.com/fullstorydev/grpcurl/cmd/grpcurl)
}

# What the Go stubs are generated and compiled with (tests/stubs/go), so that the test needs no network.
install_go_stubs() {
  (cd tests/stubs/go && export GOFLAGS=-mod=readonly GOTOOLCHAIN=local && "$GO" mod download &&
    GOBIN=$BIN CGO_ENABLED=0 "$GO" install \
      google.golang.org/protobuf/cmd/protoc-gen-go google.golang.org/grpc/cmd/protoc-gen-go-grpc)
}

install_buf() {
  mkdir -p .tools/npm
  cp tools/npm/package.json tools/npm/package-lock.json .tools/npm/
  # The binary is in the package of the platform; no package's own script is run.
  npm ci --prefix .tools/npm --ignore-scripts --no-audit --no-fund
  local platform
  platform=$(echo .tools/npm/node_modules/@bufbuild/buf-linux-*)
  ln -sfn "$PWD/$platform/bin/buf" "$BIN/buf"
  "$BIN/buf" --version
}

# An upstream that others wrote (tests/aimock).
install_aimock() {
  mkdir -p .tools/aimock
  cp tools/npm/aimock/package.json tools/npm/aimock/package-lock.json .tools/aimock/
  npm ci --prefix .tools/aimock --ignore-scripts --no-audit --no-fund
  # By its whole path: tests have another PATH.
  printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$(command -v node)" \
    "$PWD/.tools/aimock/node_modules/@copilotkit/aimock/dist/cli.js" >"$BIN/aimock"
  chmod +x "$BIN/aimock"
  "$BIN/aimock" --help
}

node_is_new_enough() {
  local version
  version=$(node --version 2>/dev/null) || return 1
  [[ $(printf '%s\n' "$NODE_AT_LEAST" "${version#v}" | sort -V | head -1) == "$NODE_AT_LEAST" ]]
}

install_python() {
  rm -rf .tools/venv
  "$PYTHON" -m venv .tools/venv
  .tools/venv/bin/pip install --quiet --require-hashes --no-deps -r tools/requirements.txt
  # A link would lose its environment: Python looks for it beside the name it was called by.
  printf '#!/bin/sh\nexec "%s" "$@"\n' "$PWD/.tools/venv/bin/python3" >"$BIN/python3"
  chmod +x "$BIN/python3"
}

main() {
  local try=0
  case ${1:-} in
    '') ;;
    --try) try=1 ;;
    *) die "unknown option $1 (there is only --try)" ;;
  esac
  mkdir -p "$BIN"

  if GO=$(find_go "$GO_AT_LEAST"); then
    link go "$GO"
    fetch grpcurl tools/go/go.mod tools/go/go.sum -- install_grpcurl
    fetch go-stubs tests/stubs/go/go.mod tests/stubs/go/go.sum -- install_go_stubs
  else
    rm -f "$BIN/go"
    missing "grpcurl and the Go stubs: they need Go $GO_AT_LEAST or newer (Debian 12's 1.19 is older)"
  fi
  if command -v npm >/dev/null; then
    fetch buf tools/npm/package-lock.json -- install_buf
  else
    missing 'buf: it needs npm (apt-get install npm)'
  fi
  if command -v npm >/dev/null && node_is_new_enough; then
    fetch aimock tools/npm/aimock/package.json tools/npm/aimock/package-lock.json -- install_aimock
  else
    rm -f "$BIN/aimock"
    missing "aimock: it needs npm and Node $NODE_AT_LEAST or newer (Debian 12's 18 is older)"
  fi
  if "$PYTHON" -c 'import ensurepip' 2>/dev/null; then
    fetch python tools/requirements.txt -- install_python
  else
    missing 'the Python test packages: they need venv (apt-get install python3-venv)'
  fi
  ((try)) || ((failed == 0)) || die 'some tools cannot be had, see above'
  ((try)) || say "tools: $BIN"
}

main "$@"

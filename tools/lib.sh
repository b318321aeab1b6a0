# Shared by the scripts of this folder: `. tools/lib.sh` after `cd` to the root.
# shellcheck shell=bash

say() { printf '%s\n' "$*"; }

die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# Bazel with what the environment adds: BAZEL (the command and its start-up options) and
# SPARKGATE_DISK_CACHE (a folder shared between clones, as in CI).
run_bazel() {
  local command=$1
  shift
  local -a bazel options=()
  read -ra bazel <<<"${BAZEL:-bazel}"
  if [[ -n ${SPARKGATE_DISK_CACHE:-} && $command =~ ^(build|test)$ ]]; then
    options+=("--disk_cache=$SPARKGATE_DISK_CACHE")
  fi
  # Progress is for a person who waits, not for a log.
  if [[ ! -t 2 && $command =~ ^(build|test)$ ]]; then options+=(--noshow_progress); fi
  "${bazel[@]}" "$command" "${options[@]}" "$@"
}

# Prints the newest Go, on PATH or in one of its usual places, if it is at least the version given.
find_go() {
  local candidate version best='' best_version=$1
  for candidate in "$(command -v go || true)" /usr/local/go/bin/go "$HOME"/go/bin/go \
    "$HOME"/sdk/*/bin/go "$HOME"/.local/go/bin/go /usr/lib/go-*/bin/go /opt/go/bin/go; do
    [[ -x $candidate ]] || continue
    # GOTOOLCHAIN=local: what is here counts, not what it would like to download.
    version=$(GOTOOLCHAIN=local "$candidate" env GOVERSION 2>/dev/null) || continue
    version=${version#go}
    if [[ $(printf '%s\n' "$best_version" "$version" | sort -V | tail -1) == "$version" ]]; then
      best=$candidate best_version=$version
    fi
  done
  [[ -n $best ]] && printf '%s\n' "$best"
}

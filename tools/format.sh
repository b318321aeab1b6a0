#!/usr/bin/env bash
# Formats C++ (clang-format 14, whose results differ from other versions'), Go and .proto files; with
# --check it only says what is not formatted.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/lib.sh

command -v clang-format-14 >/dev/null || die 'clang-format 14 is needed: apt-get install clang-format-14'
# Tracked files and new ones, but nothing ignored.
mapfile -d '' -t sources < <(git ls-files -z --cached --others --exclude-standard -- '*.h' '*.cc')
existing=()
for source in "${sources[@]}"; do [[ -f $source ]] && existing+=("$source"); done

if [[ ${1:-} == --check ]]; then
  clang-format-14 --dry-run --Werror "${existing[@]}" || die 'not formatted, see above: make format'
  if [[ -x .tools/bin/buf ]]; then
    (cd proto && ../.tools/bin/buf format --diff --exit-code) || die 'proto/ is not formatted: make format'
  fi
else
  clang-format-14 -i "${existing[@]}"
  if [[ -x .tools/bin/buf ]]; then (cd proto && ../.tools/bin/buf format --write); fi
fi

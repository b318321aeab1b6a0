#!/usr/bin/env bash
# Checks that need no build: formatting, shell scripts, the .proto files, and words that must not be here.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/lib.sh

tools/format.sh --check

command -v shellcheck >/dev/null || die 'shellcheck is needed: apt-get install shellcheck'
mapfile -t scripts < <(git ls-files --cached --others --exclude-standard -- '*.sh' .ci/run)
shellcheck -x "${scripts[@]}"

[[ -x .tools/bin/buf ]] || die 'buf is needed: make tools'
(cd proto && ../.tools/bin/buf lint)
tools/check_breaking.sh
python3 tools/check_docs.py

# The patterns are spelt so that they do not find themselves.
if git grep -nE 'TO[D]O|FIX[M]E|DISABLE[D]_[A-Z]|GTEST_SKI[P]' -- '*.h' '*.cc' '*.py' '*.sh' '*.proto' '*.bzl' \
  '*BUILD' ':!tools/count_tests_test.py'; then
  die 'unfinished work or a test that does not run, see above'
fi
# A test tagged `racy` may fail once in CI: the comment beside the tag says what it races.
if git grep -n '"racy"' -- '*BUILD' '*.bzl' | grep -vE '#.*[[:alpha:]]{3}'; then
  die 'a tag racy without its reason, see above: "racy",  # what it races'
fi
# Folders of the tree that the server's sources include.
while read -r folder; do
  [[ ! -d $folder ]] || grep -qx "!$folder" deploy/Dockerfile.dockerignore ||
    die "deploy/Dockerfile.dockerignore lacks !$folder, which the server is built from"
done < <(git grep -hoE '^#include "[a-z_]+/' -- base service ':!*_test.cc' ':!*/testing/*' ':!*_fixture.*' \
  ':!*_bench*' ':!service/*/fake_*' | sed 's/.*"//; s,/,,' | sort -u)

say 'lint: nothing found'

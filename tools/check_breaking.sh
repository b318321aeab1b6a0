#!/usr/bin/env bash
# Compares proto/ with tools/released.binpb, the descriptor image of what callers have been promised: what
# would break one of them fails. Then it breaks a copy, to see that this is found.
#
#   tools/check_breaking.sh             compares
#   tools/check_breaking.sh --renew     writes the image anew: with a release, and never else
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/lib.sh

readonly BUF=$PWD/.tools/bin/buf IMAGE=$PWD/tools/released.binpb

compare() { (cd "$1" && "$BUF" breaking --against "$IMAGE"); }

# expect_found WHAT FILE SED_EXPRESSION: the same edit in a copy of proto/ is reported, and in that file.
expect_found() {
  local copy report
  copy=$(mktemp -d)
  cp -r proto/. "$copy"
  sed -i "$3" "$copy/sparkgate/v1/$2"
  ! cmp -s "$copy/sparkgate/v1/$2" "proto/sparkgate/v1/$2" || die "nothing to break: $3 changes nothing in $2"
  if report=$(compare "$copy" 2>&1) || [[ $report != *"$2:"* ]]; then
    rm -rf "$copy"
    die "buf breaking does not find $1: ${report:-it reports nothing}"
  fi
  rm -rf "$copy"
}

[[ -x $BUF ]] || die 'buf is needed: make tools'
case ${1:-} in
  '') ;;
  --renew)
    (cd proto && "$BUF" build --exclude-source-info -o "$IMAGE")
    say "written: $IMAGE"
    ;;
  *) die "unknown option $1 (there is only --renew)" ;;
esac
compare proto || die 'proto/ breaks callers of the last release, see above'
expect_found 'a changed number' request.proto 's/ model = 1;/ model = 1001;/'
expect_found 'a changed type' model.proto 's/optional int32 context_length/optional string context_length/'
expect_found 'a field that has gone' response.proto '/ finish_reason = /d'
expect_found 'an RPC that has gone' model_service.proto '/rpc ListModels/d'

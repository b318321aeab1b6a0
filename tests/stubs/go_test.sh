#!/bin/bash
# Go: generates the stubs into a module of their own, vets, compiles and runs stubs_test.go against them.
# Offline: the modules are in the module cache, put there by `make tools`.
set -euo pipefail
: "${SPARKGATE_TEST_TOOLS:?is the folder that make tools fills: run the tests with make test}"
export HOME=${SPARKGATE_TEST_HOME:-$HOME}
export PATH=$SPARKGATE_TEST_TOOLS:$PATH GOFLAGS=-mod=readonly GOPROXY=off GOTOOLCHAIN=local CGO_ENABLED=0

module=$TEST_TMPDIR/module
mkdir -p "$module"
cp -L tests/stubs/go/{go.mod,go.sum,stubs_test.go} "$module"
protoc -Iproto --go_out="$module" --go_opt=module=sparkgate.dev/api \
  --go-grpc_out="$module" --go-grpc_opt=module=sparkgate.dev/api proto/sparkgate/v1/*.proto
cd "$module"
go vet ./...
go test ./...

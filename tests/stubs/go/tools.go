//go:build tools

// Package stubs checks that Go code generated from proto/ compiles and prints the upstream's names.
package stubs

import (
	_ "google.golang.org/grpc/cmd/protoc-gen-go-grpc"
	_ "google.golang.org/protobuf/cmd/protoc-gen-go"
)

//go:build tools

// Package tools pins the programs that the tests call.
package tools

import _ "github.com/fullstorydev/grpcurl/cmd/grpcurl"

#!/bin/sh
echo "bazel coverage needs tools that Debian does not ship" >&2
exit 1

#!/bin/bash
# run_python.sh MODULE [--packages]: runs a test module from the root of the runfiles.
set -euo pipefail
python=/usr/bin/python3
if [[ ${2:-} == --packages ]]; then
  python=${SPARKGATE_TEST_TOOLS:?is the folder that make tools fills: run the tests with make test}/python3
fi
export PYTHONPATH=$PWD PYTHONDONTWRITEBYTECODE=1
exec "$python" "$1"

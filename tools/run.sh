#!/usr/bin/env bash
# Builds, starts sparkgate-sim and Sparkgate in front of it, prints the commands to try and waits for Ctrl-C.
#
#   LISTEN             where Sparkgate listens; 127.0.0.1:50051, or 127.0.0.1:$RUN_PORT; port 0: a free one
#   UPSTREAM_URL       this upstream instead of the simulator, with its path prefix
#   FIREWORKS_API_KEY  the real upstream (or UPSTREAM_URL) with this key
#   MODEL              the model in the printed commands
# shellcheck disable=SC2317  # functions that only traps call
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/lib.sh

readonly LISTEN_ON=${LISTEN:-127.0.0.1:${RUN_PORT:-50051}}
readonly READY_WITHIN_SECONDS=20
pids=()
names=()
folder=''

# start NAME COMMAND...: in a session of its own, so that Ctrl-C reaches only this script, which then ends
# everything in order; a script that is killed takes it along (pdeathsig). Output in $folder/NAME.
start() {
  local name=$1
  shift
  : >"$folder/$name"
  setsid setpriv --pdeathsig TERM "$@" >"$folder/$name" 2> >(sed -u "s/^/[$name] /" >&2) &
  pids+=($!)
  names+=("$name")
}

# Sets `address` to where the program says it listens; fails if it ends before, or says nothing.
wait_until_ready() {
  local name=$1 pid=$2 tries=$((READY_WITHIN_SECONDS * 20))
  while ((tries-- > 0)); do
    address=$(sed -n 's/.*listening on \([^ ]*:[0-9][0-9]*\).*/\1/p' "$folder/$name" | head -1)
    [[ -n $address ]] && return
    if ! kill -0 "$pid" 2>/dev/null; then
      cat "$folder/$name" >&2
      say "$name has ended before it was ready, see above." >&2
      return 1
    fi
    sleep 0.05
  done
  say "$name was not ready within $READY_WITHIN_SECONDS s." >&2
  return 1
}

# Ends what was started, last first, and waits. A second Ctrl-C meanwhile signals again: Sparkgate then
# leaves its running calls and ends at once.
stop_all() {
  trap signal_all INT TERM
  signal_all
  local pid
  for pid in "${pids[@]}"; do
    while kill -0 "$pid" 2>/dev/null; do wait "$pid" 2>/dev/null || true; done
  done
  [[ -z $folder ]] || rm -rf "$folder"
}

signal_all() {
  local index
  for ((index = ${#pids[@]} - 1; index >= 0; index--)); do
    kill -TERM "${pids[index]}" 2>/dev/null || true
  done
}

on_interrupt() {
  say ''
  say 'Stopping.'
  exit 0
}

print_commands() {
  local server=$1 model=$2 simulator=$3 grpcurl=''
  local body="{\"model\":\"$model\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}"
  say "    bin/sparkgate-chat --server=$server --model=$model 'Hello'"
  say "    bin/sparkgate-chat --server=$server models"
  if [[ -x .tools/bin/grpcurl ]]; then grpcurl=.tools/bin/grpcurl; fi
  if [[ -z $grpcurl ]] && command -v grpcurl >/dev/null; then grpcurl=grpcurl; fi
  if [[ -n $grpcurl ]]; then
    say "    $grpcurl -plaintext -d '$body' $server sparkgate.v1.ChatService/StreamChat"
    say "    $grpcurl -plaintext -d '$body' $server sparkgate.v1.ChatService/Chat"
    say "    $grpcurl -plaintext $server sparkgate.v1.ModelService/ListModels"
    say "    $grpcurl -plaintext -d '$body' $server sparkgate.v1.DebugService/ExplainChat"
  fi
  if [[ -x .tools/bin/python3 ]]; then
    say "    .tools/bin/python3 tools/ask.py $server $model 'Hello'"
  elif python3 -c 'import grpc_tools, google.protobuf' 2>/dev/null; then
    say "    python3 tools/ask.py $server $model 'Hello'"
  fi
  if [[ -n $simulator ]]; then say "    curl -s http://$simulator/_sim/status"; fi
}

start_simulator() {
  start simulator bin/sparkgate-sim --listen=127.0.0.1:0
  wait_until_ready simulator "${pids[-1]}" || exit 1
  simulator=$address
}

main() {
  local simulator='' upstream model arguments=("--listen=$LISTEN_ON" --debug_service)
  tools/build.sh

  folder=$(mktemp -d)
  trap stop_all EXIT
  trap on_interrupt INT TERM
  if [[ -z ${UPSTREAM_URL:-} && -z ${FIREWORKS_API_KEY:-} ]]; then
    start_simulator
    arguments+=("--upstream_url=http://$simulator/inference/v1")
    upstream="the simulator on $simulator"
    model=${MODEL:-sim/story}
    # The simulator takes any key; this one is no secret.
    export FIREWORKS_API_KEY=made-up-key-for-the-simulator
  else
    upstream=${UPSTREAM_URL:-"Fireworks' own API"}
    model=${MODEL:-accounts/fireworks/models/deepseek-v3p1}
    if [[ -n ${UPSTREAM_URL:-} ]]; then arguments+=("--upstream_url=$UPSTREAM_URL"); fi
    if [[ -n ${FIREWORKS_API_KEY:-} ]]; then
      upstream+=', with the key in FIREWORKS_API_KEY'
    else
      upstream+=', without a key'
      arguments+=(--no_api_key)
    fi
  fi

  start sparkgate bin/sparkgate "${arguments[@]}"
  if ! wait_until_ready sparkgate "${pids[-1]}"; then
    say "Is $LISTEN_ON taken? Another port: make run RUN_PORT=50052 (0: a free one)." >&2
    exit 1
  fi
  say ''
  say "Sparkgate is ready on $address, in front of $upstream."
  say 'Try, in another terminal, from this folder:'
  say ''
  print_commands "$address" "$model" "$simulator"
  say ''
  say 'Ctrl-C here ends everything. Below: one line per call.'

  local exit_code=0 ended=''
  wait -n -p ended "${pids[@]}" || exit_code=$?
  local index
  for index in "${!pids[@]}"; do
    [[ ${pids[index]} == "$ended" ]] && die "${names[index]} ended by itself (exit code $exit_code)"
  done
  exit "$exit_code"
}

main

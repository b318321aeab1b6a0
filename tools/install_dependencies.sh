#!/usr/bin/env bash
# Installs the Debian packages that Sparkgate is built from, if any is missing or too old. With all in
# place it needs neither the network nor root.
#
#   tools/install_dependencies.sh          what `make build`, `make run` and `make test` need
#   tools/install_dependencies.sh --ci     also what the format check, the linters and `make tools` need
#   tools/install_dependencies.sh --bench  also what `make bench` compares with
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/lib.sh

# Package and the oldest version that works.
readonly BUILD_PACKAGES=(
  'bazel-bootstrap 4.2.3'
  'bazel-platforms 0'
  'bazel-rules-java 0'
  'g++ 4:12'
  'make 4'
  'libgrpc++-dev 1.51'
  'protobuf-compiler-grpc 1.51'
  'protobuf-compiler 3.21'
  'libprotobuf-dev 3.21'
  'libcurl4-openssl-dev 7.88'
  'nlohmann-json3-dev 3.11'
  'libabsl-dev 20220623'
  'libssl-dev 3.0'
  'zlib1g-dev 1:1.2.13'
  'libboost-dev 1.74'
  'libyaml-cpp-dev 0.7'
  'libgtest-dev 1.12'
  'libgmock-dev 1.12'
  'libnghttp2-dev 1.52'
  'openssl 3.0'
  'curl 7.88'
  'python3 3.11'
)
# clang-format of one version only: another one formats differently.
readonly CI_PACKAGES=(
  'clang-format-14 1:14'
  'shellcheck 0.9'
  'python3-venv 3.11'
  'git 1:2'
  'strace 6'
  'libprotobuf-java 3.21'
  'libgrpc-java 1.41'
  'protobuf-compiler-grpc-java-plugin 1.41'
)
readonly BENCH_PACKAGES=('nginx-light 1.22')
# A version with known holes is replaced if that can be done, and complained about if not.
readonly SECURITY_PACKAGES=('libnghttp2-14 1.52.0-1+deb12u3')

# Prints those of the given packages that are absent or too old, as "name: what is there".
unmet() {
  local line name oldest status version
  for line in "$@"; do
    read -r name oldest <<<"$line"
    version=$(dpkg-query -W -f='${Status} ${Version}' "$name" 2>/dev/null) || version=''
    status=${version% *} version=${version##* }
    if [[ $status != 'install ok installed' ]]; then
      printf '%s\n' "$name: not installed"
    elif dpkg --compare-versions "$version" lt "$oldest"; then
      printf '%s\n' "$name: $version is older than $oldest"
    fi
  done
}

as_root() {
  if [[ $(id -u) == 0 ]]; then
    env DEBIAN_FRONTEND=noninteractive "$@"
  else
    sudo env DEBIAN_FRONTEND=noninteractive "$@"
  fi
}

can_install() { [[ $(id -u) == 0 ]] || command -v sudo >/dev/null; }

install_packages() {
  say "Installing: $*"
  as_root apt-get -q -o Dpkg::Use-Pty=0 update
  as_root apt-get -q -o Dpkg::Use-Pty=0 install -y --no-install-recommends "$@"
}

# Bazel does not look below /usr. The versions go into the environment of every compilation, so an
# upgrade of a library rebuilds what was made with it.
record_versions() {
  local versions digest file=.bazelrc.local
  versions=$(dpkg-query -W "${BUILD_PACKAGES[@]%% *}")
  digest=$(sha256sum <<<"$versions $(g++ -dumpfullversion)" | cut -c1-16)
  local line="build --action_env=SPARKGATE_PACKAGES=$digest --host_action_env=SPARKGATE_PACKAGES=$digest"
  [[ -f $file ]] && grep -qxF -- "$line" "$file" && return
  {
    printf '%s\n' '# The versions of the Debian packages in one number: tools/install_dependencies.sh.' "$line"
    if [[ -f $file ]]; then grep -v -e SPARKGATE_PACKAGES -e install_dependencies.sh "$file" || true; fi
  } >"$file.new"
  mv "$file.new" "$file"
}

main() {
  local -a wanted=("${BUILD_PACKAGES[@]}") missing advised
  case ${1:-} in
    '') ;;
    --ci) wanted+=("${CI_PACKAGES[@]}") ;;
    --bench) wanted+=("${BENCH_PACKAGES[@]}") ;;
    *) die "unknown option $1 (there are --ci and --bench)" ;;
  esac
  command -v dpkg-query >/dev/null || die \
    "Sparkgate is built from the packages of Debian 12, and there is no dpkg here." \
    "Use a Debian 12 machine or container, or deploy/Dockerfile."
  mapfile -t missing < <(unmet "${wanted[@]}")
  mapfile -t advised < <(unmet "${SECURITY_PACKAGES[@]}")

  if ((${#missing[@]})); then
    printf '  %s\n' "${missing[@]}"
    can_install || die "these packages are needed, and only root can install them. As root:" \
      "apt-get update && apt-get install ${missing[*]%%:*}"
    install_packages "${missing[@]%%:*}" "${advised[@]%%:*}"
    mapfile -t missing < <(unmet "${wanted[@]}")
    ((${#missing[@]} == 0)) || die "still not as needed after the installation: ${missing[*]}." \
      "Sparkgate needs Debian 12 or newer."
  elif ((${#advised[@]})) && can_install; then
    install_packages "${advised[@]%%:*}" || true
  fi
  mapfile -t advised < <(unmet "${SECURITY_PACKAGES[@]}")
  ((${#advised[@]} == 0)) || say "warning: known security holes, upgrade it: ${advised[*]}" >&2
  record_versions
}

main "$@"

#!/usr/bin/env bash
# Installs what building and testing Gneiss needs on Debian 12 (third_party/README.md says why each). Needs root.
# With --build-only the reference programs that tests compare with are left out; --full adds clang and gcovr; --bench adds what
# micro-benchmarks (-DGNEISS_BENCHMARKS=ON) and the page of db_bench_port/compare need.
set -euo pipefail

build_packages=(g++ cmake ninja-build python3 librocksdb-dev libsnappy-dev zlib1g-dev libbz2-dev liblz4-dev libzstd-dev
                libxxhash-dev libgflags-dev libgtest-dev libgmock-dev)
reference_packages=(rocksdb-tools librocksdb7.8 sortmerna clang-format binutils)

packages=("${build_packages[@]}")
[ "${1:-}" = "--build-only" ] || packages+=("${reference_packages[@]}")
[ "${1:-}" = "--full" ] && packages+=(clang gcovr)
if [ "${1:-}" = "--bench" ]; then
  packages+=(libbenchmark-dev)
  command -v npm >/dev/null || packages+=(npm)
fi

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q "install ok installed" || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  echo "packages: all ${#packages[@]} are installed"
  exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "packages: these are missing and only root can install them: ${missing[*]}" >&2
  exit 1
fi
echo "packages: installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get update -q >/dev/null
apt-get install -y -q --no-install-recommends "${missing[@]}" >/dev/null

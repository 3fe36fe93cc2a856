#!/usr/bin/env bash
# Builds the fair peer for comparisons: RocksDB 7.8.3 from Debian's source package, as fast as its own build makes it. Debian's binary
# package has assertions on and a software crc32c; this one is -O3 -DNDEBUG with the crc32c instructions. It must have its own db_bench,
# for Debian's imports symbols that a library built with -DNDEBUG lacks. Nothing of it may enter this repository.
#
# Usage: db_bench_port/build_fair_peer.sh DIR     DIR lies outside the repository; afterwards it holds
#     DIR/build/db_bench, DIR/build/librocksdb.so.7.8         for compare --program fair=DIR/build/db_bench:DIR/build
# Needs root for missing packages, a deb-src line in apt's sources, and about ten minutes on four cores.
set -euo pipefail

[ $# = 1 ] || { sed -n '2,8p' "$0" | sed 's/^# \{0,1\}//'; exit 2; }
directory="$(realpath -m "$1")"
repository="$(cd "$(dirname "$0")/.." && pwd -P)"
case "$directory/" in
  "$repository"/*)
    echo "build_fair_peer: $directory lies inside the repository" >&2
    exit 2
    ;;
esac

packages=(g++ cmake ninja-build dpkg-dev libgflags-dev libsnappy-dev zlib1g-dev libbz2-dev liblz4-dev libzstd-dev liburing-dev)
missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q "install ok installed" || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  echo "build_fair_peer: installing ${missing[*]}"
  apt-get update -q >/dev/null
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" >/dev/null
fi

mkdir -p "$directory"
cd "$directory"
if [ ! -d rocksdb-7.8.3 ]; then
  echo "build_fair_peer: fetching the source package"
  apt-get source -q --only-source rocksdb=7.8.3-2 >source.log 2>&1 || {
    tail -3 source.log >&2
    echo "build_fair_peer: no source package; is there a deb-src line in apt's sources?" >&2
    exit 1
  }
fi

# PORTABLE keeps -march=native away, which would make figures of two machines differ; FORCE_SSE42 brings the crc32c instructions.
options=(-DCMAKE_BUILD_TYPE=Release -DPORTABLE=ON -DFORCE_SSE42=ON -DUSE_RTTI=1 -DFAIL_ON_WARNINGS=OFF -DROCKSDB_BUILD_SHARED=ON
         -DWITH_GFLAGS=ON -DWITH_SNAPPY=ON -DWITH_LZ4=ON -DWITH_ZLIB=ON -DWITH_BZ2=ON -DWITH_ZSTD=ON -DWITH_LIBURING=ON
         -DWITH_BENCHMARK_TOOLS=ON -DWITH_TESTS=OFF -DWITH_TOOLS=OFF -DWITH_CORE_TOOLS=OFF)
if [ "$(uname -m)" != x86_64 ]; then
  options=("${options[@]/-DFORCE_SSE42=ON/-DFORCE_SSE42=OFF}") # arm64 finds its own crc32c instructions
fi
cmake -S rocksdb-7.8.3 -B build -G Ninja "${options[@]}" >configure.log
ninja -C build rocksdb-shared db_bench
LD_LIBRARY_PATH="$directory/build" ldd build/db_bench | grep librocksdb
echo "build_fair_peer: compare --program fair=$directory/build/db_bench:$directory/build"

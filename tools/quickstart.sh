#!/usr/bin/env bash
# From a fresh Debian 12 machine to RocksDB's own benchmark running on Gneiss: installs packages (as root), builds,
# runs Debian's unmodified /usr/bin/db_bench on the library, and prints its figures and where the library lies.
#
# Usage: tools/quickstart.sh [--num=KEYS] [--db=DIR]     defaults: 1000000 keys, a fresh directory that is removed afterwards
set -euo pipefail
cd "$(dirname "$0")/.."

num=1000000
db=""
for argument in "$@"; do
  case "$argument" in
    --num=*) num="${argument#--num=}" ;;
    --db=*) db="${argument#--db=}" ;;
    *)
      sed -n '2,6p' "$0" | sed 's/^# \{0,1\}//'
      exit 2
      ;;
  esac
done

step() { printf '\n[%s] %s\n' "$1" "$2"; }

step 1/4 "packages"
tools/install_packages.sh

step 2/4 "build (Release, into build/)"
cmake -S . -B build -G Ninja -DGNEISS_TESTS=OFF >build-configure.log 2>&1 || { cat build-configure.log; exit 1; }
rm -f build-configure.log
ninja -C build rocksdb

step 3/4 "the library in use"
library="$PWD/build/lib"
LD_LIBRARY_PATH="$library" ldd /usr/bin/db_bench | grep librocksdb

step 4/4 "db_bench: $num keys"
if [ -z "$db" ]; then
  db="$(mktemp -d)"
  trap 'rm -rf "$db"' EXIT
fi
LD_LIBRARY_PATH="$library" /usr/bin/db_bench --db="$db" --num="$num" --bloom_bits=10 --cache_size=268435456 \
  --benchmarks=fillseq,fillrandom,compact,readrandom,readseq,readreverse,seekrandom,readwhilewriting,levelstats \
  --reads=$((num < 1000000 ? num : 1000000)) 2>&1 | tr '\r' '\n' | grep -v '^\.\.\. finished\|^$\|^Initializing\|^Integrated\|^DB path'

cat <<END

Gneiss runs. The library: $library/librocksdb.so.7.8
Your own program:         LD_LIBRARY_PATH=$library YOUR_PROGRAM
END

#!/bin/sh
# Finality, memory, descriptors and CPU of honest daemons under each attack of tests/hostile, compared with quiet
# windows of the same run: two of seven hostile, then three of ten with different attacks at once, and four of thirteen
# with links to neighbours only.
#
# usage: bench_hostile_attacks [SECONDS [NAME]]; SECONDS of each window, default 4
set -eu
build=$(cd "$(dirname "$0")/.." && pwd)
seconds=${1:-4}
if [ $# -gt 1 ]; then
    exec "$build/tests/hostile_daemons" "$build/bin" --seconds "$seconds" "$2"
fi
"$build/tests/hostile_daemons" "$build/bin" --seconds "$seconds"
"$build/tests/hostile_daemons" "$build/bin" --seconds "$seconds" --members 10 --hostile 3 --only together
"$build/tests/hostile_daemons" "$build/bin" --seconds "$seconds" --members 13 --hostile 4 --overlay 8,4 --only together

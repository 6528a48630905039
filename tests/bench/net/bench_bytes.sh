#!/bin/sh
# Bytes that come to a node in an epoch, from 4 real daemons to 256 simulated ones, beside what there is to be told
# (tests/bench/net/bytes.py). Some eight minutes.
#
# usage: bench_net_bytes [OPTION...]; OPTION of bytes.py: --keep DIR, --real N,N,.. --simulated N,N,..
#
#     bench_net_bytes --doc docs/scale.md --plot docs/images/bytes.svg
set -eu
exec python3 -B "@CMAKE_SOURCE_DIR@/tests/bench/net/bytes.py" "$(dirname "$0")/../bin" "$@"

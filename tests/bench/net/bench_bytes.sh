#!/bin/sh
# Bytes that a node receives in an epoch, from 4 real daemons to 256 simulated ones, compared with the information in
# them (tests/bench/net/bytes.py). Takes about eight minutes.
#
# usage: bench_net_bytes [OPTION...]; OPTION of bytes.py: --keep DIR, --real N,N,.. --simulated N,N,..
#
#     bench_net_bytes --doc docs/scale.md --plot docs/images/bytes.svg
set -eu
exec python3 -B "@CMAKE_SOURCE_DIR@/tests/bench/net/bytes.py" "$(dirname "$0")/../bin" "$@"

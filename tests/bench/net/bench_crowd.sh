#!/bin/sh
# As many real daemons as this machine can run: does every epoch close certified, how much processor time, memory and
# descriptors do they use, is memory stable (method: tests/bench/net/crowd.py).
#
# usage: bench_net_crowd [NODES [EPOCH_MS [MINUTES [OPTION...]]]]; default 70 nodes, 20000 ms, 2 minutes; OPTION of
# crowd.py: --overlay ABOVE,DEGREE, --thread, --lanes, --must, --hub HUB (three regions, 2 % loss: build/release/tests/link_hub)
#
#     bench_net_crowd 60 10000 10 --must
#     bench_net_crowd 100 20000 10 --must
#     bench_net_crowd 200 60000 11 --must
set -eu
nodes=${1:-70} epoch=${2:-20000} minutes=${3:-2}
[ $# -le 3 ] && shift $# || shift 3
exec python3 -B "@CMAKE_SOURCE_DIR@/tests/bench/net/crowd.py" "$(dirname "$0")/../bin" --nodes "$nodes" \
    --epoch "$epoch" --minutes "$minutes" "$@"

#!/bin/sh
# Finality of four real daemons beside hostile HTTP clients at one of them, and without them, in turns: the 99th
# percentile in microseconds, and their ratio (tests/integration/http/hostile.sh). Goal: at most 1.5.
#
# usage: bench_net_visitors [ROUNDS]; default 3 rounds of about 40 s
set -eu
bin=$(cd "$(dirname "$0")/../bin" && pwd)
HOSTILE_ROUNDS=${1:-3} exec sh "@CMAKE_SOURCE_DIR@/tests/integration/http/hostile.sh" "$bin" "$bin/../tests"

#!/bin/sh
# The sound build under one suite: clean, over as many seeds as the most stubborn fault may take (tests/support/depth.h).
#
# usage: sound.sh PROGRAM SUITE
seeds=200
[ "${ASSAY_DEPTH:-}" != quick ] || seeds=100
exec "$1" --suites "$2" --seeds "$seeds"

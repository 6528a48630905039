#!/bin/sh
# Builds planted faults: all of TARGET, or with ASSAY_TURN=0..2 the third that has this turn
# (assay_mutant_turns in mutate.cmake, `./dev test`).
#
# usage: build.sh CMAKE FOLDER TARGET
set -eu
exec "$1" --build "$2" --target "$3${ASSAY_TURN:+_turn$ASSAY_TURN}"

#!/bin/sh
# Random scenarios of the first COUNT seeds keep every promise, and so does every kept one. Of kept ones with
# more than a third of traitors (beyond/) only what is promised all the same: `run` asks for everything.
#
# usage: seeds.sh BIN ROOT COUNT [OPTION OF SWARM]
. "$(dirname "$0")/lib.sh"
COUNT=$3
[ "${ASSAY_DEPTH:-}" != quick ] || COUNT=$(((COUNT + 2) / 3)) # tests/support/depth.h
cd "$WORK" || exit 2

gives 0 "$COUNT from 1: $COUNT kept every promise, 0 did not" "$SIM" swarm --seeds "$COUNT" --quiet ${4:-}
printf '%s\n' "$said"
kept=0
for file in "$ROOT"/tests/seeds/*.yaml "$ROOT"/tests/seeds/[!b]*/*.yaml; do
    [ -e "$file" ] || continue
    kept=$((kept + 1))
    gives 0 '' "$SIM" run "$file" --quiet
done
for file in "$ROOT"/tests/seeds/beyond/*.yaml; do
    kept=$((kept + 1))
    gives 1 'this scenario does not fail' "$SIM" minimize "$file" --tries 1 --out "$WORK/smaller.yaml"
done
printf '%d kept scenarios\n' "$kept"
finish

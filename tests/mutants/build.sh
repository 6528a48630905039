#!/bin/sh
# Builds planted faults: all of TARGET, or with ASSAY_TURN=0..2 the third that has this turn
# (assay_mutant_turns in mutate.cmake, `./dev test`).
#
# With LIST, lines of TURN, PROGRAM and FILE... with tabs between, a fault that was caught once is not built again
# while its entry, the files that it changes and the file of its test are the same (ASSAY_DEPTH=quick only; `./dev check`
# builds all). A fault that was caught has a record in $XDG_CACHE_HOME/assay/caught, or ~/.cache, named by the digest of
# these files; caught.sh writes it. FOLDER/mutants/keys/PROGRAM is the path of the record, after "skip " where nothing is
# to be done, and after "later " where ASSAY_PLANTED_MOST others of LIST are built: a later run builds that one.
#
# usage: build.sh CMAKE FOLDER TARGET [LIST]
set -eu
cmake=$1 folder=$2 target=$3 list=${4-}
[ -n "$list" ] || exec "$cmake" --build "$folder" --target "$target${ASSAY_TURN:+_turn$ASSAY_TURN}"

caught=${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/assay/caught
keys=$folder/mutants/keys
mkdir -p "$keys"
if [ -d "$caught" ]; then find "$caught" -type f -mtime +90 -exec rm -f {} +; fi
wanted='' count=0
tab=$(printf '\t')
while IFS=$tab read -r turn program files; do
    [ -z "${ASSAY_TURN-}" ] || [ "$turn" = "$ASSAY_TURN" ] || continue
    # shellcheck disable=SC2086 # its parts
    key=$(IFS=$tab; cat -- $files | sha256sum | cut -c1-64)
    if [ "${ASSAY_DEPTH-}" = quick ] && [ -e "$caught/$key" ]; then
        touch "$caught/$key"
        echo "skip $caught/$key" >"$keys/$program"
    elif [ "${ASSAY_DEPTH-}" = quick ] && [ "$count" -ge "${ASSAY_PLANTED_MOST:-100000}" ]; then
        echo "later $caught/$key" >"$keys/$program"
    else
        echo "$caught/$key" >"$keys/$program"
        wanted="$wanted $program" count=$((count + 1))
    fi
done <"$list"
[ -n "$wanted" ] || { echo "nothing has changed since all were caught"; exit 0; }
# shellcheck disable=SC2086
exec "$cmake" --build "$folder" --target $wanted

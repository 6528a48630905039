#!/bin/sh
# tests/evm/faults.sh - each rule left out of a contract must be found (faults/*.mutant).
#
# usage: faults.sh PROGRAM CMAKE WORK TURN      every third fault, from TURN on (0 to 2)
#
# A fault is planted into a copy of contracts/, compiled, and the scenario that `suites` names must fail on it in the
# function that `expect` names.
set -eu

program=$1 cmake=$2 work=$3 turn=$4
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
modules=${ASSAY_EVM_MODULES:-$root/build/evm/node_modules}
sh "$here/run.sh" --install

word_of() { sed -n "s/^$1: //p" "$2"; }

caught=0
place=0
for entry in "$here"/faults/*.mutant; do
    place=$((place + 1))
    [ $(((place - 1) % 3)) -eq "$turn" ] || continue
    name=$(basename "$entry" .mutant)
    out=$work/$name
    "$cmake" -DENTRY="$entry" -DROOT="$root" -DOUT="$out" -P "$root/tests/mutants/mutate.cmake"
    for source in "$root"/contracts/*; do
        [ -e "$out/contracts/${source##*/}" ] || cp "$source" "$out/contracts/"
    done
    node "$out/contracts/compile.js" "$modules" --write
    if cmp -s "$out/contracts/contract.json" "$root/contracts/contract.json"; then
        echo "faults: $name changes nothing"
        exit 1
    fi
    if sh "$here/run.sh" "$program" "$out/contracts/contract.json" "$(word_of suites "$entry")" >"$out/log" 2>&1; then
        echo "faults: $name is not found"
        exit 1
    fi
    if ! grep -q "^FAILED $(word_of expect "$entry"):" "$out/log"; then
        echo "faults: $name fails elsewhere:"
        cat "$out/log"
        exit 1
    fi
    echo "caught $name: $(grep '^FAILED' "$out/log")"
    caught=$((caught + 1))
done
echo "faults: $caught caught"
[ $caught -gt 0 ]

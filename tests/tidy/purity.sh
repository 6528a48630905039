#!/bin/sh
# tests/tidy/purity.sh - the core cannot touch the world, shown on what the release build made of it.
#
# usage: purity.sh ROOT BUILD CC
#
# The core is every folder of base/ quote/ scoring/ engine/ host/ services/ but those that touch the world, which are
# named below (docs/architecture.md; rules.awk names the same ones). Its objects,
# joined by `ld -r`, may leave undefined only the seams (functions of the headers that purity.allow names)
# and the symbols that it lists; they may hold no writable data; and every file compiles with -mgeneral-regs-only,
# which refuses floating point. Sanitizers and gcov add symbols, so this wants a plain build.
set -eu
export LC_ALL=C

root=$1 build=$2 cc=$3
allow=$(cd "$(dirname "$0")" && pwd)/purity.allow
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$root"
bad=0
complain() { echo "purity: $*"; bad=1; }

worldly='base/crypto base/file quote/source quote/json quote/xml quote/yaml quote/api engine/api engine/store/store_memory.c
         engine/store/store_sqlite.c engine/store/crc32c.c
         services/shares/sodium.c services/evm/keccak.c services/evm/secp256k1.c'

rooms=""
for room in base quote scoring engine host services; do
    [ ! -d "$room" ] || rooms="$rooms $room"
done
# shellcheck disable=SC2086 # a list of words, none with a blank
sources=$(find $rooms -name '*.c' | sort)
for folder in $worldly; do
    sources=$(printf '%s\n' "$sources" | grep -vE "^$folder(/|$)") || true
done

set --
for source in $sources; do
    room=${source%%/*} name=${source#*/}
    # -mgeneral-regs-only: a float in the core is a compile error; more so when none is optimised away.
    "$cc" -std=c17 -O0 -w -D_GNU_SOURCE= -I. -mgeneral-regs-only -S -o /dev/null "$source" \
        2>"$work/errors" || complain "$source: $(grep -m1 'error' "$work/errors")"
    # What stands in for a part that the build leaves out defines that part's names: this build has the part.
    case $source in *_none.c) continue ;; esac
    found=""
    for object in "$build/$room"/CMakeFiles/*.dir/"$name".o; do
        [ -f "$object" ] && found=$object
    done
    if [ -z "$found" ]; then
        complain "$source: the build made no object of it"
        continue
    fi
    set -- "$@" "$found"
done
[ $# -gt 0 ] || { echo "purity: no core object under $build"; exit 1; }

ld -r -o "$work/core.o" "$@"

{
    sed 's/#.*//' "$allow" | awk 'NF && !/^@/ { print $1 }'
    # A seam: every function that the header declares.
    sed -n 's/^@\([^ ]*\).*/\1/p' "$allow" | while read -r seam; do
        [ ! -f "$seam" ] || grep -o 'assay_[a-z0-9_]*(' "$seam" | tr -d '('
    done
} | sort -u >"$work/allowed"
nm -u "$work/core.o" | awk '{ print $NF }' | sort -u >"$work/undefined"
for symbol in $(comm -23 "$work/undefined" "$work/allowed"); do
    # Name the culprit, not only the symbol.
    users=$(for object in "$@"; do
        nm -u "$object" | awk -v s="$symbol" -v o="${object##*/}" '$NF == s { print o; exit }'
    done | tr '\n' ' ')
    complain "undefined symbol $symbol is no part of the core (used by $users)"
done

# Tables of constant pointers lie in .data.rel.ro: read-only once the loader has run.
objdump -t "$work/core.o" |
    awk '/[ \t][.](data|bss|tdata|tbss|tm_clone)|[*]COM[*]/ && !/[.]data[.]rel[.]ro/ && $(NF - 1) != "0000000000000000" { print $NF }' \
        >"$work/writable"
while read -r symbol; do
    complain "$symbol is writable data: the caller supplies the memory"
done <"$work/writable"

[ $bad -eq 0 ] || exit 1
echo "purity: $# files, $(wc -l <"$work/undefined") outside symbols, all allowed; no writable data; no floating point"

#!/bin/sh
# tests/tidy/purity_selftest.sh - purity.sh can fail: each planted fault must be found, by its name.
#
# usage: purity_selftest.sh CC
set -eu
export LC_ALL=C

purity=$(cd "$(dirname "$0")" && pwd)/purity.sh
cc=$1
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree/base" "$tree/engine" "$tree/build/engine/CMakeFiles/engine.dir"
echo 'int assay_sha256(int x);' >"$tree/base/crypto.h"
failures=0

# expect WORDS TEXT: with TEXT as the core, the output holds WORDS and the status is not 0.
# WORDS "" expects a pass.
expect() {
    printf '%s\n' "$2" >"$tree/engine/engine.c"
    "$cc" -O2 -fPIC -w -c -o "$tree/build/engine/CMakeFiles/engine.dir/engine.c.o" "$tree/engine/engine.c"
    status=0
    output=$(sh "$purity" "$tree" "$tree/build" "$cc" 2>&1) || status=1
    case "$status:$output" in
    0:*) [ -z "$1" ] && return 0 ;;
    1:*"$1"*) [ -n "$1" ] && return 0 ;;
    esac
    echo "purity_selftest: expected '${1:-a pass}' of: $2"
    echo "$output"
    failures=$((failures + 1))
}

expect "" 'int assay_sha256(int); int step(int x) { return assay_sha256(x); }'
expect "" 'static const char *const names[] = { "a", "b" }; const char *name(int x) { return names[x]; }'
expect "undefined symbol time" 'long time(long *); long step(void) { return time(0); }'
expect "undefined symbol malloc" '#include <stdlib.h>
void *step(void) { return malloc(3); }'
expect "undefined symbol EVP_sha256" 'void *EVP_sha256(void); void *step(void) { return EVP_sha256(); }'
expect "count is writable data" 'int count = 3; int step(void) { return count; }'
expect "total is writable data" 'int total; int step(void) { return total++; }'
expect "hidden" 'int step(void) { static int hidden; return hidden++; }'
expect "engine.c:" 'int step(int x) { return (int)(x * 1.5); }'
rm "$tree/build/engine/CMakeFiles/engine.dir/engine.c.o"
if sh "$purity" "$tree" "$tree/build" "$cc" >/dev/null 2>&1; then
    echo "purity_selftest: a core file without an object went unseen"
    failures=$((failures + 1))
fi
[ $failures -eq 0 ] && echo "purity_selftest: every planted fault was found"

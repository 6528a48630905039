#!/bin/sh
# tests/tidy/elf_selftest.sh - elf.sh can fail: each protection is taken away in turn.
#
# usage: elf_selftest.sh CC
set -eu
export LC_ALL=C

elf=$(cd "$(dirname "$0")" && pwd)/elf.sh
cc=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
cat >"$work/a.c" <<'END'
#include <stdio.h>
#include <string.h>
int main(int argc, char **argv)
{
    char line[64];
    (void)snprintf(line, sizeof line, "%s", argv[0]);
    strcpy(line, argv[argc - 1]);
    return puts(line) < 0;
}
END
all="-O2 -fPIE -pie -fstack-protector-strong -fcf-protection=full -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
     -Wl,-z,relro,-z,now,-z,noexecstack"

# expect WORDS FLAGS...: built with the flags after the good ones, elf.sh says WORDS ("" is a pass).
expect() {
    words=$1
    shift
    # shellcheck disable=SC2086
    "$cc" $all "$@" -w -o "$work/a" "$work/a.c"
    status=0
    output=$(sh "$elf" "$work/a" 2>&1) || status=1
    case "$status:$output" in
    0:*) [ -z "$words" ] && return 0 ;;
    1:*"$words"*) [ -n "$words" ] && return 0 ;;
    esac
    echo "elf_selftest: expected '${words:-a pass}' with $*"
    echo "$output"
    failures=$((failures + 1))
}

expect ""
expect "not position-independent" -fno-PIE -no-pie
expect "no RELRO segment" -Wl,-z,norelro
expect "RELRO is partial" -Wl,-z,lazy
expect "executable stack" -Wl,-z,execstack
expect "no stack protector" -fno-stack-protector
expect "no fortified call" -U_FORTIFY_SOURCE
[ "$(uname -m)" != x86_64 ] || expect "no control-flow protection" -fcf-protection=none
[ "$(uname -m)" != x86_64 ] || expect "no control-flow protection" -fcf-protection=none -s # as packages strip
expect "holds a test hook" -Dmain='main(int, char **); int assay_test_hooks(void) { return 0; } int main'
[ $failures -eq 0 ] && echo "elf_selftest: every planted fault was found"

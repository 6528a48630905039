#!/bin/sh
# tests/tidy/libraries.sh - a program is linked with the libraries that it may have, and with no other.
#
# usage: libraries.sh PROGRAM LIBRARY...     all of them, by name: crypto is libcrypto.so.3
#
# Each library is start time of every process of the program, and code for an attacker of it: a process that appraises
# untrusted evidence has no HTTP client in its memory.
set -eu
export LC_ALL=C

program=$1
shift
may=$(printf '%s\n' "$@" | sort | xargs)
found=$(readelf -Wd "$program" | sed -n 's/.*(NEEDED).*\[lib\(.*\)\.so[.0-9]*\]/\1/p' | sort | xargs)
[ "$found" = "$may" ] || { echo "libraries: $program: expected $may; found $found"; exit 1; }
echo "libraries: $program is linked with $# libraries"

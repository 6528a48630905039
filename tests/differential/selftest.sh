#!/bin/sh
# tests/differential/selftest.sh - a small run is explained to the last case, and one with a planted fault is
# not: the twin of the program lies about a wrong quote signature (judge.c).
#
# usage: selftest.sh PROGRAM FAULTY_PROGRAM
set -eu

here=$(cd "$(dirname "$0")" && pwd)
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

status=0
ASSAY_DIFFERENTIAL=$1 ASSAY_OUT=$out/right sh "$here/run.sh" --count 400 --jobs 1 || status=$?
[ "$status" -ne 77 ] || exit 77
[ "$status" -eq 0 ] || { echo "selftest: the small run ended with $status" >&2; exit 1; }

ASSAY_DIFFERENTIAL=$2 ASSAY_OUT=$out/wrong sh "$here/run.sh" --count 300 --jobs 1 >"$out/wrong.log" || status=$?
[ "$status" -eq 1 ] || { echo "selftest: the planted fault ended with $status, not 1" >&2; exit 1; }
grep -q '^  forbidden ' "$out/wrong.log" || { echo "selftest: the planted fault was not named" >&2; exit 1; }

# A run that is taken up again counts the same cases, and asks nobody twice.
rm -rf "$out/twice"
ASSAY_DIFFERENTIAL=$1 ASSAY_OUT=$out/twice sh "$here/run.sh" --count 60 --jobs 2 >"$out/first.log"
head -c -9 "$out/twice/shard-1-0-of-2.jsonl" >"$out/cut" && mv "$out/cut" "$out/twice/shard-1-0-of-2.jsonl"
ASSAY_DIFFERENTIAL=$1 ASSAY_OUT=$out/twice sh "$here/run.sh" --count 60 --jobs 2 >"$out/second.log"
cmp "$out/first.log" "$out/second.log" || { echo "selftest: taken up again, it says otherwise" >&2; exit 1; }
echo "selftest: passed"

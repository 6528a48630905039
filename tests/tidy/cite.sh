#!/bin/sh
# tests/tidy/cite.sh - checks that citations have targets, and docs/architecture.md against the tree.
#
# usage: cite.sh ROOT
#
# Citations of pages, rules, paths and manuals in code, scripts and pages (cite.awk); folders, files and the
# ten questions of docs/architecture.md (house.awk).
set -eu
export LC_ALL=C

root=$1
tidy=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$root"

find . \( -name build -o -name .git \) -prune -o -print | sed 's|^\./||' | sort >"$work/known"
grep '^docs/[^/]*\.md$' "$work/known" >"$work/pages" || { echo "cite: no page below docs/" >&2; exit 2; }
grep -E '\.([ch]|sh|awk|cmake|mutant|ya?ml|pml|js|md|in|txt|[1-8])$|^dev$' "$work/known" |
    grep -vE '^(tests/fuzz/corpus/|CHANGELOG\.md|LICENSE)|package-lock|^tests/tidy/([a-z_]*selftest|cite|house)' >"$work/files"
# The build makes a manual page of each command in the table.
commands=apps/assay/core/main.c
[ ! -e $commands ] || sed -n 's|^    { "\([a-z]*\)", .*|docs/man/assay-\1.1|p' $commands >>"$work/known"
{ echo phase=1; cat "$work/pages"; echo phase=2; cat "$work/files"; } | tr '\n' '\0' |
    xargs -0 -x -s 1000000 awk -v known="$work/known" -f "$tidy/cite.awk" >"$work/found"

# Folders with "/" behind them; names that begin with a point are nobody's rooms.
find . \( -name build -o -name .git \) -prune -o -type d -print | sed 's|^\./||; s|$|/|' |
    grep -v '^\./$' >"$work/tree"
find . \( -name build -o -name .git \) -prune -o ! -type d -print | sed 's|^\./||' >>"$work/tree"
awk -v known="$work/tree" -f "$tidy/house.awk" docs/architecture.md >>"$work/found"

sort -u "$work/found" | awk -F '\t' '{ printf "%s:%d: %s\n", $1, $2, $3 }
END {
    if (NR > 0) { printf "cite: %d findings\n", NR; exit 1 }
    print "cite: no findings"
}'

#!/bin/sh
# tests/tidy/language.sh - language and includes as a test, against baselines that may only shrink.
#
# usage: language.sh ROOT [--shrink]
#
# Rules: language.awk, and "circle": a circle of folders, or of more than three files (figures.sh). What is in the
# tree already is listed in tests/tidy/baseline/RULE.txt, one entry a line. A finding that is not listed fails, and so
# does an entry without a finding: --shrink removes such entries, and replaces a circle or a prefix by its rest. Nothing
# adds entries.
set -eu
export LC_ALL=C

root=$1 shrink=${2:-}
tidy=$(cd "$(dirname "$0")" && pwd)
baseline=$root/tests/tidy/baseline
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$root"

find base quote scoring engine host services enforce net sim apps examples include tests -name '*.[ch]' 2>/dev/null |
    sort | tr '\n' '\0' >"$work/files"
[ -s "$work/files" ] || { echo "language: no file found under $root" >&2; exit 2; }

xargs -0 -x -s 1000000 awk -v words="$tidy/language.txt" -f "$tidy/strip.awk" -f "$tidy/language.awk" \
    <"$work/files" >"$work/found"

# A circle is named by its members in order.
sh "$tidy/figures.sh" "$root" | awk '
/^circles/ { kind = /folders/ ? "folders" : "files" }
/^    / && kind != "" {
    count = split($0, part, / +/)
    members = ""
    for (i = 2; i <= count; i++)
        for (j = i; j > 2 && part[j] < part[j - 1]; j--) { one = part[j]; part[j] = part[j - 1]; part[j - 1] = one }
    for (i = 1; i <= count; i++) if (part[i] != "") { members = members " " part[i]; n[NR]++ }
    if (kind == "folders" || n[NR] > 3)
        printf "circle\t%s:%s\ttests/tidy/figures.sh\t0\t%s include each other:%s; move what both need below\n", kind, members, kind, members
}' >>"$work/found"

# Entries of $1 that are those of $2 with fewer members: a circle or a prefix that shrinks keeps its place.
smaller() {
    awk '
    NR == FNR { was[++count] = " " $0 " "; next }
    {
        head = $1
        for (i = 1; i <= count; i++) {
            if (index(was[i], " " head " ") != 1) continue
            inside = 1
            for (j = 2; j <= NF; j++) if (!index(was[i], " " $j " ")) inside = 0
            if (inside) { print; break }
        }
    }' "$2" "$1"
}

status=0
tab=$(printf '\t')
for rule in banned-word bare-verb first-line shared-prefix assert-effect circle; do
    list=$baseline/$rule.txt
    grep "^$rule$tab" "$work/found" | cut -f2 | sort -u >"$work/entries" || :
    : >"$work/listed"
    [ ! -f "$list" ] || sort -u "$list" >"$work/listed"
    comm -23 "$work/entries" "$work/listed" >"$work/new"
    comm -13 "$work/entries" "$work/listed" >"$work/gone"
    if [ "$shrink" = --shrink ] && [ -s "$work/gone" ]; then
        smaller "$work/new" "$work/gone" >"$work/smaller"
        comm -12 "$work/entries" "$work/listed" | sort -u - "$work/smaller" >"$list"
        comm -23 "$work/new" "$work/smaller" >"$work/still"
        mv "$work/still" "$work/new"
        : >"$work/gone"
    fi
    if [ -s "$work/new" ]; then
        awk -F "$tab" -v rule="$rule" '
            NR == FNR { new[$0] = 1; next }
            $1 == rule && ($2 in new) && !seen[$2]++ { printf "%s:%d: %s: %s\n", $3, $4, rule, $5 }' \
            "$work/new" "$work/found"
        status=1
    fi
    if [ -s "$work/gone" ]; then
        sed "s|^|tests/tidy/baseline/$rule.txt:0: baseline: nothing needs \"|; s|\$|\" any more: language.sh . --shrink|" \
            "$work/gone"
        status=1
    fi
    echo "language: $rule: $(wc -l <"$work/entries") entries, $(wc -l <"$work/new") new"
done
exit $status

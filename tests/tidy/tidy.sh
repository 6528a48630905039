#!/bin/sh
# tests/tidy/tidy.sh - style as a test.
#
# usage: tidy.sh ROOT COMPILE_COMMANDS
#
# Rules of one file stand in rules.awk; here are those that need the whole tree. What allow.txt excepts,
# each with its reason, is left out; an exception that nothing needs any more is a finding itself.
set -eu
export LC_ALL=C

root=$1 commands=$2
tidy=$(cd "$(dirname "$0")" && pwd)
allow=$root/tests/tidy/allow.txt
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$root"

tab=$(printf '\t')
find base quote scoring engine host services enforce net sim apps examples include tests -name '*.[ch]' 2>/dev/null |
    sort >"$work/files"
[ -s "$work/files" ] || { echo "tidy: no file found under $root" >&2; exit 2; }

: >"$work/included"
tr '\n' '\0' <"$work/files" |
    xargs -0 awk -v included="$work/included" -f "$tidy/strip.awk" -f "$tidy/rules.awk" >"$work/found"

# Scripts and build files keep no promises either.
find . \( -name build -o -name .git \) -prune -o -type f \
    \( -name CMakeLists.txt -o -name '*.sh' -o -name '*.awk' -o -name dev -o -name '*.md' \) -print |
    sed 's|^\./||' | sort |
    tr '\n' '\0' | xargs -0 awk '
    tolower($0) ~ /(^|[^a-z])(to[d]o|fix[m]e|xx[x]|ha[c]k|placeholde[r]|for no[w]|not implemente[d])([^a-z]|$)/ {
        printf "promise\t%s\t%d\t\ta promise is not code: do it, or file an issue\n", FILENAME, FNR
    }' /dev/null >>"$work/found"

# A folder is scanned at a glance.
find . \( -name build -o -name .git -o -name node_modules \) -prune -o -path './*' -print |
    sed 's|^\./||' | awk -F/ -v tab="$tab" '
    { folder = $0; if (!sub(/\/[^\/]*$/, "", folder)) folder = "."; entries[folder]++ }
    END {
        for (folder in entries)
            if (entries[folder] > 40)
                printf "folder-entries\t%s\t0\t\t%d entries, 40 at most: split it by topic\n", folder, entries[folder]
    }' >>"$work/found"

# What a shell wrote by mistake has a name that nobody would give.
find . \( -name build -o -name .git -o -name node_modules \) -prune -o -name '*[!A-Za-z0-9._-]*' -print |
    sed "s|^\./||; s/\(.*\)/stray-file$tab\1${tab}0$tab${tab}names have letters, digits, dot, dash, underscore/" \
        >>"$work/found"

# Two versions of one place, of which nobody has chosen.
grep -rnI --exclude-dir=build --exclude-dir=.git --exclude-dir=node_modules -E '^(<{7}|>{7}) ' . |
    sed "s|^\./||; s/^\([^:]*\):\([0-9]*\):.*/merge-mark$tab\1$tab\2$tab${tab}what a merge left open/" >>"$work/found"

# A part of the engine is changed by its owner alone: engine/parts/engine_internal.h names both, engine.c lays
# them out. Tests reach in where they have to.
if [ -f engine/parts/engine_internal.h ]; then
    awk '
    FILENAME == "engine/parts/engine_internal.h" {
        if (/^struct assay_parts \{/) inside = 1
        else if (/^\};/) inside = 0
        else if (inside && match($0, /[a-z_]+; *\/\* [a-z_\/]+\.c/)) {
            split(substr($0, RSTART, RLENGTH), word, /; *\/\* /)
            owner[word[1]] = "engine/" word[2]
        }
        next
    }
    FILENAME == "engine/node/engine.c" { next }
    /struct assay_parts/ { printf "part-owner\t%s\t%d\t\tthe parts are laid out in engine.c alone\n", FILENAME, FNR }
    {
        rest = $0
        while (match(rest, /parts->[a-z_]+/)) {
            part = substr(rest, RSTART + 7, RLENGTH - 7)
            rest = substr(rest, RSTART + RLENGTH)
            if (owner[part] != FILENAME)
                printf "part-owner\t%s\t%d\t\tparts->%s is changed by %s alone: ask it there\n", FILENAME, FNR,
                    part, part in owner && owner[part] != "" ? owner[part] : "nobody"
        }
    }' engine/parts/engine_internal.h $(grep -E '^engine/(node|sync|evidence|audit)/[a-z_]*\.c$' "$work/files") >>"$work/found"
fi

# A status that no test mentions is a promise that nobody checks.
sed -n 's/^ *X(\(ASSAY_[A-Z0-9_]*\),.*/\1/p' base/status.h 2>/dev/null | while read -r symbol; do
    grep -rqw --include='*.[ch]' -- "$symbol" tests ||
        printf 'status-untested\tbase/status.h\t0\t%s\t%s: no test mentions it\n' "$symbol" "$symbol"
done >>"$work/found"

# A file that no target builds is dead, or a target was forgotten.
sed -n 's/^ *"file": "\(.*\)",\{0,1\}$/\1/p' "$commands" | sed "s|^$root/||" | sort -u >"$work/built"
grep '\.c$' "$work/files" | comm -23 - "$work/built" |
    sed "s/\(.*\)/unbuilt-file$tab\1${tab}0$tab${tab}no target builds it/" >>"$work/found"
sort -u "$work/included" >"$work/included.sorted"
grep '\.h$' "$work/files" | grep -v '^include/' | comm -23 - "$work/included.sorted" |
    sed "s/\(.*\)/unused-header$tab\1${tab}0$tab${tab}no file includes it/" >>"$work/found"

# allow.txt: "rule path[:subject] the reason, a sentence".
awk -F "$tab" -v allow="$allow" '
BEGIN {
    while ((getline line < allow) > 0) {
        number++
        if (line ~ /^#/ || line ~ /^ *$/) continue
        if (split(line, word, / +/) < 5) {
            printf "%s:%d: allow: rule, path and a reason of some words\n", allow, number
            bad++
        }
        key = word[1] "\t" word[2]
        reason[key] = number
    }
}
{
    key = $1 "\t" $2
    if ($4 != "" && (key ":" $4) in reason) key = key ":" $4
    if (key in reason) { used[key] = 1; next }
    printf "%s:%d: %s: %s\n", $2, $3, $1, $5
    bad++
}
END {
    for (key in reason)
        if (!(key in used)) {
            what = key
            sub(/\t/, " ", what)
            printf "%s:%d: allow: nothing needs \"%s\" any more\n", allow, reason[key], what
            bad++
        }
    if (bad) { printf "tidy: %d findings\n", bad; exit 1 }
    print "tidy: no findings"
}' "$work/found"

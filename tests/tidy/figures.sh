#!/bin/sh
# tests/tidy/figures.sh - figures of the tree: C files per folder, lines, functions, assertions a function, circles
# of includes.
#
# usage: figures.sh [ROOT]
#
# A circle is a set of files each of which includes its way to every other; a header, its _internal.h and
# the file of their name are one. Circles of folders are counted the same way. It never fails: language.sh does.
set -eu
export LC_ALL=C

cd "${1:-.}"
find base quote scoring engine host services enforce net sim apps include examples tests -name '*.[ch]' 2>/dev/null |
    grep -v '/build/' | sort | tr '\n' '\0' | xargs -0 -x -s 1000000 awk '
function folder_of(path) { sub(/\/[^\/]*$/, "", path); return path }
function stem_of(path) { sub(/(_internal)?[.][ch]$/, "", path); return path }

# Sets of nodes that reach each other, over the edges "kind from to". Who is not between two others is
# taken away first, again and again, so that the search is over few.
function circles(kind, title,    i, changed, from, to, in_, out, left, n, list, seen, queue, head, tail, at, j, k, count, members, reach) {
    for (changed = 1; changed;) {
        changed = 0
        split("", in_); split("", out)
        for (i = 1; i <= edges; i++)
            if (edge_kind[i] == kind && !((kind, edge_from[i]) in gone) && !((kind, edge_to[i]) in gone)) {
                out[edge_from[i]] = 1
                in_[edge_to[i]] = 1
            }
        for (i = 1; i <= edges; i++) {
            if (edge_kind[i] != kind) continue
            from = edge_from[i]; to = edge_to[i]
            if (!((kind, from) in gone) && !((from in in_) && (from in out))) { gone[kind, from] = 1; changed = 1 }
            if (!((kind, to) in gone) && !((to in in_) && (to in out))) { gone[kind, to] = 1; changed = 1 }
        }
    }
    n = 0
    for (i = 1; i <= edges; i++)
        if (edge_kind[i] == kind && !((kind, edge_from[i]) in gone) && !(edge_from[i] in left)) {
            left[edge_from[i]] = 1
            list[++n] = edge_from[i]
        }
    for (j = 1; j <= n; j++) {
        split("", seen)
        head = tail = 0
        queue[++tail] = list[j]
        while (head < tail) {
            at = queue[++head]
            for (i = 1; i <= edges; i++)
                if (edge_kind[i] == kind && edge_from[i] == at && (edge_to[i] in left) && !(edge_to[i] in seen)) {
                    seen[edge_to[i]] = 1
                    reach[list[j], edge_to[i]] = 1
                    queue[++tail] = edge_to[i]
                }
        }
    }
    count = 0
    split("", seen)
    for (j = 1; j <= n; j++) {
        if (list[j] in seen || !((list[j], list[j]) in reach)) continue
        members = ""
        for (k = j; k <= n; k++)
            if (((list[j], list[k]) in reach) && ((list[k], list[j]) in reach)) {
                seen[list[k]] = 1
                members = members " " list[k]
            }
        count++
        found[count] = members
    }
    printf "\n%s: %d\n", title, count
    for (j = 1; j <= count; j++) printf "   %s\n", found[j]
}

FNR == 1 {
    folder = folder_of(FILENAME)
    if (!(folder in files)) order[++folders] = folder
    files[folder]++
}
{
    lines[folder]++
    side = FILENAME ~ /^tests\// ? "tests" : "product"
    total[side]++
}
FILENAME ~ /[.]c$/ && /^\{/ { functions[folder]++ }
FILENAME ~ /[.]c$/ && /ASSAY_(ASSERT|UNREACHABLE)[(]/ { assertions[folder]++ }
/^[ \t]*#[ \t]*include[ \t]*"/ {
    split($0, part, "\"")
    from = stem_of(FILENAME); to = stem_of(part[2])
    if (from != to && !(("file", from, to) in known)) {
        known["file", from, to] = 1
        edge_kind[++edges] = "file"; edge_from[edges] = from; edge_to[edges] = to
    }
    from = folder; to = folder_of(part[2])
    if (from != to && from !~ /^tests/ && !(("folder", from, to) in known)) {
        known["folder", from, to] = 1
        edge_kind[++edges] = "folder"; edge_from[edges] = from; edge_to[edges] = to
    }
}
END {
    printf "%-34s %6s %8s %9s %10s\n", "folder", "files", "lines", "functions", "assertions"
    for (i = 1; i <= folders; i++)
        printf "%-34s %6d %8d %9d %10.2f\n", order[i], files[order[i]], lines[order[i]], functions[order[i]],
            functions[order[i]] ? assertions[order[i]] / functions[order[i]] : 0
    printf "\nlines: product %d, tests %d\n", total["product"], total["tests"]
    circles("file", "circles of includes that are not header and implementation")
    circles("folder", "circles of folders of the product")
}'

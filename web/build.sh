#!/bin/sh
# web/build.sh OUT - makes the page of its modules: OUT/index.html, and OUT/page.c with the same bytes.
#
# One file, so that it works from a socket, a port and a folder alike. Its policy names the digests of its
# one script and its one style; nothing else may run. Needs a shell, awk and coreutils: no node, no network.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$1
mkdir -p "$out"

# A module comes after those it imports.
modules="dom format shapes model past attention charts export parts source timebar evidence authority alertrules views/overview views/fleet views/node views/matrix
views/epochs views/compare views/seen views/topology views/tolerance views/alerts views/audit views/collateral views/policy
views/services simulation figures views/course views/run views/sweep views/swarm app"

# A module becomes a block, what it exports a variable of all blocks: what it imports is there by name. Two modules that
# export one name are refused.
bundle() {
    cat "$here/vendor/uplot/uPlot.iife.min.js"
    printf '\n(() => {\n"use strict";\n'
    for module in $modules; do cat "$here/src/$module.js"; done | awk '
        /^export / {
            id = $0; sub(/^export (async )?(function|const|let|class) /, "", id); sub(/[^A-Za-z0-9_$].*/, "", id)
            if (id in exported) { print "web/build.sh: two modules export " id >"/dev/stderr"; exit 1 }
            exported[id]; names = names (names == "" ? "let " : ", ") id
        }
        END { print names ";" }'
    for module in $modules; do
        awk '
            BEGIN { print "{" }
            /^import / || importing { importing = $0 !~ /;$/; next }
            /^ *\/\// || /^ *$/ { next }
            /^export / {
                sub(/^export /, "")
                id = $0; sub(/^(async )?(function|const|let|class) /, "", id); sub(/[^A-Za-z0-9_$].*/, "", id)
                if (!sub(/^(const|let) /, "")) { closing = 1; $0 = id " = " $0 }
            }
            closing && /^}$/ { closing = 0; $0 = "};" }
            { sub(/^ +/, ""); print }
            END { print "}" }' "$here/src/$module.js"
    done
    printf '})();\n'
}

style() {
    cat "$here/vendor/uplot/uPlot.min.css"
    awk '{ sub(/^ +/, "") } /^\/\*.*\*\/$/ || /^$/ { next } { print }' "$here/src/style.css"
}

# SHA-256 of a file as a policy spells it.
digest() {
    sha256sum "$1" | awk '{
        hex = "0123456789abcdef"
        code = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        for (i = 1; i <= 64; i++) { value = value * 16 + index(hex, substr($1, i, 1)) - 1; bits += 4
            while (bits >= 6) { low = 2 ^ (bits - 6); text = text substr(code, int(value / low) + 1, 1); value %= low; bits -= 6 } }
        if (bits > 0) text = text substr(code, value * 2 ^ (6 - bits) + 1, 1)
        while (length(text) % 4) text = text "="
        print "sha256-" text
    }'
}

bundle >"$out/script.js"
style >"$out/style.css"
# What stands between the tags is what is digested: no end of line is added or lost.
policy="default-src 'none'; script-src '$(digest "$out/script.js")'; style-src '$(digest "$out/style.css")'; \
connect-src 'self'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
awk -v policy="$policy" -v script="$out/script.js" -v style="$out/style.css" '
    function put(file,   line) { while ((getline line < file) > 0) print line }
    /@CSP@/ { i = index($0, "@CSP@"); print substr($0, 1, i - 1) policy substr($0, i + 5); next }
    /^<style>/ { printf "<style>"; put(style); print "</style>"; next }
    /^<script>/ { printf "<script>"; put(script); print "</script>"; next }
    { print }' "$here/src/index.html" >"$out/index.html"

{
    printf '/* Made by web/build.sh of the files in web/. */\n#include "web/page.h"\n\n'
    printf 'const char assay_web_policy[] = "%s; frame-ancestors '"'none'"'";\n' "$policy"
    printf 'const unsigned char assay_web_page[] = {\n'
    od -An -v -tu1 "$out/index.html" | sed 's/ *\([0-9][0-9]*\)/\1,/g'
    printf '};\nconst size_t assay_web_page_len = sizeof assay_web_page;\n'
} >"$out/page.c"

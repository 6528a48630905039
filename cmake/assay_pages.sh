#!/bin/sh
# cmake/assay_pages.sh - writes what `assay` prints about its own commands: completions and assay.1.
#
# usage: assay_pages.sh ASSAY MANUAL OUT
#
# ASSAY is the program, MANUAL docs/man/assay.1, whose generated parts are empty. Writes OUT/assay.bash, OUT/_assay,
# OUT/assay.fish and OUT/assay.1.
set -eu
export LC_ALL=C

assay=$1 manual=$2 out=$3
mkdir -p "$out"
"$assay" completion bash >"$out/assay.bash"
"$assay" completion zsh >"$out/_assay"
"$assay" completion fish >"$out/assay.fish"
"$assay" completion man-synopsis >"$out/synopsis.part"
"$assay" completion man-options >"$out/options.part"
awk -v out="$out" '{ print }
    /^[.]\\" generated: / { filled++; while ((getline line < (out "/" $3 ".part")) > 0) print line }
    END { if (filled != 2) { print "assay_pages: " FILENAME " has not both parts" >"/dev/stderr"; exit 1 } }' \
    "$manual" >"$out/assay.1"
rm "$out/synopsis.part" "$out/options.part"

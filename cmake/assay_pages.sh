#!/bin/sh
# cmake/assay_pages.sh - writes what `assay` prints about its own commands: completions and manual.
#
# usage: assay_pages.sh ASSAY MANUAL OUT
#
# ASSAY is the program, MANUAL docs/man/assay.1, whose generated part is empty. Writes OUT/assay.bash, OUT/_assay,
# OUT/assay.fish, OUT/assay.1, and OUT/commands/assay-COMMAND.1 for each command.
set -eu
export LC_ALL=C

assay=$1 manual=$2 out=$3
rm -rf "$out/commands"
mkdir -p "$out/commands"
"$assay" completion bash >"$out/assay.bash"
"$assay" completion zsh >"$out/_assay"
"$assay" completion fish >"$out/assay.fish"
"$assay" completion man-commands >"$out/commands.part"
for command in $(sed -n 's/^[.]It Xr assay-\([a-z]*\) 1$/\1/p' "$out/commands.part"); do
    {
        sed -n '/^[.]Dd /p' "$manual"
        "$assay" completion man-page "$command"
    } >"$out/commands/assay-$command.1"
done
awk -v out="$out" '{ print }
    /^[.]\\" generated: / { filled++; while ((getline line < (out "/" $3 ".part")) > 0) print line }
    END { if (filled != 1) { print "assay_pages: " FILENAME " has no generated part" >"/dev/stderr"; exit 1 } }' \
    "$manual" >"$out/assay.1"
rm "$out/commands.part"

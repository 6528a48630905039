#!/bin/sh
# sim/library/embed.sh OUT FILE... - the scenario files as one C file: a table in the order of names.
set -eu
export LC_ALL=C
out=$1
shift
{
    echo '/* Made by sim/library/embed.sh. */'
    echo '#include "sim/library/library_internal.h"'
    n=0
    for file in "$@"; do
        echo "static const uint8_t text_$n[] = {"
        od -An -v -tu1 "$file" | awk '{ for (i = 1; i <= NF; i++) printf "%d,", $i; print "" }'
        echo "};"
        n=$((n + 1))
    done
    echo "const struct assay_sim_library_file assay_sim_library_files[] = {"
    n=0
    for file in "$@"; do
        name=${file##*/}
        echo "    { \"${name%.yaml}\", { text_$n, sizeof text_$n } },"
        n=$((n + 1))
    done
    echo "};"
    echo "const size_t assay_sim_library_file_count = $n;"
} >"$out.new"
mv "$out.new" "$out"

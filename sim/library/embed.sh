#!/bin/sh
# sim/library/embed.sh OUT TABLE FILE... - files as one C file: assay_sim_library_TABLE, in the order of
# names, and assay_sim_library_TABLE_count.
set -eu
export LC_ALL=C
out=$1 table=assay_sim_library_$2
shift 2
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
    echo "const struct assay_sim_library_file $table[] = {"
    n=0
    for file in "$@"; do
        name=${file##*/}
        echo "    { \"${name%.yaml}\", { text_$n, sizeof text_$n } },"
        n=$((n + 1))
    done
    echo "};"
    echo "const size_t ${table}_count = $n;"
} >"$out.new"
mv "$out.new" "$out"

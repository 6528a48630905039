#!/bin/sh
# The demo's terminal is closed in the middle of a story, or the demo itself killed: nobody is left behind.
. "$(dirname "$0")/lib.sh"
here=$(cd "$(dirname "$0")" && pwd)
cd "$WORK" || exit 2
at=0
while read -r end story arguments; do
    at=$((at + 1))
    # shellcheck disable=SC2086
    out=$(/usr/bin/python3 "$here/terminal.py" $end "$BIN/assay-demo" "$WORK/$at" --story $story $arguments 2>&1)
    check "$end, story $story: $out" test $? -eq 0
    echo "$end, story $story: $out"
done <<END
close trial
close services
kill trial
kill trial --evidence tpm
kill services
END
finish

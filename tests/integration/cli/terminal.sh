#!/bin/sh
# The demo's terminal is closed in the middle of a story: nobody is left behind.
. "$(dirname "$0")/lib.sh"
here=$(cd "$(dirname "$0")" && pwd)
cd "$WORK" || exit 2
for story in trial services; do
    out=$(/usr/bin/python3 "$here/terminal.py" "$BIN/assay-demo" "$WORK/$story" --story $story 2>&1)
    check "story $story: $out" test $? -eq 0
    echo "$story: $out"
done
finish

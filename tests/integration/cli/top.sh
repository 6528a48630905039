#!/bin/sh
# `assay top`: one picture into a pipe, a live one on a terminal (top.py).
. "$(dirname "$0")/lib.sh"
network 4 500 2
sign alpha beta
cd "$WORK" || exit 2
for i in 1 2 3 4; do start $i; done
for i in 1 2 3 4; do check "node-$i closes epochs" until_true 30 epoch_at_least $i 3; done

expect 3 'is assayd running' "$ASSAY" top --socket nothing.sock
expect 2 '--every: expected 1 to 3600000 milliseconds, found "x"' "$ASSAY" top --every x
expect 0 'REASON' ask 1 top --once
check 'no escapes into a pipe' test -z "$(ask 1 top | tr -d -c '\033')"
check 'slots in order' test "$(ask 1 top | awk '/^SLOT/ { on = 1; next } on { print $1 }' | tr '\n' ' ')" = '0 1 2 3 '

# --- on a narrow terminal, what moved a score stands below it, and not two letters of it behind
kill -KILL "$pid_4"
wait "$pid_4" 2>/dev/null
narrow() { script -qec "stty cols 60 rows 20; $ASSAY top --once --socket $WORK/node-1/admin.sock" /dev/null </dev/null; }
below() { narrow | grep -A 1 ' node-4 ' | grep -qi '^     [a-z].*absent'; }
check "60 columns have the reason: $(narrow)" until_true 30 below
check 'and half a heading nowhere' test -z "$(narrow | grep 'WGHT  *R')"
start 4
check 'node-4 is back' until_true 30 epoch_at_least 4 4

# The sanitizers' own handlers come before ours: a crash is tried without them.
checks=$((checks + 1))
ASAN_OPTIONS=${ASAN_OPTIONS:-}:handle_segv=0 /usr/bin/python3 "$(dirname "$0")/top.py" "$ASSAY" \
    "$WORK/node-1/admin.sock" "$pid_1" || wrong 'the live view'
kill -KILL "$pid_1" 2>/dev/null

finish

#!/bin/sh
# tests/bench/start.sh - start a bench program, so that none rots.
#
# usage: start.sh SECONDS PROGRAM [ARGUMENT...]
#
# ASSAY_BENCH=short makes most of them take one turn of each figure. The program passes when it ends with
# status 0, or when it has run for twice SECONDS without failing. Elapsed time, not processor time: a limit
# of processor time ends a child before its parent, which then fails.
set -eu
seconds=$1
shift
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export ASSAY_BENCH=short ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
status=0
# timeout makes a group of processes of its own, and ends all of it.
timeout --kill-after=1 $((2 * seconds)) "$@" >"$log" 2>&1 || status=$?
case $status in
0) echo "$(basename "$1"): to its end" ;;
124 | 137) echo "$(basename "$1"): for $((2 * seconds)) s" ;;
*)
    tail -n 5 "$log"
    echo "$(basename "$1"): status $status"
    exit 1
    ;;
esac

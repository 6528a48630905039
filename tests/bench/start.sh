#!/bin/sh
# tests/bench/start.sh - start a bench program, so that none rots.
#
# usage: start.sh SECONDS PROGRAM [ARGUMENT...]
#
# ASSAY_BENCH=short makes most of them take one turn of each figure. The program passes when it ends with
# status 0, or when it has used SECONDS of processor time (or three times as long) without failing.
set -eu
seconds=$1
shift
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export ASSAY_BENCH=short ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
status=0
# timeout makes a group of processes of its own, and ends all of it.
(
    ulimit -t "$seconds"
    exec timeout --kill-after=1 $((3 * seconds)) "$@"
) >"$log" 2>&1 || status=$?
case $status in
0) echo "$(basename "$1"): to its end" ;;
124 | 137 | 152) echo "$(basename "$1"): for $seconds s" ;;
*)
    tail -n 5 "$log"
    echo "$(basename "$1"): status $status"
    exit 1
    ;;
esac

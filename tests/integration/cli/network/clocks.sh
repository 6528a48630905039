#!/bin/sh
# Real daemons with wrong dates, and machines that stand still (docs/protocol.md 4.3.3, 4.5): epochs go on
# closing, nobody falls for it, nothing is signed twice, and status says what is wrong.
. "$(dirname "$0")/../lib.sh"
SHIM=$CAST/libclock_shim.so
check 'the clock can be set' test -e "$SHIM"
network 4 1000 2
sign alpha beta
cd "$WORK" || exit 2

# date_of NUMBER SECONDS: its date is ahead by so many from now on.
date_of() { printf '%-20s' "$2" 1<>"$WORK/node-$1/clock"; }
# What a sanitizer demands of the first library is true of every program but these.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0"
start_dated() {
    date_of "$1" 0
    LD_PRELOAD=$SHIM ASSAY_TEST_CLOCK=$WORK/node-$1/clock \
        "$ASSAYD" --config "$WORK/node-$1/assayd.yaml" >>"$WORK/node-$1/log" 2>&1 </dev/null &
    pid=$!
    started="$started $pid"
    eval "pid_$1=$pid"
}
for i in 1 2 3 4; do start_dated $i; done
for i in 1 2 3 4; do check "node-$i closes epochs" until_true 30 epoch_at_least $i 3; done
epoch=0
# goes_on WHAT SECONDS: each of the four closes two more epochs within so many.
goes_on() {
    epoch=$(field 1 status epoch)
    for i in 1 2 3 4; do
        check "$1: node-$i closes two epochs" until_true "$2" epoch_at_least $i $((${epoch:-0} + 2))
    done
}
says() { ask "$1" status | grep -q "$2"; }

# --- one alone is 15 minutes ahead: it is told, and the others are not
date_of 4 900
check 'it says that its date is off' until_true 8 says 4 'ahead of the others.*OFF'
expect 0 'set it by a good source of time' ask 4 status
for i in 1 2 3; do
    case $(ask $i status) in *OFF*) wrong "node-$i says that its own date is off" ;; esac
done
check 'it is an alarm' grep -q 'level=error event=clock_out_of_sync .*side=ahead' node-4/log
goes_on 'one date ahead' 10
date_of 4 0
check 'and it is over when the date is right' until_true 8 grep -q 'event=clock_in_sync' node-4/log

# --- all are 15 minutes ahead for a while, then right: the chain is ahead of everybody
for i in 1 2 3 4; do date_of $i 900; done
sleep 5
goes_on 'all ahead' 10
for i in 1 2 3 4; do date_of $i 0; done
check 'the chain is said to be ahead' until_true 4 says 1 'CLOCK          the chain is'
goes_on 'all right again' 15

# --- two of four are an hour behind: neither half can say that the other is wrong
for i in 1 2; do date_of $i -3600; done
goes_on 'two an hour behind' 15
for i in 1 2; do date_of $i 0; done

# --- machines that stand still: one, then all
kill -STOP "$pid_2"
sleep 4
check 'who stands still is missed' until_true 8 says 1 'unreachable    node-2 (for'
expect 0 'one more failure may stop the network' ask 1 status
kill -CONT "$pid_2"
goes_on 'one stood still' 15
for i in 1 2 3 4; do eval "kill -STOP \$pid_$i"; done
sleep 4
for i in 1 2 3 4; do eval "kill -CONT \$pid_$i"; done
goes_on 'all stood still' 15

# --- nobody fell, nothing was signed twice
full() { ask 1 nodes | grep -c ' FULL ' | grep -qx 4; }
check 'all stand at FULL' until_true 15 full
for i in 1 2 3 4; do
    check "node-$i votes" test "$(field $i status voting)" = true
    case $(cat node-$i/log) in
    *event=equivocation_noticed* | *event=offence_proven* | *event=fail_proven* | *event=state_root_mismatch*)
        wrong "node-$i: $(grep -E 'equivocation|offence|fail_proven|mismatch' node-$i/log)" ;;
    *Sanitizer* | *'runtime error'* | *'assertion failed'*) wrong "node-$i: $(cat node-$i/log)" ;;
    esac
    case $(ask $i timeline) in
    *standing_changed*SUSPENDED*) wrong "somebody fell for a clock: $(ask $i timeline)" ;;
    esac
done
finish

#!/bin/sh
# What a machine does to a node, on one network of real processes: a disk that becomes read-only, a disk
# that fails (EIO), no file descriptors left, one after the other restarted, more than a third killed in
# one instant, all killed in one instant. Whoever cannot write stops and says why; nothing is signed
# twice; with the cause gone everybody is back with the keys it had. (A full disk: disk_full.sh; wrong
# dates and machines that stand still: clocks.sh; members and rules: change.sh and life.sh.)

if [ -z "${ASSAY_TEST_SPACE:-}" ]; then
    ASSAY_TEST_SPACE=none
    for options in -m -Urm; do
        unshare $options true 2>/dev/null || continue
        ASSAY_TEST_SPACE=tmpfs exec unshare $options sh "$0" "$@"
    done
fi
. "$(dirname "$0")/../lib.sh"
trap 'umount -l "$WORK/node-1/state" 2>/dev/null; stop_all' EXIT
network 5 500 2
sign alpha beta
cd "$WORK" || exit 2

mkdir node-1/state
if [ "$ASSAY_TEST_SPACE" = tmpfs ] && ! mount -t tmpfs -o size=64m,mode=0700 none node-1/state; then
    ASSAY_TEST_SPACE=none
fi
# What a sanitizer demands of the first library is true of every program but these.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0"
start_on_bad_disk() {
    printf 0 >"$WORK/node-$1/disk"
    LD_PRELOAD=$TOOLS/libdisk_shim.so ASSAY_TEST_DISK=$WORK/node-$1/disk ASSAY_TEST_FILES=/state/ \
        "$ASSAYD" --config "$WORK/node-$1/assayd.yaml" >>"$WORK/node-$1/log" 2>&1 </dev/null &
    pid=$!
    started="$started $pid"
    eval "pid_$1=$pid"
}
# The byte is changed in place: the daemon has the page mapped.
disk_is() { printf '%s' "$2" 1<>"$WORK/node-$1/disk"; }

for i in 3 4 5; do start $i; done
for i in 1 2; do start_on_bad_disk $i; done
for i in 1 2 3 4 5; do check "node-$i closes epochs" until_true 30 epoch_at_least $i 3; done

ended() { eval "! running \$pid_$1"; }
well() { # well NUMBER: it votes and is not behind
    case $(ask "$1" status --json 2>/dev/null) in
    *'"voting": true'*) [ "$(field "$1" status behind)" = false ] ;;
    *) return 1 ;;
    esac
}
all_well() { for n in 1 2 3 4 5; do well $n || return 1; done; }
# goes_on WHAT [NODE]: two more epochs, as node-5, or that node, sees it.
goes_on() {
    e=$(field "${2:-5}" status epoch)
    check "$1: epochs go on" until_true 30 epoch_at_least "${2:-5}" $((${e:-0} + 2))
}
# stops NUMBER WHAT: it ends by itself, with status 1 and the reason.
stops() {
    check "$2: node-$1 stops" until_true 20 ended "$1"
    ended "$1" || eval "kill -KILL \$pid_$1"
    eval "wait \$pid_$1"
    check "$2: with exit status 1" test $? -eq 1
    check "$2: it says that it stopped" grep -q 'event=node_stopped' "node-$1/log"
    check "$2: and that it was the store" grep -q 'the store refused or lost a write' "node-$1/log"
}

# --- a disk becomes read-only
disk_is 1 2
stops 1 'read-only'
check 'it is named' grep -q 'input/output error' node-1/log
: >node-1/log
if [ "$ASSAY_TEST_SPACE" = tmpfs ] && mount -o remount,ro,size=64m none node-1/state; then
    start 1
    check 'it does not start there' until_true 20 ended 1
    ended 1 || kill -KILL "$pid_1"
    wait "$pid_1"
    check 'and not with exit status 0' test $? -ne 0
    check 'the disk is writable' mount -o remount,rw,size=64m none node-1/state
fi
goes_on 'read-only'
start 1
check 'it is back' until_true 30 well 1

# --- a disk fails
disk_is 2 1
stops 2 'EIO'
check 'EIO is named' grep -q 'input/output error' node-2/log
goes_on 'EIO'
: >node-2/log
disk_is 2 0
start 2
check 'with a disk that works it is back' until_true 30 well 2

# --- no file descriptors: what is open is used, and what is missed is had later
held=$(ls "/proc/$pid_3/fd" | wc -l)
check 'no descriptor is left' prlimit --pid "$pid_3" --nofile="$held:"
kill -KILL "$pid_4" # its links have to be made anew
wait "$pid_4" 2>/dev/null
start 4
check 'node-4 is back' until_true 30 well 4
goes_on 'no descriptors'
check 'node-3 runs' running "$pid_3"
check 'there are descriptors again' prlimit --pid "$pid_3" --nofile="$((held + 200)):"
check 'node-3 answers' until_true 30 well 3

# --- one after the other is restarted
for i in 1 2 3 4 5; do
    eval "kill -TERM \$pid_$i"
    eval "wait \$pid_$i"
    check "node-$i ends with exit status 0" test $? -eq 0
    start $i
    check "node-$i is back in its turn" until_true 30 well $i
done
goes_on 'rolling restart'

# --- two of five, more than a third, in one instant
kill -KILL "$pid_1" "$pid_2"
wait "$pid_1" "$pid_2" 2>/dev/null
e=$(field 5 status epoch)
sleep 1.5
check 'nothing is agreed without them' test "$(field 5 status epoch)" -le $((e + 1))
expect 0 'unreachable' ask 5 status
start 1
start 2
check 'all are well' until_true 30 all_well
goes_on 'more than a third rebooted'

# --- all in one instant
height=$(field 5 status height)
kill -KILL "$pid_1" "$pid_2" "$pid_3" "$pid_4" "$pid_5"
wait "$pid_1" "$pid_2" "$pid_3" "$pid_4" "$pid_5" 2>/dev/null
for i in 1 2 3 4 5; do start $i; done
check 'all are well again' until_true 30 all_well
goes_on 'all killed'
check 'nothing that was final is forgotten' test "$(field 5 status height)" -ge "$height"

# --- what became of it
for i in 1 2 3 4 5; do
    check "node-$i has the keys it had" test "$(field $i status incarnation)" -eq 1
    case $(cat node-$i/log) in
    *event=equivocation_noticed* | *event=offence_proven* | *event=state_root_mismatch*)
        wrong "node-$i: $(grep -E 'equivocation|offence|mismatch' node-$i/log)" ;;
    *Sanitizer* | *'runtime error'* | *'assertion failed'*) wrong "node-$i: $(cat node-$i/log)" ;;
    esac
    case $(ask $i timeline) in
    *equivocation_noticed* | *offence_proven*) wrong "node-$i saw two signatures" ;;
    esac
done
finish

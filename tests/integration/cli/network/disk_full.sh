#!/bin/sh
# A disk that fills up under a running node: it stops and says why, signs nothing twice, forgets nothing
# that it promised, and goes on when there is room again.
#
# The disk is a small tmpfs in a mount namespace of our own where the kernel lets us have one, else a
# limit on the size of files.

if [ -z "${ASSAY_TEST_SPACE:-}" ]; then
    for options in -m -Urm; do
        unshare $options true 2>/dev/null || continue
        ASSAY_TEST_SPACE=tmpfs exec unshare $options sh "$0" "$@"
    done
    ASSAY_TEST_SPACE=limit
    command -v prlimit >/dev/null || { echo 'no way to fill a disk here' >&2; exit 77; }
fi
. "$(dirname "$0")/../lib.sh"
trap 'umount -l "$WORK/node-1/state" 2>/dev/null; stop_all' EXIT
network 4 500 2
sign alpha beta
cd "$WORK" || exit 2

mkdir node-1/state
if [ "$ASSAY_TEST_SPACE" = tmpfs ] && ! mount -t tmpfs -o size=32m,mode=0700 none node-1/state; then
    ASSAY_TEST_SPACE=limit
fi
fill() {
    if [ "$ASSAY_TEST_SPACE" = tmpfs ]; then
        dd if=/dev/zero of=node-1/state/ballast bs=4096 >/dev/null 2>&1
        [ "$(df --output=avail node-1/state | tail -1)" -eq 0 ]
    else
        prlimit --pid "$pid_1" --fsize=4096
    fi
}
make_room() {
    rm -f node-1/state/ballast
}

trap '' XFSZ # a write beyond the limit is then an error, as on a full disk
for i in 1 2 3 4; do start $i; done
check 'the network runs' until_true 30 epoch_at_least 1 4
check 'every node is in it' until_true 30 epoch_at_least 4 4

height=$(field 1 status height)
check 'the disk is full' fill
ended() { ! running "$pid_1"; }
check 'the node stops' until_true 30 ended
wait "$pid_1"
check 'with exit status 1' test $? -eq 1
log=$(cat node-1/log)
case $log in *'event=node_stopped'*) ;; *) wrong "it does not say that it stopped: $log" ;; esac
case $log in
*'assayd: stopped: the store refused or lost a write (ASSAY_E_STORE): store '*) ;;
*) wrong "it does not say why: $log" ;;
esac
case $log in *' full'* | *'input/output error'*) ;; *) wrong "it does not name the disk: $log" ;; esac
case $log in *Sanitizer* | *'runtime error'* | *'assertion failed'*) wrong "a bug: $log" ;; esac

# Without room it does not start either, and says the same.
if [ "$ASSAY_TEST_SPACE" = tmpfs ]; then
    : >node-1/log
    start 1
    check 'it does not run without room' until_true 30 ended
    wait "$pid_1"
    check 'with exit status 1 again' test $? -eq 1
    check 'and the reason' grep -q 'full' node-1/log
fi

# The others go on meanwhile: three of four are more than two thirds.
before=$(field 2 status epoch)
check 'the others go on' until_true 30 epoch_at_least 2 $((before + 2))

make_room
: >node-1/log
start 1
check 'with room it comes back' until_true 30 epoch_at_least 1 $((before + 4))
votes() { [ "$(field 1 status voting)" = true ]; }
check 'and votes' until_true 30 votes
higher() { h=$(field 1 status height) && [ "${h:-0}" -ge "$height" ]; }
check 'nothing that was final is forgotten' higher
check 'with the keys it had' test "$(field 1 status incarnation)" -eq 1
for i in 2 3 4; do
    expect 0 'epoch_closed' ask $i timeline
    case $out in
    *equivocation_noticed* | *offence_proven*) wrong "node-$i saw two signatures: $out" ;;
    esac
done
full() { ask 3 nodes | grep -c FULL | grep -qx 4; }
check 'all stand at FULL in the end' until_true 60 full

finish

#!/bin/sh
# Nodes that lost their log, or have an older one, are killed with SIGKILL in their recovery, again and again: no other
# node ever receives two different signatures of one epoch and view, and each node returns to full score. Founders and
# a member that joined; the store is removed or cut, store and keys are of the first day, of an archive, or of a
# snapshot of the disk.
. "$(dirname "$0")/../lib.sh"
network 4 500 2
sign alpha beta
cd "$WORK" || exit 2
cp -r node-4/keys first-day
for i in 1 2 3 4; do start $i; done
check 'epochs close' until_true 60 epoch_at_least 1 4
socket=$WORK/node-1/admin.sock

# --- a member that joins; its first day is the one on which it joined
mkdir node-5
"$ASSAY" keys generate node-5/keys --name node-5 >/dev/null
"$ASSAY" soft node vendor-1 node-5 --out node-5/platform.key >/dev/null
"$ASSAY" soft quote node-5/platform.key --program "$BIN/assay-enclave" \
    --report-data "$(printf '0%.0s' $(seq 128))" --out node-5/sample.quote >/dev/null
sed "s/gossip: .*/gossip: 127.0.0.1:$("$TOOLS/free_port" 1)/" node-1/assayd.yaml >node-5/assayd.yaml
cp -r node-5/keys joined-day
start 5
expect 0 'soft, platform' "$ASSAY" change draft --out join --join node-5/keys/node.yaml \
    --sample node-5/sample.quote --operator alpha --activation +10 --socket "$socket"
for o in alpha beta; do
    expect 0 'in all' "$ASSAY" change sign join --key $o.key
done
expect 0 'offered in every epoch' "$ASSAY" change submit join --socket "$socket"

# --- what must hold after each loss

# seen NUMBER SCORE: it votes, and by the state of another node it is present, at this score or more.
seen() {
    [ "$(field "$1" status voting)" = true ] && ask 1 nodes --json | /usr/bin/python3 -c '
import json, sys
nodes = json.load(sys.stdin)["data"]["nodes"]
node = next(n for n in nodes if n["name"] == sys.argv[1])
least = int(sys.argv[2])
sys.exit(not (node["present"] and min(node["score_bp"], node["integrity_bp"]) >= least
              and (node["standing"] == "FULL" or least < 10000)))' node-"$1" "$2"
}
never_twice() {
    ! grep -hE 'event=(offence_proven|equivocation_noticed|state_root_mismatch|identity_in_use)' "$WORK"/node-*/log
}
incarnation() { field "$1" status incarnation; }

# kill_in_recovery NUMBER SECONDS...: starts it, and kills it after each of these.
kill_in_recovery() {
    node=$1
    shift
    for seconds in "$@"; do
        start "$node"
        sleep "$seconds"
        kill_now "$node"
    done
}
kill_now() {
    eval "kill -KILL \$pid_$1; wait \$pid_$1" 2>/dev/null
}
returns() { # returns NUMBER WHAT
    start "$1"
    check "node-$1 votes again, and is present: $2" until_true 90 seen "$1" 0
    check "and nothing was signed twice: $2" never_twice
}
new_keys() { # new_keys NUMBER BEFORE WHAT
    check "node-$1 has new keys: $3" test "$(incarnation "$1")" -gt "$2"
}
# snapshot NUMBER: of store and keys at one instant, as of a disk.
snapshot() {
    eval "kill -STOP \$pid_$1"
    rm -rf "snapshot-$1"
    mkdir "snapshot-$1"
    cp -r "node-$1/state" "node-$1/keys" "snapshot-$1"
    eval "kill -CONT \$pid_$1"
}
restore_snapshot() {
    rm -rf "node-$1/state" "node-$1/keys"
    cp -r "snapshot-$1/state" "snapshot-$1/keys" "node-$1"
}
check 'the joined member votes' until_true 90 seen 5 0
for n in 4 5; do # the joined member earns its integrity meanwhile
    day=first-day
    [ $n = 5 ] && day=joined-day
    check "node-$n is at full score before" until_true 90 seen $n 10000

    # The store is gone, and the keys are not.
    before=$(incarnation $n)
    kill_now $n
    rm -rf node-$n/state
    kill_in_recovery $n 0.05 0.1 0.2 0.3 0.5 0.8
    returns $n 'its store was removed'
    new_keys $n "$before" 'its store was removed'
    check "and says why" grep -q 'event=store_lost ' node-$n/log

    # Store and keys are those of the first day: nothing here shows that they signed, and the network lists others.
    before=$(incarnation $n)
    kill_now $n
    rm -rf node-$n/state node-$n/keys
    cp -r $day node-$n/keys
    finished=$(grep -c 'event=keys_finished ' node-$n/log)
    kill_in_recovery $n 0.1 0.3 0.2 0.6 1.1 0.4
    returns $n 'it has the keys of the first day'
    new_keys $n "$before" 'it has the keys of the first day'
    check "and says that the network has signatures which it lacks" \
        test "$(grep -c 'event=keys_finished ' node-$n/log)" -gt "$finished"

    # The newest writes are lost: the end of the write-ahead log is cut.
    kill_now $n
    size=$(wc -c <node-$n/state/store.sqlite-wal)
    check 'there is a write-ahead log' test "$size" -gt 0
    truncate -s $((size / 2)) node-$n/state/store.sqlite-wal
    kill_in_recovery $n 0.1 0.2 0.7 0.3
    returns $n 'its store was cut'

    # A snapshot of the disk, with the keys: of several epochs ago, and of the running epoch.
    for ago in 3 0.2; do
        before=$(incarnation $n)
        snapshot $n
        sleep $ago
        kill_now $n
        restore_snapshot $n
        kill_in_recovery $n 0.1 0.3 0.15 0.6
        returns $n "a snapshot of $ago s ago"
    done
    check "node-$n returns to full score" until_true 90 seen $n 10000
done

# --- an archive next to the keys of before
expect 0 'boundaries after' "$ASSAY" store save --out archive --socket "$socket"
before=$(incarnation 5)
kill_now 5
rm -rf node-5/state
expect 0 'makes new keys' "$ASSAY" store restore archive --into node-5/state --genesis genesis
kill_in_recovery 5 0.05 0.1 0.2 0.4 0.7
returns 5 'from an archive'
new_keys 5 "$before" 'from an archive'
check 'node-5 returns to full score' until_true 90 seen 5 10000

# --- what the stores of the others prove
for i in 1 2 3 4 5; do eval "kill -TERM \$pid_$i"; done
for i in 1 2 3 4 5; do
    eval "wait \$pid_$i"
    case $(cat node-$i/log) in
    *Sanitizer* | *'runtime error'* | *'assertion failed'* | *node_stopped*) wrong "node-$i: $(cat node-$i/log)" ;;
    esac
done
for i in 1 2 3; do
    expect 0 'holds ' "$ASSAY" audit verify node-$i/state --genesis genesis
done
check 'nothing was signed twice to the end' never_twice
finish

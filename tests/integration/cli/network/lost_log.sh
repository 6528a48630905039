#!/bin/sh
# Nodes that lost their log, or have an older one, are killed with SIGKILL in their recovery, again and again: no other
# node ever receives two different signatures of one epoch and view, and each node returns to full score. Founders and
# a member that joined; the store is removed or cut, or comes from an archive, or store and keys are of a snapshot of
# the disk.
. "$(dirname "$0")/../lib.sh"
network 4 500 2
sign alpha beta
cd "$WORK" || exit 2
for i in 1 2 3 4; do start $i; done
check 'epochs close' until_true 60 epoch_at_least 1 4
socket=$WORK/node-1/admin.sock

# --- a member that joins
mkdir node-5
"$ASSAY" keys generate node-5/keys --name node-5 >/dev/null
"$ASSAY" soft node vendor-1 node-5 --out node-5/platform.key >/dev/null
"$ASSAY" soft quote node-5/platform.key --program "$BIN/assay-enclave" \
    --report-data "$(printf '0%.0s' $(seq 128))" --out node-5/sample.quote >/dev/null
sed "s/gossip: .*/gossip: 127.0.0.1:$("$TOOLS/free_port" 1)/" node-1/assayd.yaml >node-5/assayd.yaml
start 5
expect 0 'soft, platform' "$ASSAY" change draft --out join --join node-5/keys/node.yaml \
    --sample node-5/sample.quote --operator alpha --activation +10 --socket "$socket"
for o in alpha beta; do
    expect 0 'in all' "$ASSAY" change sign join --key $o.key
done
expect 0 'offered in every epoch' "$ASSAY" change submit join --socket "$socket"

# --- what must hold after each loss

# back NUMBER: it votes, at full score by the state of another node.
back() {
    [ "$(field "$1" status voting)" = true ] && ask 1 nodes --json | /usr/bin/python3 -c '
import json, sys
nodes = json.load(sys.stdin)["data"]["nodes"]
node = next(n for n in nodes if n["name"] == sys.argv[1])
sys.exit(not (node["standing"] == "FULL" and node["score_bp"] == 10000 and node["integrity_bp"] == 10000
              and node["present"]))' node-"$1"
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
    check "node-$1 returns to full score: $2" until_true 90 back "$1"
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
check 'the joined member votes, at full score' until_true 90 back 5
for n in 4 5; do
    # The store is gone, and the keys are not.
    before=$(incarnation $n)
    kill_now $n
    rm -rf node-$n/state
    kill_in_recovery $n 0.05 0.1 0.2 0.3 0.5 0.8
    returns $n 'its store was removed'
    new_keys $n "$before" 'its store was removed'
    check "and says why" grep -q 'event=store_lost ' node-$n/log

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

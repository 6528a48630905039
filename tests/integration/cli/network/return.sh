#!/bin/sh
# A node that lost its store comes back after the others have pruned the blocks of that time: by
# boundaries, and by a checkpoint when those are gone, too.
. "$(dirname "$0")/../lib.sh"
network 4 200 2
sign alpha beta
cd "$WORK" || exit 2
for i in 1 2 3 4; do
    sed -i 's/^  genesis: .*/&\n  history_epochs: 16/' node-$i/assayd.yaml
    expect 0 'fit to run' "$ASSAYD" --config node-$i/assayd.yaml --check-config
done
sed 's/history_epochs: 16/history_epochs: 15/' node-1/assayd.yaml >node-1/few.yaml
expect 2 'node.history_epochs' "$ASSAYD" --config node-1/few.yaml --check-config
for i in 1 2 3 4; do start $i; done
check 'epochs close' until_true 60 epoch_at_least 1 5
kill -KILL "$pid_4"
wait "$pid_4" 2>/dev/null
# Rules change twice meanwhile: those of now and of the last epochs are in neither genesis nor store.
socket=$WORK/node-1/admin.sock
active() { ask 1 status --json | grep -q "\"policy_digest\": \"$1\""; }
decide() {
    before=$(field 1 status policy_digest)
    expect 0 'looser' "$ASSAY" change draft --out policy-$1 --activation +$2 --socket "$socket" \
        --allow-reference mrenclave="$(printf '%064d' "$1")"
    for o in alpha beta; do
        expect 0 'in all' "$ASSAY" change sign policy-$1 --key $o.key
    done
    expect 0 'offered in every epoch' "$ASSAY" change submit policy-$1 --socket "$socket"
}
other() { ! active "$before"; }
check 'rules have a digest' test -n "$(field 1 status policy_digest)"
decide 1 12
check 'another policy is in force' until_true 60 other
check 'and go on' until_true 90 epoch_at_least 1 40
decide 2 12
check 'and one more' until_true 60 other

# --- what was pruned stays pruned, and the rest can be audited
"$ASSAY" checkpoint --genesis genesis --out zero >/dev/null
cp -r node-4/state lost.state
rm -rf node-4/state
start 4
near() { a=$(field 1 status epoch) b=$(field 4 status epoch); [ $((${b:-0} + 2)) -ge "${a:-999}" ]; }
check 'a lost store comes back after pruning' until_true 60 near
same_rules() { [ "$(field 4 status policy_digest)" = "$(field 1 status policy_digest)" ]; }
check 'to the rules that hold now' until_true 20 same_rules
expect 0 'fast_synced' ask 4 timeline
listed() { [ "$(field 4 status incarnation)" = 2 ] && [ "$(field 4 status voting)" = true ]; }
check 'with new keys, listed and voting' until_true 60 listed

# --- by a checkpoint
kill -TERM "$pid_4"
wait "$pid_4"
rm -rf node-4/state
expect 0 'roster_digest' ask 1 checkpoint --out node-4/checkpoint
sed -i 's/^  genesis: .*/&\n  checkpoint: checkpoint/' node-4/assayd.yaml
start 4
check 'a checkpoint brings it back' until_true 60 near
expect 0 'fast_synced' ask 4 timeline
# One of an epoch that it closed itself since: what is kept before that one is proven by it.
e=$(field 1 status epoch)
check 'and it closes epochs again' until_true 30 epoch_at_least 4 $((e + 3))
expect 0 'roster_digest' ask 4 checkpoint --out later
kill -TERM "$pid_4"
wait "$pid_4"
cp plan.yaml node-4/checkpoint
expect 2 'checkpoint' "$ASSAYD" --config node-4/assayd.yaml --check-config

# --- what is left can be read again
kill -TERM "$pid_1"
wait "$pid_1"
expect 0 'the snapshot after epoch' "$ASSAY" audit verify node-1/state --genesis genesis
expect 12 'use --checkpoint of a later epoch' "$ASSAY" audit verify node-4/state --genesis genesis
expect 0 'holds ' "$ASSAY" audit verify node-4/state --genesis genesis --checkpoint later
for i in 2 3; do eval "kill -TERM \$pid_$i; wait \$pid_$i"; done
finish

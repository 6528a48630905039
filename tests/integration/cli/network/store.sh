#!/bin/sh
# `assay store`: what another store can begin with is saved of a running daemon and of a stopped one,
# believed when something trusted leads to it, and restored; who begins with it has new keys.
. "$(dirname "$0")/../lib.sh"
network 4 200 2
sign alpha beta
cd "$WORK" || exit 2
for i in 1 2 3 4; do start $i; done
check 'epochs close' until_true 60 epoch_at_least 1 6
socket=$WORK/node-1/admin.sock
store() { verb=$1; shift; "$ASSAY" store "$verb" "$@"; }

# --- misuse
expect 2 'usage: assay store' "$ASSAY" store
expect 2 'usage: assay store' store verify saved
expect 2 'usage: assay store' store save
expect 2 'usage: assay store' store inspect saved --genesis genesis
expect 0 'usage: assay store' "$ASSAY" store --help
expect 3 'is assayd running' store save --out saved --socket "$WORK/none"
expect 6 'locked by another process: if a daemon runs on it, stop it, or use --socket' store save node-1/state --out saved
expect 5 'No such file' store save nowhere --out saved
check 'nothing was written' test ! -e saved

# --- saved of one that runs
expect 0 'boundaries after epoch 0' store save --out saved --socket "$socket"
expect 0 'proven         from genesis on' store verify saved --genesis genesis
expect 0 'members        4, of which 4 have weight' store verify saved --genesis genesis
expect 0 '"proven_from": 0' store verify saved --genesis genesis --json
expect 0 'proven         not looked at' store inspect saved
expect 0 '"boundaries": ' store inspect saved --json
"$ASSAY" checkpoint --genesis genesis --out zero >/dev/null
expect 0 'proven         from the checkpoint on' store verify saved --genesis genesis --checkpoint zero
expect 0 'roster_digest' ask 1 checkpoint --out later
later() { [ "$(field 1 status epoch)" -gt "$(($1 + 2))" ]; }
check 'epochs go on' until_true 20 later "$(field 1 status epoch)"
expect 0 'roster_digest' ask 1 checkpoint --out later
expect 12 'the checkpoint is of epoch' store verify saved --genesis genesis --checkpoint later
expect 0 'boundaries after' store save --out after --socket "$socket"
expect 0 'proven         from the checkpoint on' store verify after --genesis genesis --checkpoint later

# --- nothing of it is secret
hex() { od -An -v -tx1 "$1" | tr -d ' \n'; }
hex saved >saved.hex
secrets=0
for n in 1 2 3 4; do
    for key in identity bootstrap incarnation; do
        secret=$(hex "node-$n/keys/$key.key" | tail -c 64)
        [ ${#secret} -eq 64 ] && secrets=$((secrets + 1))
        if grep -q "$secret" saved.hex; then wrong "$key.key of node-$n is in it"; fi
    done
done
check 'twelve secrets were looked for' test $secrets -eq 12

# --- damaged, cut, of another network
head -c 3000 saved >cut
expect 13 'cut: ' store verify cut --genesis genesis
size=$(wc -c <saved)
cp saved damaged
printf '\377' | dd of=damaged bs=1 seek=$((size / 2)) conv=notrunc 2>/dev/null
expect 13 'damaged: ' store verify damaged --genesis genesis
expect 13 'damaged: ' store inspect damaged
expect 13 'damaged: ' store restore damaged --into fresh --genesis genesis
expect 13 'policy.yaml: ' store inspect policy.yaml
"$ASSAY" genesis create plan.yaml --out other >/dev/null
for o in alpha beta; do "$ASSAY" genesis sign other --key $o.key >/dev/null; done
expect 11 'chain of the archive' store verify saved --genesis other
expect 11 'chain of the archive' store restore saved --into fresh --genesis other
check 'and no folder was made' test ! -e fresh

# --- restored: where there is a store, nothing is changed
expect 6 'there is a store already' store restore saved --into node-4/state --genesis genesis
kill -TERM "$pid_4"
wait "$pid_4"
expect 0 'boundaries after epoch 0' store save node-4/state --out stopped
expect 0 'proven         from genesis on' store verify stopped --genesis genesis
mv node-4/state old.state
mkdir node-4/state
: >node-4/state/store.sqlite-wal
expect 6 'there is a store already' store restore stopped --into node-4/state --genesis genesis
rm -r node-4/state

# Killed at any moment: no store, or a whole one.
whole=0
for ms in 0 2 5 10 20 40 80; do
    rm -rf crashed
    timeout -s KILL "0.0$(printf '%02d' $ms)" "$ASSAY" store restore stopped --into crashed \
        --genesis genesis >/dev/null 2>&1
    if [ -e crashed/store.sqlite ]; then
        whole=$((whole + 1))
        expect 0 'holds ' "$ASSAY" audit verify crashed --genesis genesis
    else
        expect 0 'makes new keys' store restore stopped --into crashed --genesis genesis
        check 'and nothing is left beside' test "$(ls crashed)" = store.sqlite
    fi
done
made 'store restore' for-programs/store.sqlite epoch id -- store restore stopped --into for-programs --genesis genesis
expect 0 'makes new keys' store restore stopped --into node-4/state --genesis genesis
case $out in *'does not vote until a block lists them'*) ;; *) wrong "what does it cost? $out" ;; esac
check 'nobody else may read it' test "$(stat -c %a node-4/state/store.sqlite)" = 600

# --- it comes back, as another life
start 4
near() { a=$(field 1 status epoch) b=$(field 4 status epoch); [ $((${b:-0} + 2)) -ge "${a:-999}" ]; }
check 'it catches up' until_true 60 near
check 'with new keys' grep -q 'event=store_lost .*restored' node-4/log
listed() { [ "$(field 4 status incarnation)" = 2 ] && [ "$(field 4 status voting)" = true ]; }
check 'they are listed, and vote' until_true 60 listed
expect 0 'of 2 ' printf 'of %s \n' "$(field 4 status incarnation)"

# --- the store of before is of keys that are gone: it does not come back to them
kill -TERM "$pid_4"
wait "$pid_4"
mv node-4/state new.state
mv old.state node-4/state
start 4
third() { [ "$(field 4 status incarnation)" = 3 ] && [ "$(field 4 status voting)" = true ]; }
check 'an old store makes another life, too' until_true 60 third
for i in 1 2 3 4; do eval "kill -TERM \$pid_$i; wait \$pid_$i"; done
for i in 1 2 3 4; do
    case $(cat node-$i/log) in
    *Sanitizer* | *'runtime error'* | *'assertion failed'* | *node_stopped*)
        wrong "node-$i: $(cat node-$i/log)" ;;
    esac
done
finish

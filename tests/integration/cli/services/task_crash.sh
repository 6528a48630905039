#!/bin/sh
# A requestor of a task is killed by SIGKILL at the instants that matter, frame by frame (docs/services.md 6.6, 6.12):
# nothing that it paid for is lost, and nothing is paid twice; also when its executor dies with it, and the key of what it
# vouched for stands in a claim alone.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib.sh"
cd "$WORK" || exit 2

expect 0 'services:' "$ASSAY" setup local --dir net --services --port 0 --epoch-ms 2000
for n in 1 2 3 4; do
    "$ASSAYD" --config net/node-$n/assayd.yaml 2>>net/node-$n/log </dev/null &
    started="$started $!"
done
node() { "$ASSAY" "$@" --socket net/node-1/admin.sock; }
check 'blocks become final' until_true 40 sh -c "'$ASSAY' status --socket net/node-1/admin.sock | grep -q '4 full'"

# --- an executor, and a proxy before its client listener
yaml=net/node-2/executor.yaml
code=$(sed -n 's/^code: "\(.*\)"/\1/p' $yaml) port=$(sed -n 's/^listen: 127.0.0.1://p' $yaml)
echo 'host: 127.0.0.2' >>$yaml
/usr/bin/python3 "$here/killer.py" 127.0.0.2 "$port" 127.0.0.1 instant 2>killer.log </dev/null &
started="$started $!"
executor() {
    "$BIN/assay-executor" --config $yaml 2>>executor.log </dev/null &
    executor=$!
    started="$started $executor"
}
executor
check 'it offers' until_true 40 sh -c "'$ASSAY' task offers --socket net/node-1/admin.sock | grep -q '127.0.0.2'"
price=$(sed -n 's/^price: //p' $yaml)
balance() { node account show "$1" --json | sed -n 's/.*"balance": \(.*\),/\1/p'; }
yes 'one two three ' | head -c 5000 >text
begin() { # begin DIR STEPS: in the background
    "$ASSAY" task run text --key net/account.key --out "$1" --code "$code" --price "$price" --steps "$2" \
        --executor node-2 --socket net/node-1/admin.sock >>"$1.said" 2>&1 </dev/null &
    requestor=$!
    started="$started $requestor"
}
steps_paid() { # steps_paid DIR: of its task, as the ledger says
    node task status "$(cat "$1/task.id")" | sed -n 's/.* \([0-9]*\) of [0-9]* steps paid.*/\1/p'
}
outputs() { ls "$1"/step-*.output 2>/dev/null | wc -l; }
more_than() { [ "$(outputs "$1")" -gt "$2" ]; }
dies() { # dies KIND WHEN [PID]: the requestor at that instant, and another with it
    echo "$1 $2 $requestor ${3-}" >instant.new
    mv instant.new instant
    check "the instant comes: $1 $2" until_true 40 test ! -e instant
    wait "$requestor" 2>/dev/null
    check "it was killed ($1 $2)" test $? -eq 137
}

# --- one instant after the other: it goes on behind its last result, and pays each step once
before=$(balance net/account.key)
begin a 60
dies ASK before
begin a 60
dies KEYS after
begin a 60
dies INPUT after
begin a 60
dies STEP_IS after
for instant in 'VOUCH before' 'VOUCH after' 'KEY_IS before' 'KEY_IS after' 'NEXT before' 'NEXT after' 'STEP_IS before' \
    'STEP_IS after' 'VOUCH after' 'KEY_IS before'; do
    some=$(outputs a)
    begin a 60
    check "steps are made: $(tail -n 2 a.said)" until_true 40 more_than a "$some"
    # shellcheck disable=SC2086
    dies $instant
done
some=$(outputs a)
check "it was killed on its way: $some" test "$some" -lt 60
begin a 60
wait "$requestor"
check "it ends well: $(tail -n 3 a.said)" test $? -eq 0
check 'every step is there' test "$(outputs a)" = 60
check 'words are counted' grep -q '^3 667$' a/step-00060.output
paid() { [ "$(balance net/node-2/account.key)" -ge $((60 * price)) ] && [ "$(steps_paid a)" = 60 ]; }
check "each is paid: $(balance net/node-2/account.key)" until_true 40 paid
rent=$(($(balance net/node-2/account.key) - 60 * price))
check "and its rent: $rent" test "$rent" -ge 1 -a "$rent" -le 64
check 'once' test "$(balance net/account.key)" = $((before - 60 * price - rent))
expect 0 'paid, 60 of 60 steps' node task status "$(cat a/task.id)"

# --- the executor dies with it, when the claim is durable and the key on its way: the claim shows the key
for first in 0 1; do
    dir=b$first
    begin $dir 400
    [ $first = 0 ] || check "steps are made: $(tail -n 2 $dir.said)" until_true 40 test -e $dir/step-00003.output
    dies KEY_IS before $executor
    wait $executor 2>/dev/null
    some=$(outputs $dir)
    begin $dir 400
    check "it waits: $(tail -n 2 $dir.said)" until_true 20 sh -c "'$ASSAY' services status --socket net/node-1/admin.sock | grep -q '1 follow'"
    sleep 1
    executor
    check "what was vouched for comes out of the claim: $some, $(tail -n 2 $dir.said)" until_true 40 more_than $dir "$some"
    settled() { [ "$(steps_paid $dir)" = "$(outputs $dir)" ]; }
    check "as many results as steps are paid: $(outputs $dir)" until_true 20 settled
    check 'one more than before' test "$(outputs $dir)" = $((some + 1))
    kill -KILL "$requestor"
    wait "$requestor" 2>/dev/null
done
finish

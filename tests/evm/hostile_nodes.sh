#!/bin/sh
# tests/evm/hostile_nodes.sh - executor and requestor as processes behind a node of their chain that lies (docs/services.md 8.5):
# what one node is believed, what it is not, and that of two nodes neither is believed alone.
#
# usage: hostile_nodes.sh BIN TOOLS (those of tests/integration/cli/lib.sh)
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../integration/cli/lib.sh"
. "$here/on_chain.sh"

true_url=$url
: >mode
/usr/bin/python3 "$here/hostile_node.py" "$url" node.port mode "$tasks" 2>node.log </dev/null &
started="$started $!"
until_true 30 test -s node.port || { echo "the hostile node does not start: $(cat node.log)" >&2; exit 1; }
hostile=http://127.0.0.1:$(cat node.port)
tells() { echo "$*" >mode; } # the lies from now on
both() { # FILE KEY LINE...: the hostile node and an honest one
    url="$true_url, $hostile"
    config "$@"
    url=$true_url
}
behind() { # FILE KEY LINE...: the hostile node alone
    url=$hostile
    config "$@"
    url=$true_url
}

# --- an executor does not start on what is computed here
starts() { "$BIN/assay-executor" --config net/node-2/executor.yaml; }
behind paid.yaml paid.key 'batch: 3'
tells chain
expect 2 'a node of chain 1, not of 31337' starts
tells code
expect 2 'not AssayTasks over that anchor' starts
tells empty
expect 2 'no ECDSA over P-256 at 0x100' starts
both paid.yaml paid.key 'batch: 3'
for lie in chain code empty; do
    tells $lie
    expect 1 'the nodes contradict each other' starts
done

# --- and works when all of them say the same
tells nothing
executor
offers() { "$ASSAY" task offers --socket net/node-1/admin.sock | grep -q ' a step'; }
until_true 40 offers || { echo "nobody offers: $(tail -n 3 executor.log)" >&2; exit 1; }
yes 'one two three ' | head -c 5000 >text
run() { "$ASSAY" task run "$@" --evm evm.yaml --socket net/node-1/admin.sock; }
# Nodes prove standing in their last 64 epochs: a task needs an anchor that is not older.
advance() { expect 0 'contract ' "$ASSAY" anchor advance --config evm.yaml --socket net/node-1/admin.sock --confirmations 1; }
before=$(wei $payee)
both evm.yaml payer.key
expect 0 'results        5 of 5' run text --out a --code "$code" --price 1000000 --steps 5 --executor node-2
# A slow executor claims a task in two parts: what counts are the steps that the contract has paid.
events() { # every Paid event: its task and the last step that it pays
    rpc eth_getLogs "[{\"fromBlock\": \"0x0\", \"address\": \"$tasks\", \"topics\": [$paid_topic]}]" |
        /usr/bin/python3 -c 'import json, sys; [print(e["topics"][1], int(e["data"], 16)) for e in json.load(sys.stdin)]'
}
paid_topic=$(rpc web3_sha3 "[\"0x$(printf 'Paid(bytes32,uint256)' | od -An -v -tx1 | tr -d ' \n')\"]")
paid() { # STEPS: so many of all tasks, and nothing is left to claim
    [ "$(events | awk '{ if ($2 > last[$1]) last[$1] = $2 } END { for (t in last) sum += last[t]; print sum + 0 }')" = "$1" ] &&
        tail -n 1 executor.log | grep -q 'chain: 0 tasks not paid'
}
check "5 steps are paid: $(tail -n 1 executor.log)" until_true 150 paid 5

# --- a successor of that task, which has nothing left to count
expect 0 'results        1 of 1' run --after a --out after --price 1000000 --steps 1 --executor node-2
check 'it goes on from the last state' cmp a/step-00005.output after/step-00001.output
expect 6 'another input than the last state of --after' run --after a --out a
check "6 steps are paid: $(tail -n 1 executor.log)" until_true 150 paid 6

# --- a receipt that one of them hides: the requestor waits for it, says why, and sends nothing twice
tells hidden
expect 7 'the nodes contradict each other' run text --out h --code "$code" --price 1000000 --steps 5 \
    --executor node-2 --timeout 40000
check 'no result' sh -c '! test -e h/step-00001.output'
tells nothing
expect 0 'results        5 of 5' run text --out h
check "11 steps are paid: $(tail -n 1 executor.log)" until_true 150 paid 11

# --- "paid" of what was not: with another node beside, the executor keeps its claim, and is paid when the lie is over
both evm.yaml payer.key
: >executor.log
tells paid
"$ASSAY" task run text --out p --code "$code" --price 1000000 --steps 5 --evm evm.yaml --socket net/node-1/admin.sock \
    --executor node-2 --timeout 30000 >unopened 2>&1
check "a task is not opened on that word: $(cat unopened)" sh -c '! test -e p/step-00001.output'
tells nothing
expect 0 'results        5 of 5' run text --out p
tells paid
check "it is not trusted: $(tail -n 1 executor.log)" until_true 20 \
    grep -q 'chain: 1 tasks not paid.*contradict each other' executor.log
tells nothing
check "16 steps are paid: $(tail -n 1 executor.log)" until_true 150 paid 16
steps=16
earned() { # what they bring, without the gas that they took
    /usr/bin/python3 -c 'import sys; g, s = int(sys.argv[2]) - int(sys.argv[1]), int(sys.argv[3]) * 10**15; sys.exit(not s - 5 * 10**15 < g <= s)' \
        "$before" "$(wei $payee)" "$1"
}
check "16 steps: $before -> $(wei $payee)" earned $steps

# --- a block that stands still only costs time
advance
tells stale
"$ASSAY" task run text --out s --code "$code" --price 1000000 --steps 5 --evm evm.yaml --socket net/node-1/admin.sock \
    --executor node-2 --timeout 10000 >stale 2>&1
check "it waits: $(cat stale)" sh -c '! test -e s/step-00001.output'
tells nothing
expect 0 'results        5 of 5' run text --out s
check "21 steps are paid: $(tail -n 1 executor.log)" until_true 150 paid 21
# Every claim that it sent was paid: none was sent twice.
once() { tail -n 1 executor.log | grep -qE "chain: 0 tasks not paid, $(events | wc -l) claims sent"; }
check "each claim is sent once: $(events), $(tail -n 1 executor.log)" until_true 20 once

# --- an executor that claims and keeps the key back: the requestor has it from the claim
kill -TERM "$executor"
wait "$executor" 2>/dev/null
cp net/node-2/executor.yaml open.yaml
echo 'host: 127.0.0.2' >>net/node-2/executor.yaml
/usr/bin/python3 "$here/withhold.py" 127.0.0.2 "$(cat ports)" 127.0.0.1 stop 2>withhold.log </dev/null &
started="$started $!"
both paid.yaml paid.key 'batch: 1'
: >executor.log
executor
advance
there() { "$ASSAY" task offers --socket net/node-1/admin.sock | grep -q '127.0.0.2'; }
check "it offers there: $("$ASSAY" task offers --socket net/node-1/admin.sock)" until_true 40 there
"$ASSAY" task run text --out w --code "$code" --price 1000000 --steps 300 --evm evm.yaml --socket net/node-1/admin.sock \
    --executor node-2 --timeout 40000 >withheld 2>&1 &
requestor=$!
started="$started $requestor"
check "steps are made: $(cat withheld)" until_true 150 test -e w/step-00003.output
: >stop
last=$(ls w/step-*.output | wc -l)
check "the key comes from the chain: $(cat withheld)" until_true 150 grep -q 'claim on the chain shows the key' withheld
more() { [ "$(ls w/step-*.output | wc -l)" -gt "$last" ]; }
check "and the result with it: $last, $(ls w | tail -n 1)" until_true 40 more
# --- so has one that was killed meanwhile, whose executor is gone as well: what the key opens was kept before the voucher left
sleep 2
kept=$(ls w/step-*.output | wc -l)
kill -KILL "$requestor"
wait "$requestor" 2>/dev/null
check "it is claimed: $(tail -n 1 executor.log)" until_true 150 sh -c \
    "tail -n 1 executor.log | grep -q 'chain: 0 tasks not paid'"
kill -TERM "$executor"
wait "$executor" 2>/dev/null
check 'nobody has given that step' test "$(ls w/step-*.output | wc -l)" = "$kept"
"$ASSAY" task run text --out w --evm evm.yaml --socket net/node-1/admin.sock --timeout 40000 >again 2>&1 &
requestor=$!
started="$started $requestor"
last=$kept
check "the step comes out of the claim: $(cat again)" until_true 150 more
check 'by the key that the claim shows' grep -q 'claim on the chain shows the key' again
rm stop
kill -TERM "$requestor"
wait "$requestor" 2>/dev/null
cp open.yaml net/node-2/executor.yaml

# --- one node alone is believed what only the chain can tell: the claim of a task that it calls paid is forgotten
behind paid.yaml paid.key 'batch: 1000000'
: >executor.log
executor
check 'it is there again' until_true 40 grep -q offered executor.log
advance
"$ASSAY" task run text --out l --code "$code" --price 1000000 --steps 300 --evm evm.yaml --socket net/node-1/admin.sock \
    --executor node-2 >lost 2>&1 &
requestor=$!
started="$started $requestor"
check "steps are made: $(cat lost)" until_true 150 test -e l/step-00003.output
tells paid
check "it believes: $(tail -n 1 executor.log)" until_true 30 grep -q 'chain: 0 tasks not paid' executor.log
finish

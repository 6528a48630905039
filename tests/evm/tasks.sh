#!/bin/sh
# tests/evm/tasks.sh - attested tasks that are paid on an EVM chain: daemons, executors and requestors as processes,
# and a real EVM (docs/services.md 8.9, 8.10).
#
# usage: tasks.sh BIN TOOLS (those of tests/integration/cli/lib.sh)
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../integration/cli/lib.sh"
. "$here/on_chain.sh"

# --- chains, contracts and files with which an executor does not start
right=$contract contract=$none
config none.yaml payer.key
expect 5 "no contract at" "$ASSAY" task deploy --evm none.yaml
contract=$right
fails() { "$BIN/assay-executor" --config net/node-2/executor.yaml; }
config paid.yaml paid.key 'batch: 3'
fits() { "$BIN/assay-executor" --config net/node-2/executor.yaml --check-config; }
expect 0 '' fits
chmod 644 paid.key
expect 2 'paid.key' fits
chmod 600 paid.key
sed -i '/^price/d' paid.yaml
expect 2 'price is missing' fits
expect 2 'price is missing' fails
config paid.yaml paid.key
sed -i 's/^chain: .*/chain: 1/' paid.yaml
expect 2 'a node of chain 31337, not of 1' fails
right=$tasks tasks=$contract
config paid.yaml paid.key
expect 2 'not AssayTasks over that anchor' fails
tasks=$right
new=$url
chain old cancun
config paid.yaml paid.key
expect 2 'no ECDSA over P-256 at 0x100' fails
url=$new
config paid.yaml paid.key 'batch: 3'
executor
offers() { "$ASSAY" task offers --socket net/node-1/admin.sock | grep -q ' a step'; }
until_true 40 offers || { echo "nobody offers: $(tail -n 3 executor.log)" >&2; exit 1; }

# --- what is wrong is said before money moves
yes 'one two three ' | head -c 5000 >text
run() { "$ASSAY" task run "$@" --evm evm.yaml --socket net/node-1/admin.sock; }
expect 2 'gwei above 0' run text --out a --code "$code" --price 0 --steps 5
expect 2 '60 to 31622400 seconds' run text --out a --code "$code" --price 1000000 --steps 5 --deadline 59
expect 4 'its price is higher' run text --out low --code "$code" --price 999999 --steps 5
expect 4 'the deadline is too near' run text --out near --code "$code" --price 1000000 --steps 5 --deadline 60
expect 2 'has no tasks' sh -c "sed /^tasks/d evm.yaml >less && '$ASSAY' task run text --out a --code $code --price 1 --steps 1 --evm less --socket net/node-1/admin.sock"
before=$(wei $payee)
check 'nobody has opened anything' test "$(wei "$tasks")" = 0

# --- a task that is run and paid
expect 0 'results        5 of 5' run text --out a --code "$code" --price 1000000 --steps 5 --executor node-2
check 'words are counted' grep -q '^3 667$' a/step-00005.output
claimed() { grep -q 'chain: 0 tasks not paid, [1-9][0-9]* claims sent' executor.log; }
check "it is claimed: $(tail -n 1 executor.log)" until_true 60 claimed
check 'the contract has given all of it' test "$(wei "$tasks")" = 0
earned() { # STEPS: what they bring, without the gas that they took
    /usr/bin/python3 -c 'import sys; g, s = int(sys.argv[2]) - int(sys.argv[1]), int(sys.argv[3]) * 10**15; sys.exit(not s - 5 * 10**15 < g <= s)' \
        "$before" "$(wei $payee)" "$1"
}
check "five steps: $before -> $(wei $payee)" earned 5
expect 0 'results        5 of 5' run --out a

# --- the same claim as of before, with another state: refused
/usr/bin/python3 - "$url" "$payee" "$tasks" >changed 2>&1 <<'END'
import json, sys, urllib.request
url, payee, tasks = sys.argv[1:]
def ask(method, *params):
    q = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    return json.load(urllib.request.urlopen(urllib.request.Request(url, json.dumps(q).encode(), {"Content-Type": "application/json"})))
head = int(ask("eth_blockNumber")["result"], 16)
mine = [t for n in range(head, 0, -1) for t in ask("eth_getBlockByNumber", hex(n), True)["result"]["transactions"]
        if t["from"] == payee and t["to"] == tasks]
data, block = mine[0]["input"], hex(int(mine[0]["blockNumber"], 16) - 1)
def call(bytes_): return ask("eth_call", {"from": payee, "to": tasks, "data": bytes_}, block)
at = 2 + 2 * (4 + 32 * (7 + 2))  # state: behind seven words of terms, the step's numbers and the opening
other = data[:at] + ("0" if data[at] != "0" else "1") + data[at + 1:]
print("same", "result" in call(data))
print("changed", bytes.fromhex(call(other)["error"]["data"][10:]).rstrip(b"\0").decode())
END
check "the claim itself is good: $(cat changed)" grep -q '^same True' changed
check "a changed receipt is refused: $(cat changed)" grep -q '^changed receipt' changed

# --- a requestor that is killed goes on; blocks that go away, and gas that is dear, take nothing from the executor
"$ASSAY" task run text --out k --code "$code" --price 1000000 --steps 40 --evm evm.yaml --socket net/node-1/admin.sock \
    >killed 2>&1 &
requestor=$!
started="$started $requestor"
# Without a pause: the other steps take less than a second.
looks=0
while [ ! -e k/step-00003.output ] && [ $looks -lt 20000000 ]; do looks=$((looks + 1)); done
kill -KILL $requestor
check "steps are made: $(cat killed)" test -e k/step-00003.output
wait $requestor 2>/dev/null
some=$(ls k/step-*.output | wc -l)
check "it was killed on its way: $some" test "$some" -lt 40
touch -d '2001-01-01' k/step-00001.output
expect 0 'results        40 of 40' run text --out k --code "$code" --price 1000000 --steps 40
check 'nothing is made twice' test "$(stat -c %Y k/step-00001.output)" -lt 1000000000
sent() { # COUNT: so many claims were ever deep, and nothing is owed
    grep 'chain: 0 tasks not paid' executor.log | grep -qE ", ([$1-9]|[0-9]{2,}) claims sent"
}
# A claim that is in a block, and not deep.
in_block() { [ "$(wei "$tasks")" = 0 ]; }
newest_claim() { # how many blocks there are from the newest one with a transaction on
    /usr/bin/python3 - "$url" <<'END'
import json, sys, urllib.request
def ask(method, *params):
    question = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    request = urllib.request.Request(sys.argv[1], json.dumps(question).encode(), {"Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(request))["result"]
number = newest = int(ask("eth_blockNumber"), 16)
while not ask("eth_getBlockByNumber", hex(number), False)["transactions"]: number -= 1
print(newest - number + 1)
END
}
check 'the last claim is in a block' until_true 60 in_block
rpc evm_setIntervalMining '[0]' >/dev/null # however slow this machine is, it gets no deeper
claim=$(newest_claim)
check "it is not deep: $claim blocks" test "$claim" -lt 6
rpc anvil_reorg "[$claim, []]" >reorg
check "the blocks that had it are gone: $(cat reorg), $(wei "$tasks")" test "$(wei "$tasks")" != 0
rpc evm_setIntervalMining '[1]' >/dev/null
check 'it is in a block again' until_true 60 in_block
check "and deep: $(tail -n 1 executor.log)" until_true 60 sent 2
check "45 steps: $before -> $(wei $payee)" earned 45

# --- an executor that is killed before it claims: paid after its restart; gas is dear meanwhile
config paid.yaml paid.key 'batch: 1000000'
kill -KILL "$executor"
wait "$executor" 2>/dev/null
: >executor.log
executor
check 'it is there again' until_true 40 grep -q offered executor.log
"$ASSAY" task run text --out e --code "$code" --price 1000000 --steps 600 --deadline 110 --evm evm.yaml --timeout 15000 \
    --socket net/node-1/admin.sock >gone 2>&1 &
requestor=$!
started="$started $requestor"
check "steps are made: $(cat gone)" until_true 60 test -e e/step-00010.output
kill -KILL "$executor"
wait $requestor
check "the requestor says so: $(cat gone)" grep -q 'gives no further step' gone
results=$(ls e/step-*.output | wc -l)
: >executor.log
rpc anvil_setNextBlockBaseFeePerGas '["0x45d964b800"]' >/dev/null
executor
check 'it knows what it is owed' until_true 40 grep -q 'chain: 1 tasks not paid' executor.log
sleep 3
check 'it pays no such price' sh -c '! grep -q "[1-9] claims sent" executor.log'
check "what was vouched is claimed after its restart: $(tail -n 1 executor.log)" until_true 60 claimed
steps=$((45 + results))
one_more() { earned $steps || earned $((steps + 1)); }
check "$results steps, or one more: $before -> $(wei $payee)" one_more

# --- after the deadline the rest goes back
until_true 130 sh -c "[ \$(date +%s) -ge $(($(stat -c %Y e/task.id) + 112)) ]"
expect 8 'what was not paid is back' run --out e --timeout 60000
check 'the contract has nothing left' test "$(wei "$tasks")" = 0
expect 8 'the deadline is over' run --out e --timeout 60000
finish

#!/bin/sh
# Attested tasks from the command line, over daemons and executors of their own (docs/services.md 6.12): who is
# chosen, who is paid, what is refused, and what goes on after somebody was killed.
. "$(dirname "$0")/../lib.sh"
cd "$WORK" || exit 2

expect 0 'services:' "$ASSAY" setup local --dir net --services --port 0 --epoch-ms 2000
for n in 1 2 3 4; do
    "$ASSAYD" --config net/node-$n/assayd.yaml 2>>net/node-$n/log </dev/null &
    started="$started $!"
done
node() { # node NUMBER WORDS...
    number=$1
    shift
    "$ASSAY" "$@" --socket net/node-$number/admin.sock
}
check 'blocks become final' until_true 40 sh -c "'$ASSAY' status --socket net/node-1/admin.sock | grep -q '4 full'"

# --- executors: node-2 dear, node-3 cheap, node-4 offers a program that its enclave is not
code=$(sha256sum "$BIN/assay-enclave" | cut -d' ' -f1 | /usr/bin/python3 -c \
    'import hashlib, sys; print(hashlib.sha256(bytes.fromhex(sys.stdin.read())).hexdigest())')
other=$(printf '5%.0s' $(seq 64))
"$TOOLS/free_port" 4 >ports
executor() { # executor NUMBER CODE PRICE
    [ -e net/node-$1/pay.key ] || "$ASSAY" account create --out net/node-$1/pay.key >/dev/null
    [ -e net/node-$1/vault.key ] || head -c 32 /dev/urandom >net/node-$1/vault.key
    chmod 600 net/node-$1/vault.key
    account=$("$ASSAY" account show net/node-$1/pay.key --socket net/node-$1/admin.sock --json |
        sed -n 's/^ *"account": "\(.*\)",/\1/p')
    printf 'service_version: 1\ndaemon: admin.svcs\nlisten: 127.0.0.1:%s\nstore: executor.store\nkey: vault.key\n' \
        "$(sed -n "${1}p" ports)" >net/node-$1/executor.yaml
    printf 'code: "%s"\nprice: %s\naccount: "%s"\n' "$2" "$3" "$account" >>net/node-$1/executor.yaml
    "$BIN/assay-executor" --config net/node-$1/executor.yaml 2>>net/node-$1/executor.log </dev/null &
    started="$started $!"
    eval "executor_$1=$!"
}
executor 2 "$code" 9
executor 3 "$code" 4
executor 4 "$other" 1
offers() { [ "$(node 1 task offers | grep -c ' a step')" = 3 ]; }
check 'three offer' until_true 40 offers
balance() { node 1 account show "$1" --json | sed -n 's/.*"balance": \(.*\),/\1/p'; }
has() { [ "$(balance "$1")" = "$2" ]; }
steps_paid() { # steps_paid DIR: of its task, as the ledger says
    node 1 task status "$(cat "$1/task.id")" | sed -n 's/.* \([0-9]*\) of [0-9]* steps paid.*/\1/p'
}
all_paid() { # all_paid DIR...: every step of each task is
    for of in "$@"; do
        node 1 task status "$(cat "$of/task.id")" | grep -q 'state        paid' || return 1
    done
}

# --- what is wrong is said before anything is signed
yes 'one two three ' | head -c 5000 >text
run() { node 1 task run "$@"; }
expect 2 'FILE, the input, is missing' run --key net/account.key --out a --code "$code" --price 20 --steps 5
expect 2 '--steps is missing' run text --key net/account.key --out a --code "$code" --price 20
expect 2 '--code wants 64' run text --key net/account.key --out a --code 12 --price 20 --steps 5
expect 2 '1 to 65535' run text --key net/account.key --out a --code "$code" --price 20 --steps 65536
expect 2 '--hold: expected' run text --key net/account.key --out a --code "$code" --price 20 --steps 5 --hold 0
expect 2 '--standing' run text --key net/account.key --out a --code "$code" --price 20 --steps 5 --standing good
expect 2 '24576 bytes at most' run "$BIN/assay" --key net/account.key --out a --code "$code" --price 20 --steps 5
expect 5 'account create makes keys' run text --key no.key --out a --code "$code" --price 20 --steps 5
expect 5 'no executor has the name "node-1"' run text --key net/account.key --out a --code "$code" --price 20 --steps 5 \
    --executor node-1
expect 5 'no executor runs that code for 3' run text --key net/account.key --out a --code "$code" --price 3 --steps 5
expect 5 'node-2 is not one that runs that code for 8' run text --key net/account.key --out a --code "$code" \
    --price 8 --steps 5 --executor node-2
"$ASSAY" account create --out poor.key >/dev/null
expect 5 'never been paid' run text --key poor.key --out b --code "$code" --price 20 --steps 5
expect 0 'final' node 1 account transfer --key net/account.key --to poor.key --amount 19
expect 4 'the balance is lower than the cost of 5 steps' run text --key poor.key --out b --code "$code" --price 20 --steps 5
check 'nothing was opened' sh -c "'$ASSAY' task status --socket net/node-1/admin.sock | grep -q 'none is remembered'"
mkdir -m 777 open
expect 2 'open' run text --key net/account.key --out open --code "$code" --price 20 --steps 5

# --- the cheaper of two equals; results are those of the program, and paid when their epoch has closed
before=$(balance net/account.key)
expect 0 'node-3, at 4 a step and 1 an epoch' run text --key net/account.key --out a --code "$code" --price 20 --steps 5
case $out in *'results        5 of 5, in a'*) ;; *) wrong "it says nothing of its results: $out" ;; esac
check 'words are counted' test "$(sed -n 3p a/step-00005.output) $(sed -n 5p a/step-00005.output)" = '3 667 5 333'
check 'a state of each step' test "$(ls a/step-*.state | wc -l)" = 5
check 'results are for their owner alone' test "$(stat -c %a a/step-00005.output) $(stat -c %a a)" = '600 700'
check 'its name is kept' test "$(cat a/task.id)" = "$(printf '%s\n' "$out" | sed -n 's/^task  *//p')"
check 'the executor is paid' until_true 40 all_paid a
rent=$(($(balance net/node-3/pay.key) - 20))
check "and rent of the epochs that it took: $rent" test "$rent" -ge 1 -a "$rent" -le 20
check 'by the requestor' has net/account.key $((before - 20 - rent))
expect 0 'state        paid, 5 of 5 steps' node 2 task status "$(cat a/task.id)"
expect 0 'results        5 of 5' run --key net/account.key --out a
rm a/step-00002.output
made 'task run' a task executor code price hold steps results -- "$ASSAY" task run --key net/account.key --out a \
    --socket net/node-2/admin.sock
check 'a file that was lost is there again' test -s a/step-00002.output
check 'it is paid once' has net/account.key $((before - 20 - rent))
expect 6 'a task with another input' run net/account.key --key net/account.key --out a
expect 6 'a task with other --steps' run text --key net/account.key --out a --steps 6
expect 6 'a task with another --executor' run text --key net/account.key --out a --executor node-2
expect 6 'of another account' run text --key poor.key --out a

# --- one by its name, from stdin, seen on a terminal
/usr/bin/python3 - "$ASSAY" "$code" >terminal 2>&1 <<'END'
import os, pty, sys
with open("go.sh", "w") as f:
    f.write('exec "%s" task run - --key net/account.key --out t --code %s --price 20 --steps 40 --executor node-2 '
            '--socket net/node-1/admin.sock <text\n' % (sys.argv[1], sys.argv[2]))
sys.exit(os.waitstatus_to_exitcode(pty.spawn(["/bin/sh", "go.sh"])))
END
check "it ends well: $(tr -d '\0' <terminal | tail -c 300)" grep -q '40 of 40' terminal
check 'the dear one' grep -q 'node-2, at 9 a step' terminal
check 'progress, with its rate' grep -q 'steps .* a minute  ETA' terminal

# --- evidence of another program gets no input
expect 11 'evidence of the enclave does not hold' run text --key net/account.key --out r --code "$other" --price 20 --steps 2
check 'and gives no result' sh -c '! ls r/step-* >/dev/null 2>&1'
expect 0 '0 of 2 steps paid' node 1 task status "$(cat r/task.id)"
expect 4 'its executor may still claim' node 1 task close "$(cat r/task.id)" --key net/account.key

# --- a successor begins with the last state of another task, whoever ran that, and pays for what is left
yes 'one two three ' | head -c 8000 >long
expect 0 'results        8 of 8' run long --key net/account.key --out whole --code "$code" --price 20 --steps 8
expect 0 'results        3 of 3' run long --key net/account.key --out first --code "$code" --price 20 --steps 3 \
    --executor node-2
expect 2 'both name an input' run long --after first --key net/account.key --out s --price 20 --steps 5
expect 2 '--steps is missing' run --after first --key net/account.key --out s0 --price 20
expect 5 'nothing has no task' run --after nothing --key net/account.key --out s --price 20 --steps 5
expect 5 'r has no result' run --after r --key net/account.key --out s --price 20 --steps 5
expect 6 'of another account' run --after first --key poor.key --out s --price 20 --steps 5
check 'nothing was made' test ! -e s
made 'task run' s task executor code price hold steps results after after_step -- "$ASSAY" task run --after first \
    --key net/account.key --out s --price 20 --steps 5 --executor node-3 --socket net/node-1/admin.sock
check 'it comes to what one task came to' cmp whole/step-00008.output s/step-00005.output
check 'state and all' cmp whole/step-00008.state s/step-00005.state
expect 0 "after          step 3 of $(cat first/task.id)" run --after first --key net/account.key --out s
expect 6 'another input than the last state of --after' run --after whole --key net/account.key --out s
expect 0 'results        1 of 1' run --after s --key net/account.key --out t1 --price 20 --steps 1
check 'and of a successor there is one' cmp s/step-00005.output t1/step-00001.output
check 'all are paid' until_true 40 all_paid whole first s t1
check 'and nobody else is' test "$(balance net/node-3/pay.key)" -ge $((20 + 32 + 20 + 4))

# --- a requestor that is killed goes on behind its last result
"$ASSAY" task run text --key net/account.key --out k --code "$code" --price 20 --steps 300 --executor node-3 \
    --socket net/node-1/admin.sock >killed 2>&1 &
requestor=$!
started="$started $requestor"
check 'steps are made' until_true 40 test -e k/step-00003.output
kill -KILL $requestor
wait $requestor 2>/dev/null
some=$(ls k/step-*.output | wc -l)
check "it was killed on its way: $some" test "$some" -lt 300
touch -d '2001-01-01' k/step-00001.output
expect 0 'results        300 of 300' run text --key net/account.key --out k --code "$code" --price 20 --steps 300
check 'nothing is made twice' test "$(stat -c %Y k/step-00001.output)" -lt 1000000000
check 'and every step is there' test "$(ls k/step-*.output | wc -l)" = 300
check 'words are counted' grep -q '^3 667$' k/step-00300.output
check 'all are paid' until_true 40 all_paid k
check 'to its executor' test "$(balance net/node-3/pay.key)" -ge $((76 + 1200))

# --- an executor that is killed before it claims is paid after it has come back, and the requestor lacks nothing
"$ASSAY" task run text --key net/account.key --out e --code "$code" --price 20 --steps 400 --executor node-2 \
    --deadline 15 --timeout 4000 --socket net/node-1/admin.sock >gone 2>&1 &
requestor=$!
started="$started $requestor"
check 'steps are made' until_true 40 test -e e/step-00003.output
kill -KILL "$executor_2"
wait $requestor
check "it says that nothing happens: $(cat gone)" grep -q 'gives no further step' gone
results=$(ls e/step-*.output | wc -l)
executor 2 "$code" 9
claimed() {
    steps=$(steps_paid e)
    [ "$steps" -ge "$results" ]
}
check 'what was vouched is paid after its restart' until_true 40 claimed
check "at most one more than the $results results: $steps" test "$steps" -le $((results + 1))
expect 8 'the task ended before its last step' run --key net/account.key --out e --timeout 60000
check 'what was kept stays' test "$(ls e/step-*.output | wc -l)" -ge "$results"

# --- nobody claims, so either side may leave: it is said when, and what is left comes back
some=$(balance net/account.key)
expect 0 'rent         1 an epoch' node 1 task status "$(cat r/task.id)"
may_leave() { node 1 task status "$(cat r/task.id)" | grep -q 'release      now: either side may'; }
check 'it is said when' until_true 40 may_leave
expect 4 'wrong-key' node 1 task release "$(cat r/task.id)" --key poor.key
expect 5 'unknown' node 1 task release "$(printf '0%.0s' $(seq 64))" --key net/account.key
made=$(node 2 task release "$(cat r/task.id)" --key net/account.key --json)
check "one document: $made" sh -c 'printf %s "$1" | grep -q "\"kind\": \"task-release\""' sh "$made"
expect 0 'one side has: it ends in' node 1 task status "$(cat r/task.id)"
left() { node 1 task status "$(cat r/task.id)" | grep -q 'state        closed'; }
check 'it ends' until_true 40 left
check 'what was locked is back' test "$(balance net/account.key)" -gt "$some"
expect 6 'gone' node 1 task release "$(cat r/task.id)" --key net/account.key
expect 0 "$steps of 400 steps paid" node 3 task status "$(cat e/task.id)"
expect 0 '1000000 in all' node 1 services status
finish

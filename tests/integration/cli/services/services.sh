#!/bin/sh
# Services of a network that `assay setup local --services` made: what is asked of them, money that moves
# or does not and is still there after crashes, replicas and holders that run, a secret that is kept.
. "$(dirname "$0")/../lib.sh"
cd "$WORK" || exit 2

# --- without services nothing is shown, and nothing can be handed in
expect 0 '2 nodes' "$ASSAY" setup local --dir bare --nodes 2 --operators 1 --port 0 --epoch-ms 500
check 'a plan without --services has none' sh -c '! grep -q services bare/plan.yaml'
expect 0 'account: ' "$ASSAY" account create --out bare.key
for n in 1 2; do
    "$ASSAYD" --config bare/node-$n/assayd.yaml 2>bare/node-$n/log </dev/null &
    started="$started $!"
    bare_pids="${bare_pids:-} $!"
done
bare() { "$ASSAY" "$@" --socket bare/node-1/admin.sock; }
check 'the bare network runs' until_true 20 bare status
expect 0 'this network has no services' bare services status
expect 5 'no groups' bare continuity status
expect 5 'no shares' bare share status
expect 5 'no tasks' bare task offers
expect 5 'no tasks' bare task status
expect 5 'no accounts' bare account show bare.key
expect 5 'no services, or listen.services is off' bare account transfer --key bare.key \
    --to "$(printf '1%.0s' $(seq 64))" --amount 1
# shellcheck disable=SC2086
kill $bare_pids

# --- a network with services
expect 0 'services: group state of 3 replicas, shares of 4 slots of which 2 make a secret' \
    "$ASSAY" setup local --dir net --services --port 0 --epoch-ms 2000
case $out in *"money: 1000000, of net/account.key"*) ;; *) wrong "setup says nothing of money: $out" ;; esac
made 'setup local' "$WORK/small" genesis services -- "$ASSAY" setup local --dir small --nodes 2 --operators 1 \
    --port 0 --services
check 'two nodes have money, and no group' sh -c 'grep -q balances small/plan.yaml && ! grep -q groups small/plan.yaml'
check 'nor programs for one' sh -c 'test -f small/node-1/executor.yaml && ! test -e small/node-1/holder.yaml'
begin() { # begin NUMBER
    "$ASSAYD" --config net/node-$1/assayd.yaml 2>>net/node-$1/log </dev/null &
    started="$started $!"
    eval "pid_$1=$!"
}
node() { # node NUMBER WORDS...
    number=$1
    shift
    "$ASSAY" "$@" --socket net/node-$number/admin.sock
}
for n in 1 2 3 4; do begin $n; done
check 'blocks become final' until_true 30 sh -c "'$ASSAY' status --socket net/node-1/admin.sock | grep -q '4 full'"
expect 0 'group          state: forming' node 1 services status
expect 0 '1000000 in all, 0 locked' node 1 services status
expect 0 'too few holders stand' node 1 share status
expect 5 'no group is called "nothing"' node 1 continuity status --group nothing
expect 0 'state: forming' node 1 continuity status --group state
expect 0 'state: forming' node 1 continuity status --group 0
expect 0 'offers         none' node 1 task offers
expect 0 'none is remembered' node 1 task status
expect 2 '64 hexadecimal digits' node 1 task status 12
expect 5 'no such task' node 1 task status "$(printf '0%.0s' $(seq 64))"
expect 5 'no secret has that id' node 1 share status --id "$(printf '0%.0s' $(seq 64))"

# --- money
made 'account create' you.key account public_key -- "$ASSAY" account create --out you.key
you=$("$ASSAY" account create --out they.key --json | sed -n 's/.*"account": "\(.*\)".*/\1/p')
check 'an account has 64 digits' test ${#you} -eq 64
check 'a key is for its owner alone' test "$(stat -c %a they.key)" = 600
expect 6 'never overwritten' "$ASSAY" account create --out you.key
expect 0 'which was never paid' node 1 account show you.key
expect 0 'final          250 paid, record 0' node 1 account transfer --key net/account.key --to you.key --amount 250
expect 0 'balance 999700' node 2 account transfer --key net/account.key --to "$you" --amount 50
expect 0 'balance        250' node 3 account show you.key
expect 0 'next record    number 2' node 4 account show net/account.key
# What cannot be is said before anything is signed.
expect 4 'nothing was signed' node 1 account transfer --key you.key --to "$you" --amount 251
expect 2 'is no account' node 1 account transfer --key you.key --to nobody --amount 1
expect 2 'expected a number from 1, found "0"' node 1 account transfer --key you.key --to "$you" --amount 0
expect 2 'expected a number from 1' node 1 account transfer --key you.key --to "$you" --amount 18446744073709551616
expect 5 'account create makes keys' node 1 account transfer --key no.key --to "$you" --amount 1
# What is signed all the same is final, and the ledger says why it means nothing. The first number of an account is
# that of the epoch in which it was first paid.
first=$(node 1 account show you.key --json | sed -n 's/^ *"sequence": *\([0-9]*\).*/\1/p')
check "an account does not begin with a number that was used: $first" test "$first" -gt 1000000
expect 6 'without effect (sequence)' node 1 account transfer --key net/account.key --to "$you" --amount 1 --sequence 0
expect 6 'without effect (sequence)' node 1 account transfer --key net/account.key --to "$you" --amount 1 --sequence 9
expect 4 'without effect (low balance)' node 1 account transfer --key you.key --to "$you" --amount 251 --sequence "$first"
expect 5 'without effect (no-account)' node 1 account transfer --key bare.key --to "$you" --amount 1 --sequence 0
expect 5 'without effect (unknown)' node 1 task close "$(printf '0%.0s' $(seq 64))" --key you.key
# The number of what was refused, used otherwise, takes it back.
expect 0 'balance 249' node 1 account transfer --key you.key --to "$you" --amount 1 --sequence "$first"
node 1 account transfer --key you.key --to net/account.key --amount 9 --json >handed
check 'a document says what became of it' /usr/bin/python3 - "$first" <<'END'
import json, sys
d = json.load(open("handed"))
assert d["schema"] == "assay.handed" and d["data"]["result"] == "applied", d
assert (d["data"]["amount"], d["data"]["sequence"], d["data"]["balance"]) == (9, int(sys.argv[1]) + 1, 240), d
END
expect 0 'transfer     4 applied, 4 without effect' node 2 services status
# In time or not: no block takes it while two of four are away.
balance() { # balance NUMBER ACCOUNT: what a node says that an account has
    node "$1" account show "$2" --json | sed -n 's/.*"balance": \(.*\),/\1/p'
}
has() { [ "$(balance "$1" "$2" 2>/dev/null)" = "$3" ]; }
kill "$pid_3" "$pid_4"
check 'two nodes ended' until_true 20 ended "$pid_3" "$pid_4"
expect 7 'it may still become so' node 1 account transfer --key you.key --to "$you" --amount 40 --timeout 2500
check 'nothing moved' has 1 you.key 240

# --- a crash keeps balances; what was handed in before it is not lost with the others
begin 3
begin 4
check 'what was handed in becomes final' until_true 40 has 1 you.key 200
kill -KILL "$pid_2"
wait "$pid_2" 2>/dev/null
begin 2
check 'a daemon that was killed has all balances again' until_true 40 has 2 you.key 200
check 'and those of others' has 2 "$you" 91
check 'and so has who saw it' has 1 "$you" 91
expect 0 'balance 195' node 2 account transfer --key you.key --to "$you" --amount 5

# --- whoever waits for a record outlives the daemon that it handed it to, and money moves once
kill "$pid_3" "$pid_4"
check 'two nodes ended again' until_true 20 ended "$pid_3" "$pid_4"
node 1 account transfer --key you.key --to "$you" --amount 5 --timeout 120000 >waited 2>&1 &
waits=$!
check 'a program follows' until_true 20 sh -c "'$ASSAY' services status --socket net/node-1/admin.sock | grep -q '1 follow'"
sleep 1
kill -KILL "$pid_1"
wait "$pid_1" 2>/dev/null
begin 1
begin 3
begin 4
wait "$waits"
waited=$?
check "its status is 0, or 8 when it became final unseen: $waited: $(cat waited)" \
    sh -c "[ $waited = 0 ] || [ $waited = 8 ]"
check 'it was paid' until_true 40 has 1 you.key 190
check 'once' sh -c "sleep 5; '$ASSAY' account show you.key --socket net/node-1/admin.sock | grep -q 'balance        190'"

# --- replicas and holders
for n in 1 2 3 4; do
    for program in replica holder executor; do
        expect 0 '' "$BIN/assay-$program" --config net/node-$n/$program.yaml --check-config
    done
    check 'who else has an account cannot read their key' test "$(stat -c %a net/node-$n/programs.key)" = 600
    for program in replica holder; do
        "$BIN/assay-$program" --config net/node-$n/$program.yaml 2>net/node-$n/$program.log </dev/null &
        started="$started $!"
        eval "${program}_$n=$!"
    done
done
says() { node "$1" "$2" status | grep -q "$3"; }
check 'a group serves' until_true 40 says 1 continuity 'state: serving, view 0'
# --- what the ledger has of one instance, for who was not there: nobody has asked for a session here
nobody=$(printf '5%.0s' $(seq 64))
until_true 20 node 1 checkpoint --out begun
expect 5 'row            none' node 1 continuity show "$nobody" --group state --checkpoint net/genesis --out none.evidence
expect 5 'trusted        by the head that the node sent' node 2 continuity show "$nobody" --group 0
expect 5 'trusted        from the checkpoint' "$ASSAY" continuity verify none.evidence --checkpoint net/genesis
expect 5 '"has_row": false' "$ASSAY" continuity verify none.evidence --checkpoint net/genesis --instance "$nobody" --json
expect 4 'about another instance' "$ASSAY" continuity verify none.evidence --checkpoint net/genesis \
    --instance "$(printf '6%.0s' $(seq 64))"
expect 4 'another chain' "$ASSAY" continuity verify none.evidence --checkpoint bare/genesis
expect 14 'its age is unknown' "$ASSAY" continuity verify none.evidence --checkpoint net/genesis --no-clock
expect 4 'older than is accepted' "$ASSAY" continuity verify none.evidence --checkpoint net/genesis --max-age 1s \
    --at "$(date -u -d '+1 hour' +%Y-%m-%dT%H:%M:%SZ)"
head -c 200 none.evidence >cut.evidence
expect 13 'no evidence of an instance' "$ASSAY" continuity verify cut.evidence --checkpoint net/genesis
expect 5 'no such file' "$ASSAY" continuity verify missing --checkpoint net/genesis
expect 2 '64 hexadecimal digits' node 1 continuity show 12
expect 5 'no group has that name' node 1 continuity show "$nobody" --group nothing
check 'holders sit' until_true 40 says 2 share 'cluster        0: seated'
check 'each has everything' until_true 40 sh -c \
    "[ \$('$ASSAY' share status --socket net/node-1/admin.sock | grep -c 'has everything') = 4 ]"
expect 0 'programs       2 connected, 2 follow' node 1 services status
expect 0 '4 holders listed, 0 convicted' node 1 share status
expect 1 'another process holds it: does this program run already?' "$BIN/assay-holder" --config net/node-1/holder.yaml

# --- a secret
echo 'what nobody else may know' >secret
# Holders have four epochs to confirm: what they are too slow for is forgotten, and may be put again.
put() {
    node 1 share put secret --key net/account.key --name first --reader you.key --out sealed >id 2>&1
    id=$(sed -n 's/^id: //p' id)
    [ ${#id} -eq 64 ]
}
put || put || put
check "a secret is kept: $(cat id)" test ${#id} -eq 64
check 'what is sealed does not show it' sh -c '! grep -q "nobody else" sealed'
expect 0 'state          synced' node 3 share status --id "$id"
expect 0 '1 synced, 0 wait' node 4 share status
expect 6 '--name first: this account already stores a secret of that name: expected another name' \
    node 1 share put secret --key net/account.key --name first --reader you.key --out again
expect 4 'none of the readers' node 2 share read "$id" --key net/account.key --sealed sealed --out stolen
check 'nobody else has it' test ! -e stolen
head -c "$(stat -c %s sealed)" /dev/zero >other
expect 13 '' node 2 share read "$id" --key you.key --sealed other --out stolen
expect 2 'outside its range' node 2 share read "$id" --key you.key --sealed secret --out stolen
expect 5 '' node 2 share read "$(printf '0%.0s' $(seq 64))" --key you.key --sealed sealed --out stolen
made 'share read' opened -- "$ASSAY" share read "$id" --key you.key --sealed sealed --out opened \
    --socket net/node-3/admin.sock
check 'its reader has it' cmp secret opened
check 'for its owner alone' test "$(stat -c %a opened)" = 600
# Three of four holders hang: the reader says whose they are, and has the secret once they go on.
kill -STOP "$holder_1" "$holder_2" "$holder_4"
expect 7 'no answer from the holders of slot' node 3 share read "$id" --key you.key \
    --sealed sealed --out again --timeout 4000
kill -CONT "$holder_1" "$holder_2" "$holder_4"
expect 0 '' node 3 share read "$id" --key you.key --sealed sealed --out again
# Who advances an anchor is told closed epochs, and has no other business.
anchor_is_told() { # REQUEST PATTERN
    printf '%s\n' "$1" | /usr/bin/python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect("net/node-1/admin.svcs/anchor/ask")
s.sendall(sys.stdin.buffer.read())
print(s.makefile().readline())' | grep -q "$2"
}
check 'the socket of anchors tells closed epochs' anchor_is_told anchor '"anchor"'
for request in status 'hold by an anchor' anchors 'submit 00'; do
    check "and takes no \"$request\"" anchor_is_told "$request" '"unknown_request"'
done
# --- its owner names other readers, and deletes it
expect 5 '' node 1 share readers --key you.key --name first --reader you.key
expect 0 "$id" node 1 share readers --key net/account.key --name first --reader net/account.key
expect 4 'none of the readers' node 2 share read "$id" --key you.key --sealed sealed --out stolen
expect 0 '' node 2 share read "$id" --key net/account.key --sealed sealed --out again
check 'its new reader has it' cmp secret again
made 'share delete' - -- "$ASSAY" share delete --key net/account.key --name first --socket net/node-1/admin.sock
expect 5 '' node 2 share status --id "$id"
expect 0 '0 synced, 0 wait' node 1 share status
expect 0 '1 deleted' node 1 share status
expect 5 '' node 1 share delete --key net/account.key --name first
# A program that is connected and follows nothing is seen.
/usr/bin/python3 -c 'import socket, time
s = socket.socket(socket.AF_UNIX)
s.connect("net/node-1/admin.svcs/requestor/ledger")
time.sleep(60)' &
started="$started $!"
check 'a program that follows nothing is told apart' until_true 10 says 1 services '3 connected, 2 follow'

# --- a replica that dies and is not started again: the others report it, and a spare takes its seat (S is 30 s)
seated() { node 3 continuity status | sed -n 's/^  seats *//p' | grep -q "$1"; }
if seated node-1; then dead=1 spare=2; else dead=2 spare=1; fi
eval "kill -9 \$replica_$dead"
check 'the seat of a dead replica moves to a spare' until_true 120 seated "node-$spare"
check 'in a view that serves' until_true 60 says 3 continuity 'state: serving, view 1'

# --- before maintenance of a machine its replica drains; without another candidate it serves on
expect 5 'no group has that name' node $spare continuity drain --group nothing
expect 5 'no replica of this group follows this daemon' node $dead continuity drain
expect 7 'the replica serves on and drains' node $spare continuity drain --wait 2
check 'the state of its seat says so' until_true 20 seated "node-$spare (drains)"
"$BIN/assay-replica" --config net/node-$dead/replica.yaml 2>>net/node-$dead/replica.log </dev/null &
started="$started $!"
expect 0 'none here any more' node $spare continuity drain --wait 240
check 'the seat is at the member whose replica is back' seated "node-$dead"
eval "drained=\$replica_$spare"
check 'the drained replica ends' until_true 20 ended "$drained"

# --- what the stores have holds, services and all
for n in 1 2 3 4; do eval "kill \$pid_$n"; done
check 'the daemons end' until_true 20 ended "$pid_1" "$pid_3" "$pid_4"
check 'node-2 ends' until_true 20 ended "$pid_2"
expect 0 '' "$ASSAY" audit verify net/node-1/state --genesis net/genesis
expect 0 '' "$ASSAY" audit verify net/node-2/state --genesis net/genesis
expect 0 '' "$ASSAY" audit replay net/node-3/state --genesis net/genesis
expect 3 'is assayd running' node 1 account transfer --key you.key --to "$you" --amount 1
finish

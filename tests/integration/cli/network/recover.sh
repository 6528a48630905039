#!/bin/sh
# More than a third is gone for good: seven processes, three killed with their disks, and the four
# that are left go on in a new era, by `assay recover` alone, which adds services as well (docs/protocol.md
# 12.7.5). Later one of the three comes back with nothing but its identity, and one that was away with its
# old disk.
. "$(dirname "$0")/../lib.sh"
operators='alpha beta gamma'
network 7 400 2
sign alpha beta
cd "$WORK" || exit 2
# The key of gamma moves from its file into an agent.
export XDG_STATE_HOME="$WORK/notes"
into_agent gamma
expect 0 "$(cat gamma.pub)" "$ASSAY" keys operator ssh-agent:gamma.pem
rm gamma.key gamma.pem
for i in 1 2 3 4 5 6 7; do start $i; done
check 'epochs close' until_true 60 epoch_at_least 1 4
for i in 1 2 3 4 5 6 7; do check "node $i is there" until_true 30 epoch_at_least $i 4; done
socket=$WORK/node-1/admin.sock
expect 0 'era            0' ask 1 checkpoint --out of-before

# --- wrong uses, before anything is wrong
expect 6 'no fence is in force here' "$ASSAY" recover answer --out early --socket "$socket"
expect 2 'usage' "$ASSAY" recover
expect 2 'usage' "$ASSAY" recover draft --out x --socket "$socket"
expect 2 'usage' "$ASSAY" recover sign fence
expect 2 'the reason has 1 to' "$ASSAY" recover fence --reason '' --out fence --socket "$socket"
for epochs in 0 -1 100001 2x; do
    expect 2 '--epochs: expected 1 to 100000' "$ASSAY" recover fence --reason x --epochs=$epochs --out fence \
        --socket "$socket"
done
expect 0 'fenced     no' "$ASSAY" recover status --socket "$socket"
expect 3 "assay: recover status: $WORK/none: " "$ASSAY" recover status --socket "$WORK/none"

# --- the feature level from which services can be added
spoken() { [ "$(ask 1 nodes --json | grep -o '"level": *7' | wc -l)" = 7 ]; }
check 'ballots announce the level' until_true 30 spoken
expect 0 'level: 0 -> 1' ask 1 change draft --out level --parameter level=1 --activation +20
for o in alpha beta; do expect 0 'in all' "$ASSAY" change sign level --key $o.key; done
expect 0 'offered in every epoch' ask 1 change submit level
me=$("$ASSAY" account create --out me.key --json | sed -n 's/.*"account": "\(.*\)".*/\1/p')
printf 'services:\n  groups: [{ name: state, size: 3 }]\n  tasks: { balances: [{ account: "%s", amount: 1000 }] }\n' \
    "$me" >more.yaml
in_force() {
    ask 1 change draft --out probe --services more.yaml --activation +20 >probed 2>&1 && ! grep -q 'waits until' probed
}
check "the level is in force: $(cat probed 2>/dev/null)" until_true 40 in_force
expect 0 'this network has no services' ask 1 services status

# --- three of seven die; two of their disks are gone with them
for i in 5 6 7; do
    eval "kill -KILL \$pid_$i; wait \$pid_$i 2>/dev/null"
done
rm -rf node-5/state node-6/state
still() { grep -q true <<END
$(field 1 status stale)
END
}
check 'four of seven stand still' until_true 30 still
advised() { ask 1 status | grep -q 'assay recover'; }
check 'status says what can be done' until_true 30 advised
before=$(field 1 status epoch)

# --- the fence
expect 0 'ends era 0' "$ASSAY" recover fence --reason 'a fire in the second room' --out fence \
    --socket "$socket"
expect 4 'threshold' "$ASSAY" recover submit fence --socket "$socket"
expect 0 '1 signature in all' "$ASSAY" recover sign fence --key alpha.key
expect 4 'threshold' "$ASSAY" recover submit fence --socket "$socket"
expect 0 '2 signatures in all' "$ASSAY" recover sign fence --key beta.key
cp fence signed
expect 6 'fence bears 2 signatures and is not overwritten' "$ASSAY" recover fence --reason 'another' --out fence \
    --socket "$socket"
check 'a signed fence stays' cmp -s fence signed
expect 0 'a fire in the second room' "$ASSAY" recover show fence
expect 0 'taken      up to epoch' "$ASSAY" recover show fence
expect 6 'no fence is in force' "$ASSAY" recover release --out release --socket "$socket"
expect 0 'sends it to its peers' "$ASSAY" recover submit fence --socket "$socket"
expect 0 'fenced' ask 1 status
fenced() { ask $1 recover status | grep -q 'a fire in the second room'; }
for i in 2 3 4; do check "node $i is told by its peers" until_true 20 fenced $i; done
kill -KILL "$pid_3"
wait "$pid_3" 2>/dev/null
start 3
check 'a fence survives a restart' until_true 20 fenced 3

# --- answers, and a draft
for i in 1 2 3 4; do
    expect 0 '; it voted to finalise' ask $i recover answer --out answer-$i
done
expect 0 'answer' "$ASSAY" recover show answer-2
expect 0 'votes      it voted to finalise' "$ASSAY" recover show answer-2
expect 4 'more than a third is needed' "$ASSAY" recover draft --out r answer-1 answer-2 \
    --socket "$socket"
expect 6 'answered already' "$ASSAY" recover draft --out r answer-1 answer-1 --socket "$socket"
cp answer-1 forged
printf 'x' | dd of=forged bs=1 seek=60 conv=notrunc 2>/dev/null
expect 13 'forged' "$ASSAY" recover draft --out r forged --socket "$socket"
# Of the living one has the highest head: that one is asked.
best=1
for i in 2 3 4; do
    [ "$(field $i status height)" -gt "$(field $best status height)" ] && best=$i
done
drafted() {
    "$ASSAY" recover draft --out recover-1 --forced answer-1 answer-2 answer-3 answer-4 --drain node-5 \
        --drain node-6 --drain node-7 --services more.yaml --socket "$WORK/node-$best/admin.sock" >drafted 2>&1
    code=$?
    [ $code -eq 0 ] || [ $code -eq 10 ]
}
expect 10 'this is a forced RECOVER' "$ASSAY" recover draft --out r answer-1 answer-2 answer-3 answer-4 \
    --drain node-5 --socket "$WORK/node-$best/admin.sock"
check "a draft is written: $(cat drafted 2>/dev/null)" drafted
check 'it says who is silent' grep -q 'silent     node-7' drafted
check 'and what may be undone' grep -q '^undone ' drafted
check 'and what it does' grep -q '^action         drain node-5 (' drafted
check 'and who goes on' grep -q '4 voters of weight' drafted
expect 4 '0 of 3 signatures: not signed' "$ASSAY" recover submit recover-1 --socket "$WORK/node-$best/admin.sock"
expect 0 'in all' "$ASSAY" recover sign recover-1 --key alpha.key
expect 4 '1 of 3 signatures: not signed' "$ASSAY" recover submit recover-1 --socket "$WORK/node-$best/admin.sock"
expect 0 'in all' "$ASSAY" recover sign recover-1 --key beta.key
# The threshold is two; a RECOVER needs more than two thirds of three operators (protocol.md 9.15.1).
expect 4 '2 of 3 signatures: not signed' "$ASSAY" recover submit recover-1 --socket "$WORK/node-$best/admin.sock"
expect 0 'in all' "$ASSAY" recover sign recover-1 --key ssh-agent:gamma.pem
# The same operator signs no other RECOVER of this era.
"$ASSAY" recover draft --out recover-2 --forced answer-1 answer-2 answer-3 answer-4 --drain node-5 \
    --socket "$WORK/node-$best/admin.sock" >/dev/null
expect 6 'has signed another RECOVER' "$ASSAY" recover sign recover-2 --key alpha.key
expect 6 'has signed another RECOVER' "$ASSAY" recover sign recover-2 --key ssh-agent:gamma.pem
check 'the note about the key of an agent is in the state folder' ls notes/assay/operator-*.recover-*-*
expect 0 'in all' "$ASSAY" recover sign recover-1 --key alpha.key
expect 0 'forced' "$ASSAY" recover show recover-1 --socket "$WORK/node-$best/admin.sock"
expect 0 'it would be taken' "$ASSAY" recover show recover-1 \
    --socket "$WORK/node-$best/admin.sock"
expect 0 'drain node-5' "$ASSAY" recover show recover-1 --socket "$WORK/node-$best/admin.sock"
expect 0 'new: group state (number 0), 3 replicas' "$ASSAY" recover show recover-1 \
    --socket "$WORK/node-$best/admin.sock"
expect 0 'the new era begins' "$ASSAY" recover submit recover-1 \
    --socket "$WORK/node-$best/admin.sock"

# --- the new era
in_era() { [ "$(field $1 status era)" = "$2" ]; }
for i in 1 2 3 4; do check "node $i is in the new era" until_true 30 in_era $i 1; done
check 'epochs close again' until_true 40 epoch_at_least 1 $((before + 4))
certified() { [ "$(field 1 status certified)" = true ]; }
check 'certified' until_true 20 certified
expect 0 'era 1 begins' ask 1 timeline

# --- a relying party follows: not by a proof, but epoch by epoch, and by voters of before
days() { date -u -d "@$(($(date +%s) + $1 * 86400))" +%Y-%m-%dT%H:%M:%SZ; }
carried() { ask 2 checkpoint --since of-before --out of-now >carried 2>&1; [ $? -eq 15 ]; }
check 'a checkpoint is carried over the RECOVER' until_true 30 carried
check "and says by whom: $(cat carried)" grep -q 'crosses        1 RECOVER; the last began era 1' carried
expect 15 '"recover_confirmed"' ask 2 checkpoint --since genesis --json
expect 4 'trusting period' ask 2 checkpoint --since of-before --at "$(days 15)" --max-age 30d
expect 14 'age is unknown' ask 2 checkpoint --since of-before --no-clock --out unwritten
check 'nothing follows without a clock' test ! -e unwritten
proven() {
    ask 3 checkpoint --since of-before --out of-now >/dev/null 2>&1
    ask 2 proof node-2 --out node-2.proof >/dev/null 2>&1
    "$ASSAY" proof verify node-2.proof --checkpoint of-now >proven 2>&1
    [ $? -eq 0 ] || [ $? -eq 10 ]
}
check 'proofs of the new era are believed from it' until_true 30 proven
expect 4 'of another era' "$ASSAY" proof verify node-2.proof --checkpoint of-before
expect 6 'this RECOVER is in force here already' "$ASSAY" recover submit recover-1 \
    --socket "$socket"
expect 6 'the era that it names is over' "$ASSAY" recover submit fence --socket "$socket"

# --- and its services: money that moves, a group that is formed by replicas and serves
has_money() { ask $1 services status 2>/dev/null | grep -q '1000 in all, 0 locked'; }
for i in 1 2 3 4; do check "node $i has services" until_true 30 has_money $i; done
you=$("$ASSAY" account create --out you.key --json | sed -n 's/.*"account": "\(.*\)".*/\1/p')
expect 0 'final          250 paid, record 4503599627370496' ask 1 account transfer --key me.key --to "$you" --amount 250
"$TOOLS/free_port" 4 >ports
for i in 1 2 3 4; do
    printf 'service_version: 1\ndaemon: admin.svcs\nlisten: 127.0.0.1:%s\ngroup: 0\n' "$(sed -n "${i}p" ports)" \
        >node-$i/replica.yaml
    "$BIN/assay-replica" --config node-$i/replica.yaml 2>node-$i/replica.log </dev/null &
    started="$started $!"
done
serves() { ask 1 continuity status --group state 2>/dev/null | grep -q 'state: serving'; }
check "a group that the RECOVER added serves: $(cat node-1/replica.log)" until_true 60 serves

# --- who was away, who lost everything, and whose operator names the RECOVER in the configuration: what the
# era before has above it is not taken, so the node has nothing to refuse with (protocol.md 9.16.9)
start 7
start 5
# Accepted by the command while it is behind, then killed: the document is in the store (9.16.9).
check 'node 5 answers' until_true 20 ask 5 status
accepts() { ask 5 recover accept recover-1 >accepted-5 2>&1 || ! grep -q 'try again later' accepted-5; }
check 'node 5 was asked to accept' until_true 20 accepts
kept() { ask 5 recover status --json >kept-5 2>&1; grep -q accepted_id kept-5 || in_era 5 1; }
check "node 5 accepts: $(cat accepted-5)" kept
kill -KILL "$pid_5"
wait "$pid_5" 2>/dev/null
"$ASSAY" audit verify node-5/state --genesis genesis >audited-5 2>&1
case $? in 0 | 12 | 15) ;; *) wrong "an audit of its store: $(cat audited-5)" ;; esac
start 5
check 'node 5 keeps what it accepted' until_true 20 kept
sed -i "s|^node:|node:\n  recovers: [$WORK/fence]|" node-6/assayd.yaml
expect 2 'fence' "$BIN/assayd" --check-config --config node-6/assayd.yaml
sed -i "s|recovers: .*|recovers: [$WORK/absent]|" node-6/assayd.yaml
expect 2 'absent' "$BIN/assayd" --check-config --config node-6/assayd.yaml
sed -i "s|recovers: .*|recovers: [$WORK/recover-1]|" node-6/assayd.yaml
start 6
for i in 5 6 7; do check "node $i runs again" until_true 20 ask $i status; done
near() { a=$(field 1 status epoch) b=$(field $1 status epoch); in_era $1 1 && [ $((${b:-0} + 3)) -ge "${a:-999}" ]; }
check 'an old disk passes over the end of the era' until_true 40 near 7
check 'a lost store comes to the new era' until_true 40 near 5
check 'an accepted RECOVER leads to the new era' until_true 40 near 6
check 'the log says that it was accepted' grep -q 'event=recover_accepted' node-6/log
expect 6 'nothing is withdrawn' ask 6 recover withdraw
# Nothing stays of what is refused, at the next start either: the era that it ends is over here.
expect 0 'the new era begins' ask 6 recover accept recover-1
check 'nothing is accepted in this era' sh -c "! grep -q accepted_id" <<END
$(ask 6 recover status --json)
END

for i in 5 6 7; do
    paid() { ask $i account show you.key 2>/dev/null | grep -q 'balance        250'; }
    check "node $i has the services too" until_true 30 paid
done

# --- read again
for i in 1 2 3 4 5 6 7; do eval "kill -TERM \$pid_$i; wait \$pid_$i"; done
expect 15 'crosses        1 RECOVER, by which operators began era 1; answers to the last' \
    "$ASSAY" audit verify node-1/state --genesis genesis
expect 15 '"recovers_crossed": 1' "$ASSAY" audit verify node-1/state --genesis genesis --json
expect 0 'holds ' "$ASSAY" audit verify node-1/state --genesis genesis --checkpoint of-now
expect 15 'answers to the last' "$ASSAY" audit replay node-7/state --genesis genesis
expect 0 'operators began another era' "$ASSAY" forensics node-1/state node-2/state --genesis genesis
expect 12 'answers not weighed' "$ASSAY" audit replay node-7/state --genesis genesis --no-signatures
finish

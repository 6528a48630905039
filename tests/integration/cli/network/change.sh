#!/bin/sh
# Operators change a running network of five daemons, by `assay change` alone, and see what became
# of it by `assay status`: rest, wake, a policy, one that reverts itself, maintenance, join, leave.
. "$(dirname "$0")/../lib.sh"
network 5 1000 2
sign alpha beta
cd "$WORK" || exit 2
# Somebody who is no member yet: a warning, and the address waits.
printf '  - node: "%064d"\n    address: 127.0.0.1:9\n' 5 >>node-2/assayd.yaml
for i in 1 2 3 4 5; do start $i; done
check 'the first epoch closes' until_true 30 epoch_at_least 1 2
votes() { ask 1 explain node-2 >explained 2>&1 && grep -q '^Votes, epoch' explained; }
check 'its votes are shown' until_true 10 votes
check 'each with its weight' sh -c '! grep -q "weight ?" explained'
for i in 1 2 3 4 5; do
    check "node-$i closes epochs" until_true 30 epoch_at_least $i 3
done
check 'an address of no member is a warning' grep -q 'is no member of this network (yet)' node-2/log
running_nodes='1 2 3 4 5'
socket=$WORK/node-1/admin.sock
change() {
    verb=$1
    shift
    "$ASSAY" change "$verb" "$@" --socket "$socket"
}

# json KEY: its value, the first one in the document on stdin.
json() { sed -n "s/^ *\"$1\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" | head -1; }
# said NUMBER KEY VALUE: what `assay status` of a node says.
said() { [ "$(ask "$1" status --json | json "$2")" = "$3" ]; }
# everywhere KEY VALUE: what it says at every node that runs.
everywhere() {
    for n in $running_nodes; do said "$n" "$1" "$2" || return 1; done
}
# of NAME KEY VALUE: what node-1 says of a member.
of() { [ "$(ask 1 explain "$1" --json | json "$2")" = "$3" ]; }
in_step() {
    want=$(field 1 status state_root)
    everywhere state_root "$want"
}
# carry FILE SEQUENCE: two operators sign, one node takes it, and a block of everybody's has it.
carry() {
    expect 0 '1 signature in all' "$ASSAY" change sign "$1" --key alpha.key
    expect 0 '2 signatures in all' "$ASSAY" change sign "$1" --key beta.key
    expect 0 'offered in every epoch' change submit "$1"
    check "change $2 is in a block" until_true 20 everywhere sequence "$2"
}
goes_on() {
    e=$(field 1 status epoch)
    check "epochs go on after $1" until_true 20 epoch_at_least 1 $((e + 2))
    check "and close certified after $1" until_true 10 everywhere certified true
    check "all have the same state after $1" until_true 20 in_step
}

# --- a draft is held against what is in force, before anybody signs
expect 6 'it is not drained' change draft --out bad --undrain node-5 --activation +7
expect 5 'no member is named node-9' change draft --out bad --drain node-9
expect 6 'is too near' change draft --out bad --drain node-5 --activation +1
expect 6 'rises by one' change draft --out bad --parameter level=2 --activation +7
expect 2 'level=N' change draft --out bad --parameter level=65536
expect 2 'expected FIELD=HEX' change draft --out bad --allow-reference mrenclave=00
expect 2 'maintenance must be the only action' change draft --out bad --maintenance node-1=2 --drain node-5
expect 2 'usage: assay change' change draft --drain node-5
expect 3 'is assayd running' "$ASSAY" change list --socket "$WORK/none"
check 'nothing was written' test ! -e bad

# --- who may decide
expect 0 'action         drain node-5' change draft --out rest --drain node-5 --activation +9
expect 0 'action         drain node-4' change draft --out late --drain node-4 --activation +9
expect 4 '0 of 2 signatures are there' change submit rest
"$ASSAY" keys operator stranger.key >/dev/null
cp rest foreign
expect 6 'not an operator of this network; expected a key of: ' change sign foreign --key stranger.key
expect 6 'alpha (' change sign foreign --key stranger.key
check 'nothing was signed' cmp -s rest foreign
expect 0 'was not checked' env -u ASSAY_SOCKET "$ASSAY" change sign foreign --key stranger.key
case $out in *'1 signature in all, not verified'*) ;; *) wrong "an unverified signature is counted as one: $out" ;; esac
expect 0 'signatures     0 valid of 2 needed' change show foreign
case $out in *': WRONG, not an operator of this network'*) ;; *) wrong "it does not say why: $out" ;; esac
expect 4 'which is not an operator' change submit foreign
expect 0 '1 signature in all' "$ASSAY" change sign rest --key alpha.key
expect 0 'not signed     beta' change show rest
expect 4 '1 of 2 signatures are there' change submit rest
cp rest signed
expect 6 'rest bears 1 signature and is not overwritten' change draft --out rest --drain node-5 --activation +9
check 'what is signed stays' cmp -s rest signed
head -c 40 rest >cut
expect 13 'input ends' change submit cut
expect 0 'suspended      0 members' change simulate rest

# --- rest, wake
carry rest 1
expect 0 'pending    change 1' change list
expect 0 'changes        1 pending' ask 2 status
check 'node-5 rests' until_true 20 of node-5 stage resting
check 'and knows it' until_true 10 said 5 stage resting
check 'it has no weight' of node-5 weight 0
goes_on REST
at=$(ask 1 change list --json | sed -n 's/^ *"activation": \([0-9]*\).*/\1/p' | head -1)
expect 0 "in force   change 1, since epoch $at (" ask 2 change list
case $out in *' UTC), signed by '*) ;; *) wrong "since when: $out" ;; esac
case $out in *'signed by alpha, beta'* | *'signed by beta, alpha'*) ;; *) wrong "who signed: $out" ;; esac
case $out in *'drain node-5'*) ;; *) wrong "what: $out" ;; esac
expect 0 'drained    node-5' change list
expect 0 'stage          drained' ask 5 status
expect 0 's  by the operators since epoch' ask 1 nodes
case $out in *' DRAINED '*) ;; *) wrong "its condition: $out" ;; esac
expect 6 'is taken, the next one is 2' change submit rest
expect 0 'a block has this change already, for epoch ' change sign rest --key alpha.key
expect 0 'number 1 was taken by another change (drain node-5' change sign late --key alpha.key
case $out in *'draft it anew (assay change draft gives it number 2)'*) ;; *) wrong "what to do: $out" ;; esac
"$ASSAY" change simulate late --socket "$socket" >simulated 2>&1
check 'a simulation says so too' grep -q '^note  *number 1 was taken by another change (drain node-5' simulated
expect 0 'undrain node-5' change draft --out wake --undrain node-5 --activation +7
carry wake 2
check 'node-5 is back' until_true 20 of node-5 stage member
regains() { [ "$(ask 1 explain node-5 --json | json availability_bp)" -gt 0 ]; }
check 'and earns its availability again' until_true 20 regains
goes_on WAKE
expect 0 "superseded change 1, since epoch $at (" ask 2 change list
case $out in *"until change 2, signed by "*) ;; *) wrong "until when: $out" ;; esac
case $out in *'in force   change 2, since epoch '*) ;; *) wrong "what is in force: $out" ;; esac

# --- a policy
before=$(field 1 status policy_digest)
measured=$(sha256sum "$BIN/assay-enclave" | cut -d' ' -f1)
other=$(printf '%064d' 1)
expect 0 'looser' change draft --out policy --allow-reference mrenclave=$other --activation +7
expect 0 'reverts": false' change simulate policy --json
carry policy 3
other_policy() { everywhere sequence 3 && ! everywhere policy_digest "$before"; }
check 'it is in force' until_true 20 other_policy
good=$(field 1 status policy_digest)
goes_on POLICY
check 'it stays' test "$(field 1 status policy_digest)" = "$good"
{
    cat policy.yaml
    printf '  - field: mrenclave\n    state: denied\n    value: "%s"\n' "$measured"
} >twice.yaml
expect 2 'the value is denied for the entire time' change draft --out bad --policy twice.yaml
expect 5 'no such reference to retire' change draft --out bad --retire-reference mrenclave=$(printf '%064d' 2)

# --- a bad one: references of a build that nobody runs
sed "s/value: \"[0-9a-f]*\"/value: \"$(printf '%064d' 7)\"/" policy.yaml >bad.yaml
expect 0 'stricter' change draft --out bad --policy bad.yaml --activation +7
expect 11 'the change would revert by itself' change simulate bad
case $out in *'SUSPENDED: '*) ;; *) wrong "nobody would be suspended: $out" ;; esac
carry bad 4
check 'it reverts itself' until_true 30 everywhere end reverted
check 'the policy before is back' everywhere policy_digest "$good"
expect 0 'reverted   change 4, by the close of epoch' change list
expect 0 'reverted   change 4, it was for epoch' change list
expect 0 'in force   change 3, since epoch' change list
case $out in *'it suspended weight'*': node-'*) ;; *) wrong "no suspended member is named: $out" ;; esac
expect 0 'reverted       change 4' ask 3 status
expect 0 'change_ended' ask 2 timeline
goes_on 'the change that reverted'
full() { [ "$(ask 1 nodes | grep -c ' FULL ')" -ge 4 ]; }
check 'it struck nobody' full

# --- maintenance: the node's own operator alone
expect 0 'not signed     alpha' change draft --out service --maintenance node-4=8 \
    --activation +7
cp service wrong
expect 0 '1 signature in all' "$ASSAY" change sign wrong --key beta.key
expect 4 "is another operator's" change submit wrong
expect 0 '1 signature in all' "$ASSAY" change sign service --key alpha.key
expect 0 'offered in every epoch' change submit service
check 'node-4 is in maintenance' until_true 20 of node-4 in_maintenance true
availability=$(ask 1 explain node-4 --json | json availability_bp)
expect 4 'maintenance' ask 4 permit --class critical
kill -TERM "$pid_4"
wait "$pid_4"
running_nodes='1 2 3 5'
away=$(field 1 status epoch)
check 'three epochs close without it' until_true 30 epoch_at_least 1 $((away + 3))
check 'it cost node-4 nothing' test \
    "$(ask 1 explain node-4 --json | json availability_bp)" -ge "$availability"
check 'maintenance ends' until_true 40 of node-4 in_maintenance false
start 4
running_nodes='1 2 3 4 5'
check 'node-4 is back' until_true 30 in_step

# --- a new member: it belongs to the roster before it runs
mkdir node-6
"$ASSAY" keys generate node-6/keys --name node-6 >/dev/null
"$ASSAY" soft node vendor-1 node-6 --out node-6/platform.key >/dev/null
"$ASSAY" soft quote node-6/platform.key --program "$BIN/assay-enclave" \
    --report-data "$(printf '0%.0s' $(seq 128))" --out node-6/sample.quote >/dev/null
sed "s/gossip: .*/gossip: 127.0.0.1:$("$TOOLS/free_port" 1)/" node-1/assayd.yaml >node-6/assayd.yaml
expect 0 'it begins where one joins it' "$ASSAYD" --config node-6/assayd.yaml --check-config
expect 5 'no operator is named gamma' change draft --out join --join node-6/keys/node.yaml \
    --sample node-6/sample.quote --operator gamma --activation +7
expect 0 ': soft, platform ' change draft --out join --join node-6/keys/node.yaml \
    --sample node-6/sample.quote --operator alpha --activation +7
carry join 5
kill -KILL "$pid_3"
wait "$pid_3" 2>/dev/null
running_nodes='1 2 4 5'
check 'the roster grows' until_true 20 everywhere member_count 6
start 3
running_nodes='1 2 3 4 5'
check 'who was away follows over the boundary' until_true 20 everywhere member_count 6
goes_on JOIN

# --- rules of another kind and another threshold, in one change
"$ASSAY" keys operator gamma.key >gamma.pub
for o in alpha beta gamma; do
    echo "$o $(sed -n 's/^public_key: "\(.*\)"$/\1/p' $o.pub)"
done >operators
expect 2 'wants --threshold' change draft --out refused --operators operators
head -1 operators >few
expect 6 'operator is not in the new list' change draft --out refused --operators few --threshold 1 \
    --activation +7
expect 0 'epoch_ms: 1000 -> 1200' change draft --out rules --parameter epoch_ms=1200 \
    --operators operators --threshold 2 --activation +7
expect 2 'it is more than half of them' change draft --out refused --operators operators --threshold 1
expect 0 '2 of 3 must sign' change show rules
case $out in *block_len_max*) wrong "a parameter that does not differ is shown: $out" ;; esac
carry rules 6
check 'epochs are longer' until_true 20 everywhere epoch_ms 1200
goes_on PARAMETERS

# --- and one that leaves; from now on one of the old operators and the new one are enough
expect 0 'leave node-5' change draft --out leave --leave node-5 --activation +7
expect 0 '1 signature in all' "$ASSAY" change sign leave --key beta.key
expect 0 '2 signatures in all' "$ASSAY" change sign leave --key gamma.key
expect 0 'offered in every epoch' change submit leave
check 'change 7 is in a block' until_true 20 everywhere sequence 7
running_nodes='1 2 3 4'
cp node-5/keys/incarnation.key voting-key
check 'node-5 left' until_true 20 of node-5 stage left
ended() { ! running "$pid_5"; }
check 'its daemon ends' until_true 10 ended
wait "$pid_5"
check 'with an exit status of its own' test $? -eq 4
check 'and says what to do' grep -q 'this node left the network' node-5/log
check 'its voting key signs nothing more' sh -c '! cmp -s voting-key node-5/keys/incarnation.key'
# A check writes nothing, where the voting key is back from a copy as well. A start destroys it.
cp voting-key node-5/keys/incarnation.key
"$ASSAYD" --config node-5/assayd.yaml --check-config >checked 2>&1 </dev/null
check 'a check reports that it left' grep -q 'this node left the network' checked
check 'and leaves its key alone' cmp -s voting-key node-5/keys/incarnation.key
"$ASSAYD" --config node-5/assayd.yaml 2>again </dev/null
check 'a start destroys the key' sh -c '! cmp -s voting-key node-5/keys/incarnation.key'
cp node-5/keys/incarnation.key voting-key
"$ASSAYD" --config node-5/assayd.yaml 2>again </dev/null
check 'nor is it a member at the next start' test $? -eq 4
check 'which changes nothing' cmp -s voting-key node-5/keys/incarnation.key
goes_on LEAVE
# Another member may have its name now, so a proof of it is wanted by its id.
gone=$(sed -n 's/^node_id: "\(.*\)"/\1/p' node-5/keys/node.yaml)
expect 0 '' "$ASSAY" checkpoint --out of-left --socket node-1/admin.sock
expect 0 '' "$ASSAY" proof "$gone" --out left --socket node-1/admin.sock
expect 4 'give an id to --node' "$ASSAY" proof verify left --checkpoint of-left --node node-5
"$ASSAY" proof verify left --checkpoint of-left --node "$gone" >of-gone
check 'nobody relies on one that left' test $? -eq 11
check 'and it is said since when' grep -q '^standing  *LEFT since epoch [1-9]' of-gone
"$ASSAY" proof verify left --checkpoint of-left --node "$gone" --json >of-gone.json
check 'as JSON too' grep -q '"standing": "LEFT"' of-gone.json
"$ASSAY" proof verify left --checkpoint of-left --ear ear --ear-key gamma.key >/dev/null
check 'with an EAR as well' test $? -eq 11
"$ASSAY" ear verify ear --key gamma.pub >of-ear 2>&1
check 'which is no affirming result' test $? -eq 11
check 'by its id it is about node-5' grep -q '^name  *node-5$' of-gone

for i in 1 2 3 4; do eval "kill -TERM \$pid_$i"; done
for i in 1 2 3 4; do
    eval "wait \$pid_$i"
    check "node-$i ends with exit status 0" test $? -eq 0
    case $(cat node-$i/log) in
    *Sanitizer* | *'runtime error'* | *'assertion failed'*) wrong "node-$i: $(cat node-$i/log)" ;;
    *node_stopped*) wrong "node-$i stopped: $(grep node_stopped node-$i/log)" ;;
    esac
done

# --- what a stopped node's store says
from_store() {
    verb=$1
    shift
    "$ASSAY" change "$verb" "$@" --store node-1/state/store.sqlite --genesis genesis
}
expect 0 'signatures     2 valid of 2 needed' from_store show leave
case $out in *'a block has this change already, for epoch '*) ;; *) wrong "it is not told: $out" ;; esac
case $out in *'sign it again'*) wrong "it is to be signed again: $out" ;; esac
expect 0 'signatures     2 valid of 2 needed' "$ASSAY" change show leave --store node-1/state --genesis genesis
expect 0 'change         8' from_store draft --out last --drain node-4 --activation +70
expect 0 'pass-up-to-date' from_store simulate last
# --- what was submitted outlives the daemon, alone and without a quorum
start 1
lists() { change list | grep -q "$1"; }
check 'node-1 is there' until_true 20 lists 'newest change'
expect 0 '1 signature in all' "$ASSAY" change sign last --key alpha.key
expect 0 '2 signatures in all' "$ASSAY" change sign last --key gamma.key
expect 0 'offered in every epoch' change submit last
kill -KILL "$pid_1"
wait "$pid_1" 2>/dev/null
start 1
check 'it still has it' until_true 20 lists 'offered    change 8'
kill -TERM "$pid_1"
wait "$pid_1"
expect 5 'none.sqlite: no such file' "$ASSAY" change show last --store none.sqlite --genesis genesis
expect 5 'node-2/keys/store.sqlite: no such file' "$ASSAY" change show last --store node-2/keys --genesis genesis

finish

#!/bin/sh
# Newer collateral in a running network of five daemons, by `assay collateral` and `assay change`
# alone: of the same number, a recovery that waits, one that fells many and reverts itself, one that
# operators force; what is older or reverted is refused; all of it outlives a restart and an audit.
. "$(dirname "$0")/../lib.sh"
network 5 1000 2
cd "$WORK" || exit 2
# Who is out of date falls at once; a recovery waits long enough for operators to sign a change meanwhile.
sed -i 's/^kinds:.*/&\nstatuses: [{ status: OutOfDate, accept: refused }]/' policy.yaml
sed -i 's/^threshold:.*/&\ncollateral_delay: 15/' plan.yaml
rm genesis
"$ASSAY" genesis create plan.yaml --out genesis >/dev/null 2>&1 || exit 2
sign alpha beta
expect 0 'takes effect 15 s after a block contains it' "$ASSAY" genesis show genesis
for i in 1 2 3 4 5; do start $i; done
for i in 1 2 3 4 5; do
    check "node-$i closes epochs" until_true 30 epoch_at_least $i 3
done
running_nodes='1 2 3 4 5'
socket=$WORK/node-1/admin.sock
collateral() {
    verb=$1
    shift
    "$ASSAY" collateral "$verb" "$@" --socket "$socket"
}
json() { sed -n "s/^ *\"$1\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" | head -1; }
said() { [ "$(ask "$1" status --json | json "$2")" = "$3" ]; }
everywhere() {
    for n in $running_nodes; do said "$n" "$1" "$2" || return 1; done
}
in_force() { field 1 status endorsements_digest; }
# another DIGEST: what serves is another set than this, the same at every node.
another() {
    now=$(in_force)
    [ "$now" != "$1" ] && everywhere endorsements_digest "$now"
}
in_step() {
    want=$(field 1 status state_root)
    everywhere state_root "$want"
}
phase() { collateral status --json | grep -q "\"phase\": \"$1\""; }
no_phase() { ! phase "$1"; }
# offer NAME VENDOR OPTIONS...: the vendor publishes anew, in NAME.offer, as what may follow SET.
offer() {
    name=$1 vendor=$2
    shift 2
    "$ASSAY" soft collateral vendor-$vendor --out $name "$@" >/dev/null || return 1
    "$ASSAY" collateral pack $name --in-force set --out $name.offer >/dev/null
}
cp genesis set

# --- what is in force
first=$(in_force)
expect 0 'evaluation number' collateral status
case $out in *': fresh, until '*' expires first), alarm from '*) ;; *) wrong "no life is shown: $out" ;; esac
expect 0 'takes effect 15 s after a block contains it' collateral status
expect 3 'is assayd running' "$ASSAY" collateral status --socket "$WORK/none"

# --- of the same number
sleep 1.1 # dates are in seconds, and must not go back
offer newer 1
check 'it may follow' test -s newer.offer
expect 0 'it ' collateral submit newer.offer
check 'it serves' until_true 20 another "$first"
second=$(in_force)
expect 0 'collateral_active' ask 2 timeline
check 'its trial ends' until_true 20 no_phase trial
check 'it stays' test "$(in_force)" = "$second"
expect 6 'nothing in it is newer' collateral submit newer.offer
head -c 300 newer.offer >cut.offer
expect 4 'input ends' collateral submit cut.offer
expect 5 'nowhere: no such file' collateral submit nowhere
"$ASSAY" collateral apply --in-force set --offer newer.offer --out set.next >/dev/null
mv set.next set
check 'the set is what the tools make of it' test "$(sha256sum set | cut -d' ' -f1)" = "$second"

# --- it outlives a restart
kill -TERM "$pid_3"
wait "$pid_3"
start 3
check 'node-3 is back with it' until_true 30 in_step
check 'and serves it' said 3 endorsements_digest "$second"

# --- a recovery: who falls is named, it waits, fells more than a fifth, and goes back
sleep 1.1
offer recovery 1 --evaluation 900 --raise 2
expect 0 'it ' collateral submit recovery.offer
check 'it waits' until_true 20 phase waiting
expect 11 'a TCB recovery, serves after ' collateral status
for text in 'node-2: suspended' 'node-4: suspended' 'component 1' 'needs 2' '2 members will be suspended'; do
    case $out in *"$text"*) ;; *) wrong "status does not say \"$text\": $out" ;; esac
done
case $out in *'node-1: suspended'*) wrong "node-1 is of another vendor: $out" ;; esac
expect 11 '"would_suspend": 2' collateral status --json
check 'and nothing has changed yet' test "$(in_force)" = "$second"
expect 6 'waits, is on trial or was reverted' collateral submit recovery.offer
check 'and reverts itself' until_true 60 phase reverted
check 'the set before is back' until_true 10 everywhere endorsements_digest "$second"
expect 0 'collateral_reverted' ask 4 timeline
became_active() { [ "$(ask 2 timeline | grep -c collateral_active)" -eq 2 ]; }
check 'it was in force meanwhile' became_active
expect 0 'reverted' ask 3 status
full() { [ "$(ask 1 nodes | grep -c ' FULL ')" -eq 5 ]; }
check 'it struck nobody' until_true 5 full # no member recovers from a strike so soon
expect 6 'waits, is on trial or was reverted' collateral submit recovery.offer

# --- operators cut the delay of another one short
sleep 1.1
offer harmless 2 --evaluation 901
expect 0 'it ' collateral submit harmless.offer # it may have to wait for its first second
check 'it waits' until_true 20 phase waiting
digest=$(collateral status | sed -n 's/^waiting *\([0-9a-f]*\):.*/\1/p')
expect 2 'nothing of that digest' "$ASSAY" change draft --out bad --collateral 0123456789abcdef --socket "$socket"
expect 0 'without a trial' "$ASSAY" change draft --out force --collateral "$digest" --activation +4 --socket "$socket"
expect 0 '1 signature in all' "$ASSAY" change sign force --key alpha.key
expect 0 '2 signatures in all' "$ASSAY" change sign force --key beta.key
expect 0 'offered in every epoch' "$ASSAY" change submit force --socket "$socket"
check 'it serves' until_true 20 another "$second"
check 'and has no trial' no_phase trial
third=$(in_force)
check 'epochs go on' until_true 20 epoch_at_least 1 $(($(field 1 status epoch) + 2))
check 'and all have the same state' until_true 20 in_step
check 'it stays' everywhere endorsements_digest "$third"

# --- the store of one of them holds, every set made anew
kill -TERM "$pid_5"
wait "$pid_5"
expect 0 'holds ' "$ASSAY" audit verify node-5/state --genesis genesis
expect 0 'holds ' "$ASSAY" audit replay node-5/state --genesis genesis
finish

#!/bin/sh
# Operators on three machines decide by proposals on the ledger: propose, approve, withdraw, expiry, overtaken, by
# `assay change` alone (docs/protocol.md 9.19). Each operator uses a node and a folder of its own.
. "$(dirname "$0")/../lib.sh"
operators='alpha beta gamma'
network 4 1000 2
sign alpha beta
cd "$WORK" || exit 2
for i in 1 2 3 4; do start $i; done
for i in 1 2 3 4; do check "node-$i closes epochs" until_true 30 epoch_at_least $i 2; done

# of OPERATOR VERB...: on the machine of that operator, with its key, through its node.
of() {
    case $1 in alpha) n=1 ;; beta) n=2 ;; *) n=3 ;; esac
    who=$1
    shift
    (cd "$WORK/machine-$who" && "$ASSAY" change "$@" --socket "$WORK/node-$n/admin.sock")
}
into_agent gamma # it is in its file, too
for o in alpha beta gamma; do
    mkdir "machine-$o"
    mv "$o.key" "machine-$o/"
done
json() { sed -n "s/^ *\"$1\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" | head -1; }
open() { ask "$1" status --json | json proposals_open; }
# open_everywhere COUNT
open_everywhere() { for n in 1 2 3 4; do [ "$(open $n)" = "$1" ] || return 1; done; }
same_everywhere() {
    want=$(ask 1 change inbox --json | json proposals_digest)
    for n in 2 3 4; do [ "$(ask $n change inbox --json | json proposals_digest)" = "$want" ] || return 1; done
}
sequence_everywhere() { for n in 1 2 3 4; do [ "$(field $n status sequence)" = "$1" ] || return 1; done; }
id_of() { of alpha inbox --json | json id; }
inbox_says() { of "$1" inbox | grep -q -- "$2"; }
told() { ask "$1" timeline | grep -q -- "$2"; }

# --- before feature level 2 there are none
expect 0 'drain node-4' of alpha draft --out early --drain node-4 --activation +200
needs='proposal needs feature level 2, level 0 is in force: raise it by one change each, next: assay change draft --para'
expect 0 "$needs" of alpha inbox
expect 6 "$needs" of alpha propose early --key alpha.key --yes
spoken() { [ "$(ask 1 nodes --json | grep -o '"level": *7' | wc -l)" = 4 ]; }
check 'ballots announce level 7' until_true 30 spoken
for level in 1 2; do
    expect 0 "level: $((level - 1)) -> $level" of alpha draft --out level-$level --parameter level=$level --activation +8
    expect 0 'in all' of alpha sign level-$level --key alpha.key
    cp machine-alpha/level-$level machine-beta/
    expect 0 'in all' of beta sign level-$level --key beta.key
    expect 0 'offered in every epoch' of beta submit level-$level
    in_force() { [ "$(of alpha inbox --json | json level)" = "$level" ]; }
    check "level $level is in force" until_true 60 in_force
done
expect 0 'No proposal is open' of alpha inbox

# --- propose, approve, applied
expect 0 'drain node-4' of alpha draft --out drain --drain node-4 --activation +200
expect 2 'give --yes' of alpha propose drain --key alpha.key
expect 2 'at most 280' of alpha propose drain --key alpha.key --yes --comment "$(printf 'x%.0s' $(seq 281))"
expect 2 'one line of UTF-8' of alpha propose drain --key alpha.key --yes --comment "$(printf 'a\nb')"
"$ASSAY" keys operator machine-gamma/stranger.key >/dev/null
expect 6 'not an operator of this network' of gamma propose ../machine-alpha/drain --key stranger.key --yes
expect 13 'is an identity key of a node, expected an operator key' \
    of alpha propose drain --key ../node-1/keys/identity.key --yes
expect 0 'action         drain node-4' of alpha propose drain --key alpha.key --yes --comment 'node-4 gets a new disk'
case $out in *'approvals      0 of 2 needed, according to this node, before this one'*) ;; *) wrong "approvals: $out" ;; esac
case $out in *'digest         '*) ;; *) wrong "the digest is not shown: $out" ;; esac
check 'every node has it' until_true 20 open_everywhere 1
check 'with the same digest' until_true 10 same_everywhere
id=$(id_of)
expect 0 'node-4 gets a new disk' of beta inbox
case $out in *'needs       1 more approval'*) ;; *) wrong "what is missing: $out" ;; esac
case $out in *'missing     beta, gamma'* | *'missing     gamma, beta'*) ;; *) wrong "who is missing: $out" ;; esac
case $out in *'it fits'*) ;; *) wrong "the result here: $out" ;; esac
expect 0 'a proposal waits for approval of 1 operator' ask 3 status
check 'the timeline has it' told 3 'alpha proposes'
expect 5 'no open proposal has this id' of beta approve "$(printf '%064d' 0)" --key beta.key --yes
expect 6 'not an operator of this network' of gamma approve "$id" --key stranger.key --yes
expect 2 'give --yes' of beta approve "$id" --key beta.key
expect 0 'nothing was signed: it is your own proposal, which counts as your approval already' \
    of alpha approve "$id" --key alpha.key --yes
expect 0 '"counted_already": true' of alpha approve "$id" --key alpha.key --yes --json
expect 0 'needs       1 more approval' of beta inbox
expect 5 'neither proposed nor approved' of beta withdraw "$id" --key beta.key
expect 0 'action         drain node-4' of beta approve "$id" --key beta.key --yes --comment 'go ahead'
case $out in *'suspended      0 members'*) ;; *) wrong "it is not simulated: $out" ;; esac
case $out in *'1 of 2 needed, according to this node, before this one: it suffices'*) ;; *) wrong "approvals: $out" ;; esac
case $out in *'not signed'*) wrong "its author has signed it: $out" ;; esac
check 'a block has the change, though nobody submitted it' until_true 30 sequence_everywhere 3
check 'the proposal ended' until_true 20 open_everywhere 0
expect 0 'recorded' of gamma inbox
expect 0 'pending    change 3' of gamma list
check 'its end has its reason' until_true 10 told 4 'a block has the change'

# --- withdraw
expect 0 'undrain node-4' of gamma draft --out back --undrain node-4 --activation +500
expect 0 'proposed' of gamma propose back --key ssh-agent:gamma.pem --yes
check 'it is open' until_true 20 open_everywhere 1
id=$(id_of)
expect 5 'neither proposed nor approved' of alpha withdraw "$id" --key alpha.key
expect 0 'withdrawn' of gamma withdraw "$id" --key ssh-agent:gamma.pem --comment 'a mistake'
case $out in *'The approval was a signature'*) ;; *) wrong "an author's approval stays a signature: $out" ;; esac
check 'it is open no more' until_true 20 open_everywhere 0
expect 5 'no open proposal has this id' of beta approve "$id" --key beta.key --yes
check 'the end has its reason' until_true 10 told 3 'its author withdrew it'
check 'no change came of it' sequence_everywhere 3

# --- what was withdrawn stays so for some epochs; expiry, in epochs
expect 6 'it counts again from epoch' of gamma propose back --key gamma.key --yes --expires 6
rm machine-gamma/back
expect 0 'undrain node-4' of gamma draft --out back --undrain node-4 --activation +501
expect 0 'proposed' of gamma propose back --key gamma.key --yes --expires 6
check 'it is open again, by a later statement' until_true 20 open_everywhere 1
check 'and expires' until_true 30 open_everywhere 0
expect 0 'expired' of alpha inbox

# --- an operator has two, and no more; one that another change overtakes ends
expect 0 'drain node-3' of alpha draft --out one --drain node-3 --activation +600
expect 0 'drain node-2' of alpha draft --out two --drain node-2 --activation +600
expect 0 'drain node-1' of alpha draft --out three --drain node-1 --activation +600
expect 0 'proposed' of alpha propose one --key alpha.key --yes
check 'the first is open' until_true 20 open_everywhere 1
expect 0 'proposed' of alpha propose two --key alpha.key --yes
check 'both are open' until_true 20 open_everywhere 2
expect 6 'more are not allowed' of alpha propose three --key alpha.key --yes
expect 0 'proposed' of beta propose ../machine-gamma/back --key beta.key --yes
check 'those of one operator are in no way of another' until_true 20 open_everywhere 3
check 'all have the same' until_true 10 same_everywhere
kill "$pid_4" && wait "$pid_4"
start 4
back_again() { [ "$(open 4)" = 3 ] && same_everywhere; }
check 'and after a restart' until_true 40 back_again
cp machine-gamma/back by-file
expect 0 '1 signature in all' "$ASSAY" change sign by-file --key machine-beta/beta.key
expect 0 '2 signatures in all' "$ASSAY" change sign by-file --key machine-gamma/gamma.key
expect 0 'offered in every epoch' of gamma submit ../by-file
check 'a change that was signed as a file takes the number' until_true 30 sequence_everywhere 4
check 'all others ended' until_true 20 open_everywhere 0
expect 0 'overtaken' of alpha inbox
check 'with their reason' told 1 'another change took its number'
check 'and the one that it was with its own' told 1 'a block has the change'

# --- an expiry that the epoch of the change cuts; without a quorum no block takes what is offered
for n in 2 3 4; do eval "kill \$pid_$n && wait \$pid_$n"; done
expect 0 'drain node-3' of alpha draft --out alone --drain node-3 --activation +700
expect 0 'and its proposal ends 2 epochs before that' of alpha propose alone --key alpha.key --yes --expires 1000
case $out in *'note           --expires 1000 would be epoch '*) ;; *) wrong "the cut is not explained: $out" ;; esac
expect 0 'offered, in no block yet: alpha proposes change 5' of alpha inbox
case $out in *'No proposal is open yet.'*) ;; *) wrong "it is open: $out" ;; esac
expect 0 '"proposals_offered"' of alpha inbox --json
finish

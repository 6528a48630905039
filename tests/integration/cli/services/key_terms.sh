#!/bin/sh
# Terms of a group key that a network has from its genesis on (docs/identity.md 3.21.1), by commands alone: daemons run at
# feature level 7, a change gives the key other terms, the names of the key stay, a daemon that was down follows.
. "$(dirname "$0")/../lib.sh"
cd "$WORK" || exit 2
services='  identity:
    trust_domain: mesh.example
    issuer: https://issuer.example'
network 4 500 2
sign alpha beta
for n in 1 2 3 4; do start $n; done
for n in 1 2 3 4; do check "node-$n closes epochs" until_true 60 epoch_at_least $n 3; done
check 'the network has the level of a group key' test "$(field 1 status level)" = 7

terms() { # terms FILE TRUST_DOMAIN REFRESH VALIDITY [INSECURE]: the genesis of profile development has yes
    printf 'plan_version: 1\nservices:\n  identity: { trust_domain: %s, issuer: "https://issuer.example", refresh: %d, validity: %d, insecure: %s }\n' \
        "$2" "$3" "$4" "${5:-yes}" >"$1"
}
draft() { ask 1 change draft --out "$1" --services "$2" --activation +6; }
terms same.yaml mesh.example 1440 900
terms other.yaml elsewhere.example 100 600
terms first.yaml mesh.example 100 600
expect 6 'its trust domain, issuer and insecure stay' draft refused other.yaml
terms hides.yaml mesh.example 100 600 no
expect 6 'its trust domain, issuer and insecure stay' draft refused hides.yaml
expect 6 'adds and changes nothing' draft refused same.yaml
check 'a refused draft is not written' test ! -e refused
expect 0 'changed: identity mesh.example, issuer https://issuer.example, 600 s, 100 epochs a generation' draft first first.yaml
case $out in *'new: '*) wrong "nothing is new: $out" ;; esac
expect 0 '"changed": true' ask 1 change show first --json
for o in alpha beta; do expect 0 'in all' "$ASSAY" change sign first --key $o.key; done
eval "kill -TERM \$pid_4; wait \$pid_4"
expect 0 'offered in every epoch' ask 1 change submit first
in_force() { [ "$(grep -c 'event=change_active' node-$1/log)" -ge 1 ]; }
for n in 1 2 3; do check "node-$n has the change" until_true 40 in_force $n; done
last=$(field 1 status epoch)
check 'epochs go on' until_true 40 epoch_at_least 1 $((last + 3))
start 4
check 'a daemon that was down follows' until_true 60 epoch_at_least 4 $((last + 4))
expect 6 'adds and changes nothing' draft refused first.yaml
terms back.yaml mesh.example 1440 900
expect 0 'changed: identity mesh.example, issuer https://issuer.example, 900 s, 1440 epochs a generation' draft back back.yaml
for n in 1 2 3 4; do
    case $(cat node-$n/log) in
    *event=equivocation_noticed* | *event=offence_proven* | *event=fail_proven* | *event=state_root_mismatch*)
        wrong "node-$n: $(grep -E 'equivocation|offence|fail_proven|mismatch' node-$n/log)" ;;
    esac
    eval "kill -TERM \$pid_$n; wait \$pid_$n"
    expect 0 'holds ' "$ASSAY" audit verify node-$n/state --genesis genesis
done
finish

#!/bin/sh
# Two newcomers, without a file copied by hand: keys, JOIN, and their daemons find their own way from
# the genesis. No configuration of the others is touched: addresses are told, and passed on.
. "$(dirname "$0")/../lib.sh"
network 4 500 2
sign alpha beta
cd "$WORK" || exit 2
for i in 1 2 3 4; do start $i; done
socket=$WORK/node-1/admin.sock

newcomer() { # newcomer NUMBER VENDOR
    mkdir node-$1
    "$ASSAY" keys generate node-$1/keys --name node-$1 >/dev/null
    "$ASSAY" soft node vendor-$2 node-$1 --out node-$1/platform.key >/dev/null
    "$ASSAY" soft quote node-$1/platform.key --program "$BIN/assay-enclave" \
        --report-data "$(printf '0%.0s' $(seq 128))" --out node-$1/sample.quote >/dev/null
    sed "s/gossip: .*/gossip: 127.0.0.1:$("$TOOLS/free_port" 1)/" node-1/assayd.yaml >node-$1/assayd.yaml
}
newcomer 5 1
newcomer 6 2
# The first one knows one member only, and that one does not know it.
sed -n '/^peers:/q;p' node-1/assayd.yaml | sed "s/gossip: .*/$(grep gossip: node-5/assayd.yaml | sed 's/^ *//')/" >node-5/assayd.yaml
printf 'peers:\n  - %s\n    address: %s\n' "$(sed -n 's/^node_id/node/p' node-2/keys/node.yaml)" \
    "$(sed -n 's/^  gossip: //p' node-2/assayd.yaml)" >>node-5/assayd.yaml
sed 's/advertise/& /; s/^  admin: .*/&\n  advertise: nobody/' node-5/assayd.yaml >node-5/wrong.yaml
expect 2 'listen.advertise' "$ASSAYD" --config node-5/wrong.yaml --check-config
expect 0 'it begins where one joins it' "$ASSAYD" --config node-5/assayd.yaml --check-config

# --- started before anybody joins it: it waits, and says so
start 5
said() { [ "$(field "$1" status "$2")" = "$3" ]; }
check 'it is a newcomer' until_true 20 said 5 stage newcomer
check 'and says what it waits for' grep -q 'event=waiting_to_join ' node-5/log
check 'nobody answers it, and it says so' until_true 60 grep -q 'event=cannot_catch_up ' node-5/log
expect 0 'BEHIND         no peer answers' ask 5 status
check 'epochs close' until_true 60 epoch_at_least 1 4

join() { # join NUMBER SEQUENCE OPERATOR
    expect 0 'soft, platform' "$ASSAY" change draft --out join-$1 --join node-$1/keys/node.yaml \
        --sample node-$1/sample.quote --operator $3 --activation +10 --socket "$socket"
    for o in alpha beta; do
        expect 0 'in all' "$ASSAY" change sign join-$1 --key $o.key
    done
    expect 0 'offered in every epoch' "$ASSAY" change submit join-$1 --socket "$socket"
}
join 5 1 alpha
near() { a=$(field 1 status epoch) b=$(field "$1" status epoch); [ $((${b:-0} + 2)) -ge "${a:-999}" ]; }
check 'the roster grows' until_true 30 said 1 member_count 5
check 'the newcomer finds itself' until_true 60 said 5 stage member
check 'and catches up' until_true 60 near 5
expect 0 'fast_synced' ask 5 timeline
check 'nothing keeps it' said 5 cannot_catch_up null
for n in 1 2 3 4; do
    check "node-$n was told its address" until_true 20 grep -q 'event=peer_address .*peer=node-5' node-$n/log
done
passes() { [ "$(ask 1 explain node-$1 --json | sed -n 's/^ *"availability_bp": \([0-9]*\).*/\1/p' | head -1)" -gt 0 ]; }
check 'it attests, and is judged' until_true 60 passes 5
check 'with the keys of its card' said 5 incarnation 1

# --- a second one, which knows the four of genesis; the two find each other
start 6
join 6 2 beta
check 'the second finds itself' until_true 60 said 6 stage member
check 'and catches up' until_true 60 near 6
check 'node-6 was told of node-5' until_true 30 grep -q 'event=peer_address .*peer=node-5' node-6/log
check 'node-5 was told of node-6' until_true 30 grep -q 'event=peer_address .*peer=node-6' node-5/log
check 'it attests, and is judged' until_true 60 passes 6
heard() { ask 5 explain node-6 --json | grep -q '"present": true'; }
check 'they hear each other' until_true 30 heard

# --- one that is started again knows all of them from its store, and comes back by itself
kill -TERM "$pid_5"
wait "$pid_5"
start 5
check 'a newcomer of before comes back' until_true 60 near 5
check 'as a member' said 5 stage member
heard_6() { ask 6 explain node-5 --json | grep -q '"present": true'; }
check 'and is heard' until_true 30 heard_6
for i in 1 2 3 4 5 6; do eval "kill -TERM \$pid_$i"; done
for i in 1 2 3 4 5 6; do
    eval "wait \$pid_$i"
    case $(cat node-$i/log) in
    *Sanitizer* | *'runtime error'* | *'assertion failed'* | *node_stopped* | *root_mismatch*)
        wrong "node-$i: $(cat node-$i/log)" ;;
    esac
done
expect 0 'holds ' "$ASSAY" audit verify node-5/state --genesis genesis
finish

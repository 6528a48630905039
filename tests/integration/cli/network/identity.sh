#!/bin/sh
# Two processes of one identity: a node's folder is copied, and the copy runs beside it, on another address. Both
# operators are told in plain words, by event, status and doctor, whichever of the two the others talk to; a node
# that loses its store, is restarted, or moves is told nothing of the kind.
. "$(dirname "$0")/../lib.sh"
network 4 500 2
sign alpha beta
cd "$WORK" || exit 2
"$TOOLS/free_port" 3 >more
told() { grep -q 'event=identity_in_use' node-$1/log; }
# plain NUMBER: event, status and doctor of it say so.
plain() {
    check "node-$1 is told" until_true 60 told "$1"
    expect 0 'TWO PROCESSES  use the identity of this node' ask "$1" status
    expect 0 'was its folder copied? Stop one of the two' ask "$1" status
    expect 0 '"identity_in_use": true' ask "$1" status --json
    expect 0 'another process uses the identity of this node' ask "$1" timeline
    expect 11 'fail  identity' "$ASSAY" doctor --config node-"$1"/assayd.yaml
}
copy() { # copy FROM TO PORT: with what it has signed so far, listening elsewhere
    eval "kill -STOP \$pid_$1"
    cp -r node-"$1" node-"$2"
    eval "kill -CONT \$pid_$1"
    rm -f node-"$2"/*.sock node-"$2"/log
    sed -i "s/gossip: .*/gossip: 127.0.0.1:$(sed -n "$3"p more)/" node-"$2"/assayd.yaml
}

# --- nobody's peers name node-3: it is where it says
for i in 1 2 4; do
    sed -i "/$(sed -n 's/^node_id: "\(.*\)"/\1/p' node-3/keys/node.yaml)/,+1d" node-$i/assayd.yaml
done
for i in 1 2 3 4; do start $i; done
for i in 1 2 3 4; do check "node-$i closes epochs" until_true 40 epoch_at_least $i 4; done

# --- what is no sign: a restart, another address, a store that is gone
restart() {
    kill -TERM "$pid_4"
    wait "$pid_4"
    start 4
    e=$(field 1 status epoch)
    check "$1: epochs go on" until_true 40 epoch_at_least 4 $((${e:-0} + 3))
}
restart 'a restart'
sed -i "s/gossip: .*/gossip: 127.0.0.1:$(sed -n 1p more)/" node-4/assayd.yaml
restart 'another address'
for i in 1 2 3 4; do told $i && wrong "node-$i: $(grep identity_in_use node-$i/log)"; done
expect 0 '"identity_in_use": false' ask 4 status --json

# --- the others talk to the one whose address their peers have: the copy hears nobody
copy 2 8 2
start 8
plain 2
plain 8
check 'with the address of the copy' grep -q "event=identity_in_use.*address=127.0.0.1:$(sed -n 2p more)" node-2/log
eval "kill -KILL \$pid_8; wait \$pid_8 2>/dev/null"

# --- the others talk to the copy: the one that was there first hears nobody
copy 3 9 3
start 9
plain 9
plain 3
for i in 1 4; do told $i && wrong "node-$i: $(grep identity_in_use node-$i/log)"; done
for i in 1 2 3 4 9; do
    case $(cat node-$i/log) in
    *Sanitizer* | *'runtime error'* | *'assertion failed'*) wrong "node-$i: $(cat node-$i/log)" ;;
    esac
done
finish

#!/bin/sh
# Where members are found: a network on IPv6, a dead address before the good one, a member that moves
# while the others run, one that left `peers`, a name that leads nowhere at first.
. "$(dirname "$0")/../lib.sh"
"$TOOLS/free_port" 1 >/dev/null || exit 2
/usr/bin/python3 -c 'import socket; socket.socket(socket.AF_INET6).bind(("::1", 0))' 2>/dev/null || {
    echo 'no IPv6 here'
    exit 77
}
network 4 500 2
sign alpha beta
cd "$WORK" || exit 2
port() { sed -n "${1}p" ports; }
id() { sed -n 's/^node_id: *//p' node-$1/keys/node.yaml; }
gossip() { sed -i "s/^  gossip: .*/  gossip: \"$2\"/" node-$1/assayd.yaml; }
peer() { # peer NUMBER OF ADDRESSES: what NUMBER knows of OF
    sed -i "/$(id $2)/{n;s/address: .*/address: \"$3\"/}" node-$1/assayd.yaml
}
# Node 2 listens on IPv6 alone; of node 3 everybody has a dead address first; node 4 has two listeners.
for n in 1 2 3 4; do
    [ $n = 2 ] || peer $n 2 "[::1]:$(port 2)"
    [ $n = 3 ] || peer $n 3 "127.0.0.1:1, 127.0.0.1:$(port 3)"
    [ $n = 4 ] || peer $n 4 "[::1]:$(port 4)"
done
gossip 2 "[::1]:$(port 2)"
gossip 4 "127.0.0.1:$(port 4), [::1]:$(port 4)"
expect 0 'fit to run' "$ASSAYD" --config node-4/assayd.yaml --check-config
cp node-4/assayd.yaml wrong.yaml
for bad in "127.0.0.1:7, nobody" "127.0.0.1:7," "a:1,b:1,c:1,d:1,e:1"; do
    sed "s/gossip: .*/gossip: \"$bad\"/" node-4/assayd.yaml >node-4/wrong.yaml
    expect 2 'listen.gossip: expected' "$ASSAYD" --config node-4/wrong.yaml --check-config
done
expect 10 "listen.gossip  [::1]:$(port 4)" "$ASSAY" doctor --config node-4/assayd.yaml
expect 10 "listen.gossip  127.0.0.1:$(port 4)" "$ASSAY" doctor --config node-4/assayd.yaml

# linked A B...: A has a connection of its own to each.
linked() {
    from=$1
    shift
    for to in "$@"; do
        ask $from explain node-$to --json | grep -q '"connected": true' || return 1
    done
}
others() { echo 1 2 3 4 | sed "s/$1//"; }
for n in 1 2 3 4; do start $n; done
check 'epochs close' until_true 60 epoch_at_least 1 4
for n in 1 2 3 4; do check "node-$n has found all" until_true 30 linked $n $(others $n); done

# --- node 3 moves: a new port, and nobody's configuration is touched
kill -TERM "$pid_3"
wait "$pid_3"
new=$("$TOOLS/free_port" 1)
gossip 3 "127.0.0.1:$new"
start 3
for n in 1 2 4; do
    check "node-$n was told where it went" until_true 30 \
        grep -q "event=peer_address .*peer=node-3 address=\"\{0,1\}127.0.0.1:$new" node-$n/log
done
e=$(field 1 status epoch)
check 'it catches up' until_true 60 epoch_at_least 3 $((e + 3))
for n in 1 2 3 4; do check "node-$n has found all again" until_true 30 linked $n $(others $n); done

# --- node 2 says that it is somewhere else: live, and its connections go on
sed -i "s/^  gossip: .*/&\n  advertise: \"[::1]:9, [::1]:$(port 2)\"/" node-2/assayd.yaml
kill -HUP "$pid_2"
check 'a new claim is taken over' until_true 10 grep -q 'event=reload .*key=listen.advertise note="taken over"' node-2/log
check 'and told' until_true 30 grep -q 'event=peer_address .*peer=node-2 address="\{0,1\}\[::1\]:9,' node-1/log

# --- node 1 has only a name of node 4 now, which leads nowhere, and what node 4 says itself
drop() { sed -i "/$(id $2)/{N;d}" node-$1/assayd.yaml; }
peer 1 4 "no-such-host.invalid:$(port 4)"
kill -HUP "$pid_1"
check 'the address is taken over' until_true 10 grep -q 'event=reload .*key=peers\[[0-9]*\].address note="taken over"' node-1/log
unknown() { [ "$(field 1 counters name_unknown)" -gt 0 ]; }
check 'what it says itself counts beside it: the connection stays' until_true 30 linked 1 2 3 4

# --- and then nothing at all: it is dialled where it says that it listens
drop 1 4
kill -HUP "$pid_1"
e=$(field 1 status epoch)
check 'the network goes on' until_true 60 epoch_at_least 1 $((e + 4))
check 'it is found without an entry' until_true 30 linked 1 2 3 4
for i in 1 2 3 4; do eval "kill -TERM \$pid_$i"; done
for i in 1 2 3 4; do
    eval "wait \$pid_$i"
    case $(cat node-$i/log) in
    *Sanitizer* | *'runtime error'* | *'assertion failed'* | *node_stopped* | *root_mismatch*)
        wrong "node-$i: $(cat node-$i/log)" ;;
    esac
done

# --- a name that leads somewhere later: /etc/hosts of a mount namespace, where one may have one
printf '127.0.0.1 localhost\n' >hosts
in_namespace() { unshare -rm sh -c "mount --bind '$WORK/hosts' /etc/hosts && $1"; }
if in_namespace true 2>/dev/null; then
    configure 4
    sed -i "s/^  gossip: 127.0.0.1/  advertise: 192.0.2.1:7\n&/" node-2/assayd.yaml
    peer 1 2 "later.assay.test:$(port 2)"
    for n in 2 3 4; do start $n; done
    unshare -rm sh -c "mount --bind '$WORK/hosts' /etc/hosts && exec '$ASSAYD' --config node-1/assayd.yaml" \
        >>node-1/log 2>&1 </dev/null &
    pid_1=$!
    started="$started $pid_1"
    check 'the name is asked for in vain' until_true 30 unknown
    linked 1 2 && wrong 'found before its name led anywhere'
    printf '127.0.0.1 later.assay.test\n' >>hosts
    check 'and leads to it in the end' until_true 60 linked 1 2
    for i in 1 2 3 4; do eval "kill -TERM \$pid_$i"; done
    for i in 1 2 3 4; do eval "wait \$pid_$i"; done
fi
finish

#!/bin/sh
# A light client (docs/services.md 9) that follows a network which runs, from the socket of a daemon that it does not
# trust: a member that is killed, a daemon of another network, a host that lies in two of three answers.
. "$(dirname "$0")/../lib.sh"
cd "$WORK" || exit 2
FOLLOW=$TOOLS/light_follow

for net in net other; do
    expect 0 'services: ' "$ASSAY" setup local --dir $net --services --port 0 --epoch-ms 1500
done
begin() { # begin NETWORK NUMBER
    "$ASSAYD" --config "$1/node-$2/assayd.yaml" 2>>"$1/node-$2/log" </dev/null &
    started="$started $!"
    eval "pid_$1_$2=$!"
}
node() { # node NUMBER WORDS...: of the network
    number=$1
    shift
    "$ASSAY" "$@" --socket "net/node-$number/admin.sock"
}
for n in 1 2 3 4; do begin net $n; done
check 'blocks become final' until_true 40 sh -c "'$ASSAY' status --socket net/node-1/admin.sock | grep -q '4 full'"
check 'a checkpoint is made' until_true 40 node 1 checkpoint --out first
for lie in votes voters state old cut; do cp first "$lie"; done
cp first early; cp first kept
folder=net/node-2/admin.svcs

# --- an honest daemon: epoch after epoch as they close
expect 0 'accepted epochs' "$FOLLOW" first "$folder" 4 40 none
case $out in *refused*) wrong "something was refused of an honest daemon: $out" ;; esac

# --- a member is killed: the others vote on
cp first before
kill -KILL "$pid_net_4"
wait "$pid_net_4" 2>/dev/null
suspended() { node 1 explain node-4 | grep -q '^standing  *SUSPENDED'; }
check 'the member is suspended' until_true 90 suspended
expect 0 'accepted epochs' "$FOLLOW" before "$folder" 8 60 none
case $out in *refused*) wrong "something was refused of an honest daemon: $out" ;; esac
begin net 4

# --- a host that lies: each is refused by its name, and the next answer is followed
lies() { # lies KIND WORDS: the refusal has these
    expect 0 "$2" "$FOLLOW" "$1" "$folder" 6 60 "$1"
    echo "$1: $out"
}
lies votes 'two thirds of the trusted weight or less have signed'
lies state 'refused'
lies old 'of an epoch that is not after the trusted one'
lies cut 'truncated or not canonical'
lies voters 'the table of voters is not the one that is proven'

# --- far behind: in one step, or in a few
expect 0 'accepted epochs' "$FOLLOW" early "$folder" 20 60 none
echo "$out"

# --- a daemon of another network
for n in 1 2 3 4; do begin other $n; done
check 'another network runs' until_true 40 sh -c "'$ASSAY' status --socket other/node-1/admin.sock | grep -q '4 full'"
folder=other/node-2/admin.svcs
cp kept mixed
check 'it has that epoch' until_true 40 sh -c "'$ASSAY' checkpoint --out late --socket other/node-1/admin.sock"
expect 1 'the certificate or the checkpoint names another block' "$FOLLOW" mixed "$folder" 1 8 none
echo "$out"
check 'its checkpoint is as before' cmp kept mixed
finish

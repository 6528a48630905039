#!/bin/sh
# Starts that fail, and what finds it before: a start leaves keys and store as they were; --check-config refuses what a
# start refuses, and what would cost the node its trust; the doctor says what is wrong with a daemon that hangs.
. "$(dirname "$0")/../lib.sh"
network 4 500 2
sign alpha beta
cd "$WORK" || exit 2
check_config() { "$ASSAYD" --config node-1/assayd.yaml --check-config "$@"; }
again() { rm -rf node-1 && cp -a saved node-1; }

expect 0 'fit to run' check_config
for i in 1 2 3 4; do start $i; done
check 'the network runs' until_true 30 epoch_at_least 1 3
# --- a close has one number: log, timeline and export
ask 2 timeline --json >timeline.json
cat >closes.py <<'END'
import json, re, sys
events = json.load(open("timeline.json"))["data"]["events"]
# Epochs that were held are one event from the first to the last of them, also around certified ones.
told = sorted({n for e in events if "epoch_closed" in e.values() for n in range(e["first_epoch"], e["epoch"] + 1)})
logged = [int(n) for n in re.findall(r"event=epoch_closed .*?epoch=(\d+)", open("node-2/log").read())]
assert told and told == logged[:len(told)], (told, logged)
END
expect 0 '' /usr/bin/python3 closes.py
kill "$pid_1"
check 'node-1 ends' until_true 20 ended "$pid_1"
cp -a node-1 saved
(cd node-1/keys && sha256sum ./* >"$WORK/keys.sum")
same_keys() { (cd "$WORK/node-1/keys" && sha256sum ./* | cmp -s - "$WORK/keys.sum"); }

# --- a start that fails makes no keys
expect 0 'warning: the store that the keys in' check_config --set node.state_dir=typo
case $out in *'is not in'*'Is node.state_dir right?'*) ;; *) wrong "the warning: $out" ;; esac
check 'a check makes nothing' [ ! -e node-1/typo ]
expect 1 'Address already in use' "$ASSAYD" --config node-1/assayd.yaml --set node.state_dir=typo \
    --set listen.gossip=127.0.0.1:"$(sed -n 2p ports)"
case $out in *store_lost*) wrong "it says that the store is lost: $out" ;; esac
check 'the keys are as they were' same_keys
sed 's/state_dir: state/state_dir: other/' node-1/assayd.yaml >node-1/other.yaml
expect 10 'the store of these keys is not here' "$ASSAY" doctor --config node-1/other.yaml
again

# --- what a start refuses, a check refuses
refused() { # refused TEXT [OPTION...]: by the check, by the doctor where it looks, and then the node is put back
    text=$1
    shift
    expect 2 "$text" check_config "$@"
}
head -c 50000 saved/state/store.sqlite >node-1/state/store.sqlite
refused 'damaged'
expect 11 'fail  store' "$ASSAY" doctor --config node-1/assayd.yaml
again
rm -rf node-1/state && : >node-1/state
refused 'state: is a file, expected a directory'
again
echo >node-1/keys/store.id
refused 'store.id or the store: damaged'
expect 11 'store.id: damaged' "$ASSAY" doctor --config node-1/assayd.yaml
again
chmod 644 node-1/keys/store.id
refused 'store.id: a key must be a readable regular file of mode 0600'
again
for image in node-1/state/images/*; do echo x >>"$image"; done
expect 11 'fail  images' "$ASSAY" doctor --config node-1/assayd.yaml
again
refused 'listen.admin' --set listen.admin=nosuch/admin.sock
case $out in *'No such file or directory, expected a directory'*) ;; *) wrong "the folder of the socket: $out" ;; esac
refused 'is the port of listen.gossip' --set listen.http=127.0.0.1:"$(sed -n 1p ports)"
expect 0 'fit to run' check_config --set listen.http=127.0.0.1:"$("$TOOLS/free_port" 1)"

# --- what is another node's is named before it costs trust
refused 'deep/state cannot be made' --set node.state_dir=nosuch/deep/state
refused 'the credential of platform' --set evidence.credential=../node-2/platform.key
cp node-2/keys/bootstrap.key node-1/keys/bootstrap.key
refused 'bootstrap.key: the bootstrap key is not the one that this node has in the network'
again
cp node-2/keys/incarnation.key node-1/keys/incarnation.key
refused 'incarnation.key: the voting key is not the one that this node has in the network'
again

# --- a daemon that hangs
start 1
check 'node-1 is back' until_true 30 epoch_at_least 1 5
expect 0 'fit to run' check_config
kill -STOP "$pid_1"
expect 10 "held by process $pid_1: it runs and does not answer" \
    "$ASSAY" doctor --config node-1/assayd.yaml --timeout 300
case $out in *'move the state folder away'* | *'choose another port'* | *'start it: assayd'*)
    wrong "the advice is of a daemon that does not run: $out" ;;
esac
kill -CONT "$pid_1"
check 'it goes on with the keys it had' cmp -s node-1/keys/incarnation.key saved/keys/incarnation.key
check 'and makes no others' [ ! -e node-1/keys/incarnation.next.key ]

# --- a fence that too few signed: how many did, and who
expect 0 '' ask 2 recover fence --reason test --out fence
expect 0 'signed by  none yet' "$ASSAY" recover show fence
expect 0 '' "$ASSAY" recover sign fence --key alpha.key
expect 4 '1 of 2 signatures' ask 2 recover submit fence

# --- the state folder: one opinion of daemon and doctor
chmod 755 node-1/state
expect 0 'ok    state' sh -c '"$0" doctor --config node-1/assayd.yaml; exit 0' "$ASSAY"

finish

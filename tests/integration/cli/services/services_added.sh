#!/bin/sh
# Services that a network gets while it runs (docs/protocol.md 12.7), by commands alone: the feature level,
# a change that adds money, shares and a group, then one with another group; programs that were started before,
# a daemon that is killed, one that was down when they came, what is refused, and what stores hold afterwards.
. "$(dirname "$0")/../lib.sh"
cd "$WORK" || exit 2

expect 0 '4 nodes' "$ASSAY" setup local --dir net --nodes 4 --operators 3 --port 0 --epoch-ms 1000
begin() { # begin NUMBER
    "$ASSAYD" --config net/node-$1/assayd.yaml 2>>net/node-$1/log </dev/null &
    started="$started $!"
    eval "pid_$1=$!"
}
node() { # node NUMBER WORDS...
    number=$1
    shift
    "$ASSAY" "$@" --socket net/node-$number/admin.sock
}
says() { node "$1" "$2" status 2>/dev/null | grep -q "$3"; }
shows() { node "$1" $2 2>/dev/null | grep -q "$3"; }
for n in 1 2 3 4; do begin $n; done
check 'blocks become final' until_true 30 sh -c "'$ASSAY' status --socket net/node-1/admin.sock | grep -q '4 full'"
expect 0 'this network has no services' node 1 services status
check 'and no sockets of services' test ! -e net/node-1/admin.svcs
web() { curl -s --unix-socket net/node-1/admin.http "http://localhost/$1"; }
check 'nor metrics of groups' sh -c "! curl -s --unix-socket net/node-1/admin.http http://localhost/metrics | grep -q '^assay_continuity'"
keys="$WORK/net/alpha.key $WORK/net/beta.key $WORK/net/gamma.key"
check "operators have keys" test -e net/gamma.key
# carry FILE: all operators sign, node-1 takes it.
carry() {
    for key in $keys; do expect 0 ' in all' "$ASSAY" change sign "$1" --key "$key"; done
    expect 0 'offered in every epoch' node 1 change submit "$1"
}

# --- programs that are started before there is anything to follow
"$TOOLS/free_port" 12 >ports
port() { sed -n "${1}p" ports; }
for n in 1 2 3 4; do
    printf 'service_version: 1\ndaemon: admin.svcs\nlisten: 127.0.0.1:%s\ngroup: 1\n' "$(port $n)" >net/node-$n/replica.yaml
    head -c 32 /dev/urandom >net/node-$n/holder.key
    chmod 600 net/node-$n/holder.key
    printf 'service_version: 1\ndaemon: admin.svcs\nlisten: 127.0.0.1:%s\nclient_listen: 127.0.0.1:%s\ncluster: 0\n' \
        "$(port $((n + 4)))" "$(port $((n + 8)))" >net/node-$n/holder.yaml
    printf 'store: holder.store\nkey: holder.key\n' >>net/node-$n/holder.yaml
    for program in replica holder; do
        "$BIN/assay-$program" --config net/node-$n/$program.yaml 2>net/node-$n/$program.log </dev/null &
        started="$started $!"
    done
done
check 'a replica says why it waits' until_true 10 grep -q 'its network has no services yet' net/node-1/replica.log
check 'a holder too' until_true 10 grep -q 'its network has no services yet' net/node-2/holder.log

# --- the level first: a build that cannot read the change is not asked to
me=$("$ASSAY" account create --out me.key --json | sed -n 's/.*"account": "\(.*\)".*/\1/p')
you=$("$ASSAY" account create --out you.key --json | sed -n 's/.*"account": "\(.*\)".*/\1/p')
cat >first.yaml <<END
services:
  groups: [{ name: state, size: 3 }]
  shares: { clusters: 1, slots: 4, threshold: 2, confirmations: 3 }
  tasks:
    balances: [{ account: "$me", amount: 1000 }]
END
expect 6 'draft --parameter level=1 --out level.change' node 1 change draft --out bad --services first.yaml --activation +7
spoken() { [ "$(node 1 nodes --json | grep -o '"level": *7' | wc -l)" = 4 ]; }
check 'the first ballots announce the level' until_true 20 spoken
expect 0 'level: 0 -> 1' node 1 change draft --out level --parameter level=1 --activation +6
carry level
check 'the change of the level is taken' until_true 20 shows 1 'change list' 'pending    change 1'
expect 0 'waits until feature level 1 is in force' node 1 change draft --out first --services first.yaml --activation +20
in_force() {
    node 1 change draft --out probe --services first.yaml --activation +20 >probed 2>&1 && ! grep -q 'waits until' probed
}
check 'the level is in force' until_true 30 in_force

# --- the change
printf 'plan_version: 1\nservices: { }\n' >none.yaml
printf 'services: { groups: [{ name: a, size: 3 }, { name: a, size: 3 }] }\n' >twice.yaml
expect 2 'expected groups, shares, tasks or identity' node 1 change draft --out bad --services none.yaml --activation +9
expect 2 'is named twice' node 1 change draft --out bad --services twice.yaml --activation +9
expect 0 'new: group state (number 0), 3 replicas' node 1 change draft --out first --services first.yaml --activation +8
case $out in *'new: shares, 2 of 4 in 1 clusters'*'new: tasks'*"balance      $me: 1000"*) ;;
*) wrong "what is new is not told: $out" ;; esac
check 'nothing was written' test ! -e bad
carry first
check 'it waits for its epoch' until_true 20 shows 1 'change list' 'pending    change 2'
# Of two that add the same the second does not fit, nor one that has something of it.
expect 6 'has shares already' node 1 change draft --out bad --services first.yaml --activation +20
# One daemon is down when they come.
kill "$pid_4"
wait "$pid_4" 2>/dev/null
check 'services are there' until_true 30 says 1 services '1000 in all, 0 locked'
check 'the group is forming there, too' until_true 30 says 2 services 'group          state: forming'
check 'programs may follow' test -S net/node-1/admin.svcs/replica-1/ledger
expect 0 'final          250 paid, record 0' node 1 account transfer --key me.key --to "$you" --amount 250
expect 0 'balance        250' node 3 account show you.key
check 'a replica of a group that is not there yet says so' \
    until_true 20 grep -q 'the network has no such service yet' net/node-1/replica.log
begin 4
check 'who was down has them as well' until_true 40 says 4 services '1000 in all'
check 'and what was paid' until_true 20 shows 4 'account show you.key' 'balance        250'
kill -KILL "$pid_2"
wait "$pid_2" 2>/dev/null
begin 2
check 'who was killed has them again' until_true 40 shows 2 'account show you.key' 'balance        250'
expect 0 'balance 700' node 2 account transfer --key me.key --to "$you" --amount 50

# --- holders sit, and a secret is kept
check 'holders sit' until_true 60 says 2 share 'cluster        0: seated'
check 'each has everything' until_true 40 sh -c \
    "[ \$('$ASSAY' share status --socket net/node-1/admin.sock | grep -c 'has everything') = 4 ]"
echo 'what nobody else may know' >secret
put() {
    node 1 share put secret --key me.key --name first --reader you.key --out sealed >id 2>&1
    id=$(sed -n 's/^id: //p' id)
    [ ${#id} -eq 64 ]
}
put || put || put
check "a secret is kept: $(cat id)" test ${#id} -eq 64

# --- one group more, beside everything that there is
printf 'services: { groups: [{ name: ledger, size: 3, instances: 16 }] }\n' >second.yaml
printf 'services: { groups: [{ name: state, size: 3 }] }\n' >again.yaml
expect 6 'a group of this name already' node 1 change draft --out bad --services again.yaml --activation +8
expect 0 'as before: group state' node 1 change draft --out second --services second.yaml --activation +8
case $out in *'new: group ledger (number 1)'*'as before: tasks'*) ;; *) wrong "what is new is not told: $out" ;; esac
carry second
check 'a replica that waited serves' until_true 90 shows 1 'continuity status --group ledger' 'ledger: serving'
expect 0 'balance        300' node 4 account show you.key
expect 0 'state          synced' node 3 share status --id "$id"
read_it() { node 3 share read "$id" --key you.key --sealed sealed --out opened >/dev/null 2>&1; }
check 'its reader has the secret' until_true 30 read_it
check 'it is the same' cmp secret opened
node 2 services status --json >summary
web v1/services >served
check 'the page is told of both groups' grep -q '"ledger"' served
web metrics >metrics
check 'and so are metrics' grep -q '^assay_continuity.*"ledger"' metrics
check 'everybody is shown both groups' /usr/bin/python3 - <<'END'
import json
d = json.load(open("summary"))["data"]
names = [g["name"] for g in d["groups"]]
assert names == ["state", "ledger"], names
END

# --- what the stores have holds, services and all
for n in 1 2 3 4; do eval "kill \$pid_$n"; done
check 'the daemons end' until_true 20 ended "$pid_1" "$pid_2" "$pid_3" "$pid_4"
expect 0 '' "$ASSAY" audit verify net/node-1/state --genesis net/genesis
expect 0 '' "$ASSAY" audit verify net/node-4/state --genesis net/genesis
expect 0 '' "$ASSAY" audit replay net/node-2/state --genesis net/genesis
finish

#!/bin/sh
# Four daemons on loopback: what the command line says of them, how they end and come back.
. "$(dirname "$0")/../lib.sh"
network 4 500 2
sign alpha beta
cd "$WORK" || exit 2
for i in 1 2 3 4; do start $i; done
for i in 1 2 3 4; do
    check "node-$i closes epochs" until_true 30 epoch_at_least $i 4
done

# --- what people see. A busy machine misses an epoch, and its clocks are read late: what depends on it is waited for.
shows() { ask "$1" "$2" | grep -q -- "$3"; }
expect 0 'node           node-1 (slot ' ask 1 status
case $out in *'INSECURE'*) ;; *) wrong "a development network is not marked: $out" ;; esac
expect 0 'caps met       operator no, vendor root no' ask 1 status
check 'one member more may fail' until_true 20 shows 1 status 'tolerates      1 more member may fail, 1 may be Byzantine'
check 'its clock is in sync' until_true 20 shows 1 status 'clock          0[.]0'
expect 0 ' of 4 attested, ' ask 1 status
case $(ask 1 status | head -1) in *' of 4 attested, '*) ;; *) wrong 'status does not begin with its sentence' ;; esac
check 'node-4 stands at FULL' until_true 20 shows 2 nodes 'node-4           FULL'
check 'nodes stand by slot' test "$(ask 2 nodes | sed 1d | awk '{ print $1 }' | tr '\n' ' ')" = '0 1 2 3 '
check 'one unit for all scores' test "$(ask 2 nodes | sed 1d | grep -c '[0-9][.][0-9][0-9] %')" = 4
expect 0 'Votes, epoch ' ask 1 explain node-3
for text in 'node-3 is full' 'Standing' 'standing       FULL' 'What happened' '  node-1           weight ' \
    'score = the smaller one' 'Its evidence, as this node finds it' 'Identity' 'vendor root    '; do
    case $out in *"$text"*) ;; *) wrong "explain does not say \"$text\": $out" ;; esac
done
expect 0 'INSECURE       profile development' ask 1 explain node-3
expect 0 '"insecure": true' ask 1 explain node-3 --json
expect 0 '"last_success_epoch": ' ask 1 explain node-3 --json
expect 0 'node_id' ask 1 explain 0
expect 0 'node-2' ask 1 explain "$(sed -n 's/^node_id: "\(.*\)"$/\1/p' node-2/keys/node.yaml)"
expect 5 'no member has that name, slot or id' ask 1 explain nobody
expect 5 'no member has that name, slot or id: "4"' ask 1 explain 4
expect 5 'no member has that name, slot or id: "nod-2"; is "node-' ask 1 explain nod-2
expect 5 '"detail": "assay explain: no member has that name, slot or id: \"node-22\"; is \"node-2\" meant? (`assay nodes` lists the members)"' ask 1 explain node-22 --json
expect 2 'usage: assay explain' ask 1 explain
expect 2 'usage: assay status' ask 1 status more
expect 2 'usage: assay explain' ask 1 explain "two
lines"
expect 0 'permitted: critical' ask 1 permit --class critical
expect 0 '"permitted": true' ask 1 permit --class normal --json
expect 0 'epoch_closed' ask 1 timeline
expect 2 '--since: expected a number from 0, found "yesterday"' ask 1 timeline --since yesterday
expect 0 'handshake_accepted' ask 1 counters
expect 0 '"schema": "assay.export"' ask 1 export --format json
expect 0 '"schema": "assay.export"' ask 1 export --since 2
expect 2 'usage: assay export' ask 1 export --format xml
expect 2 'usage: assay export' ask 1 export --follow
expect 2 'usage: assay export' ask 1 export --since -1
expect 0 '"next_since": null' ask 1 export --since 2 --until 3
ask 1 export --format csv --since 2 --until 3 --votes >scores.csv
check 'CSV: a head, and a line a member and epoch' test "$(wc -l <scores.csv)" = 9
check 'CSV: as many cells in each line' test "$(awk -F, '{ print NF }' scores.csv | sort -u | wc -l)" = 1
all_pass() {
    ask 1 export --format csv --since 2 --votes |
        grep -q ',node-1,.*,FULL,.*,held_bound,hold,true,[P-]\{4\},false,'
}
check 'CSV: everybody passes in some epoch' until_true 30 all_pass
check 'CSV: lines end as RFC 4180 wants' test "$(grep -c "$(printf '\r')\$" scores.csv)" = 9
ask 1 export --format jsonl --since 2 --until 3 >scores.jsonl
check 'JSON lines: a line a member and epoch' test "$(grep -c '^{"chain_id":"[0-9a-f]\{64\}","epoch":[23],.*"members_stop":1' scores.jsonl)" = 8
check 'JSON lines: no votes unless asked for' sh -c '! grep -q outcomes scores.jsonl'
until_epoch=$(($(field 1 status epoch) + 1))
check 'it follows as epochs close' timeout 60 "$ASSAY" export --socket node-1/admin.sock --format jsonl --follow \
    --since 2 --until $until_epoch >followed.jsonl
check 'and leaves out nothing' test "$(wc -l <followed.jsonl)" = $(((until_epoch - 1) * 4))
for group in status nodes counters timeline export; do
    expect 0 '"schema_version": 1' ask 1 $group --json
done
check 'the admin socket is for its owner alone' test "$(stat -c %a node-1/admin.sock)" = 600
check 'the store is for its owner alone' test "$(stat -c %a node-1/state/store.sqlite)" = 600
check 'all agree on the chain' test \
    "$(for i in 1 2 3 4; do field $i status chain_id; done | sort -u | wc -l)" -eq 1

# --- one node, one daemon
twice() { timeout 20 "$ASSAYD" --config node-1/$1; }
cp node-1/assayd.yaml node-1/second.yaml
sed -i "s/gossip: .*/gossip: 127.0.0.1:$("$TOOLS/free_port" 1)/; s/admin.sock/second.sock/; s/service.sock/second.service/" \
    node-1/second.yaml
expect 1 'store.sqlite' twice second.yaml
case $out in *locked*) ;; *) wrong "the reason is not the lock: $out" ;; esac
sed -i 's/state_dir: state/state_dir: state.second/' node-1/second.yaml
sed "s/gossip: .*/$(grep gossip: node-1/assayd.yaml | sed 's/^ *//')/" node-1/second.yaml >node-1/third.yaml
cp -r node-1/keys node-1/keys.third
sed -i 's/keys_dir: keys/keys_dir: keys.third/; s/state.second/state.third/' node-1/third.yaml
expect 1 'ddress already in use' twice third.yaml
cp -r node-1/keys node-1/keys.fourth
sed "s/second.sock/admin.sock/; s/keys_dir: keys/keys_dir: keys.fourth/; s/state.second/state.fourth/" \
    node-1/second.yaml >node-1/fourth.yaml
expect 1 'admin socket' twice fourth.yaml
expect 0 'node-1' ask 1 status
rm -rf node-1/keys.* node-1/state.*

# --- an end that was asked for, and one that was not
kill -TERM "$pid_1"
wait "$pid_1"
check 'SIGTERM ends with exit status 0' test $? -eq 0
check 'its socket is gone' test ! -e node-1/admin.sock
expect 3 'is assayd running' ask 1 status
height=$(field 2 status height)
kill -KILL "$pid_2"
wait "$pid_2" 2>/dev/null
stopped() { ask 3 status | grep -q "$1"; }
check 'half of the weight is said to be too little' until_true 8 stopped '^STOPPED        weight 20000 of 40000 is reachable'
check 'and who is missing' until_true 8 stopped '^unreachable    .*node-1 (ended .* ago, announced'
expect 0 'restart the missing ones' ask 3 status
expect 0 '"progress": false' ask 3 status --json
start 1
check 'the others go on, and who ended comes back' until_true 30 epoch_at_least 1 8
start 2
check 'who was killed comes back' until_true 30 epoch_at_least 2 9
higher() { h=$(field 2 status height) && [ "${h:-0}" -ge "$height" ]; }
check 'nothing that was final is forgotten' higher
votes() { [ "$(field $1 status voting)" = true ]; }
check 'and votes again' until_true 30 votes 2
closes() { ask $1 timeline | grep -q epoch_closed; }
check 'who ended closes epochs again' until_true 30 closes 1
for i in 1 3 4; do
    expect 0 'epoch_closed' ask $i timeline
    case $out in
    *equivocation_noticed* | *offence_proven*) wrong "node-$i saw two signatures: $out" ;;
    esac
    check "node-$i did not stop for its state" until_true 30 votes $i
done
full() { ask 3 nodes | grep -c FULL | grep -qx 4; }
check 'all stand at FULL in the end' until_true 60 full

for i in 1 2 3 4; do eval "kill -TERM \$pid_$i"; done
for i in 1 2 3 4; do
    eval "wait \$pid_$i"
    check "node-$i ends with exit status 0" test $? -eq 0
    case $(cat node-$i/log) in
    *Sanitizer* | *'runtime error'* | *'assertion failed'*) wrong "node-$i: $(cat node-$i/log)" ;;
    esac
done

finish

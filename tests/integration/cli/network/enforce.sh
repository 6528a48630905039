#!/bin/sh
# Four daemons, one with targets: a hook obeys real orders once each, also over a SIGKILL; a hold by
# hand; nginx serves only while its node is trusted (examples/gate.c, gate.conf); the journal holds.
. "$(dirname "$0")/../lib.sh"
ROOT=$(cd "$(dirname "$0")/../../../.." && pwd)
GATE=$BIN/../examples/example_gate
[ -x "$CAST/assay-enclave-tampered" ] && [ -x "$GATE" ] || {
    echo 'assay-enclave-tampered or example_gate is missing' >&2
    exit 2
}
network 4 500 2
sign alpha beta
cd "$WORK" || exit 2

# --- node-4 runs a copy that can be swapped, and drives a hook; node-1 is held by hand later
cp "$BIN/assay-enclave" node-4/enclave
cat >hook <<'END'
#!/bin/sh
read -r line
act=${line#*'"act":"'}
printf '%s\n' "${act%%'"'*}" >>"$1"
[ -e "$1.broken" ] && { echo 'the hook is broken'; exit 1; }
exit 0
END
chmod +x hook
sed -i "s|  path: .*|  path: enclave|" node-4/assayd.yaml
for i in 1 4; do
    cat >>node-$i/assayd.yaml <<END
enforcement:
  targets:
    - name: shop
      driver: hook
      path: $WORK/hook
      arguments: ["$WORK/node-$i/acts"]
      severity: restrict
    - name: dry
      driver: hook
      path: $WORK/hook
      arguments: ["$WORK/node-$i/dry"]
      dry_run: "true"
END
done
expect 0 'fit to run' "$ASSAYD" --config node-4/assayd.yaml --check-config
sed 's/driver: hook/driver: dokcer/' node-4/assayd.yaml >node-4/wrong.yaml
expect 2 'enforcement.targets[0].driver: expected hook, cgroup, container, systemd or webhook' \
    "$ASSAYD" --config node-4/wrong.yaml --check-config
case $out in *wrong.yaml:[0-9]*:[0-9]*:*) ;; *) wrong "no place in: $out" ;; esac
# libsystemd is loaded where a target needs it, and is not missed elsewhere.
mkdir lib && echo none >lib/libsystemd.so.0
sed -e 's|driver: hook|driver: systemd|' -e "s|path: $WORK/hook|unit: shop.service|" -e '/arguments:/d' \
    node-4/assayd.yaml >node-4/unit.yaml
expect 0 'fit to run' env LD_LIBRARY_PATH="$WORK/lib" "$ASSAYD" --config node-4/assayd.yaml --check-config
expect 1 'enforcement.targets: shop: libsystemd.so.0 cannot be loaded' \
    env LD_LIBRARY_PATH="$WORK/lib" "$ASSAYD" --config node-4/unit.yaml

for i in 1 2 3 4; do start $i; done
for i in 1 2 3 4; do check "node-$i closes epochs" until_true 30 epoch_at_least $i 4; done
acts() { tr '\n' ' ' <node-$1/acts 2>/dev/null; }
acts_are() { [ "$(acts "$1")" = "$2" ]; }
check "the hook is started: $(acts 4)" until_true 10 acts_are 4 'start run '
expect 0 'target         shop             hook       ordered full       runs' ask 1 enforce show
case $out in *'dry run'*) ;; *) wrong "a dry run is not marked: $out" ;; esac

# --- nginx in front of node-1
mkdir -p gate/html gate/tmp
echo 'the page' >gate/html/index.html
cp "$ROOT/examples/gate.conf" gate/gate.conf
chmod 755 "$WORK" gate gate/html
[ "$(id -u)" -eq 0 ] && sed -i '1i user root;' gate/gate.conf
"$GATE" gate/gate.sock node-1/admin.sock critical 2>gate/log &
started="$started $!"
gate=$!
(cd gate && exec nginx -p . -c gate.conf 2>nginx.log) &
started="$started $!"
nginx=$!
page() { # the status, and the page or the reason
    curl -s -i --max-time 5 --unix-socket gate/web.sock http://node/ |
        tr -d '\r' | sed -n '1s/HTTP[^ ]* \([0-9]*\).*/\1/p; s/^Assay-Reason: //p; /^the page/p' |
        tr '\n' ' '
}
page_is() { [ "$(page)" = "$1" ]; }
check "the page is served: $(page)" until_true 15 page_is '200 the page '

# --- by hand
expect 2 '--reason TEXT is missing' ask 1 enforce hold
expect 2 '--reason wants 1 to 200' ask 1 enforce hold --reason "two
lines"
expect 0 'HELD           manually since 20' ask 1 enforce hold --reason 'ticket 4711; $(reboot)'
case $out in *'ticket 4711; $(reboot)'*) ;; *) wrong "the reason is not shown: $out" ;; esac
expect 0 'HELD           manually since 20' ask 1 status
expect 6 'it is held already' ask 1 enforce hold --reason again
expect 4 'denied: critical: held' ask 1 permit --class critical
expect 4 'denied: normal: held' ask 1 permit --class normal
check "the page is not served: $(page)" until_true 5 page_is '503 held '
check "the hook suspends: $(acts 1)" until_true 10 acts_are 1 'start run suspend '
kill -KILL "$pid_1"
wait "$pid_1" 2>/dev/null
check "nobody answers, nobody is served: $(page)" until_true 5 page_is '503 unreachable '
start 1
check 'it comes back' until_true 20 ask 1 status
expect 0 'ticket 4711' ask 1 enforce show
expect 4 'held' ask 1 permit --class normal
expect 0 'held           no' ask 1 enforce release --reason 'done'
expect 6 'it is not held' ask 1 enforce release --reason again
check "the page is served again: $(page)" until_true 20 page_is '200 the page '
lets_run() { case $(acts 1) in *'run ') ;; *) return 1 ;; esac; }
check "the hook lets it run: $(acts 1)" until_true 10 lets_run
touch node-1/acts.broken
expect 0 'HELD' ask 1 enforce hold --reason 'a hook that fails'
complains() { ask 1 status | grep -q '^NOT OBEYED     target shop, .*exit status 1: the hook is broken'; }
check 'a hook that fails is said first' until_true 10 complains
rm node-1/acts.broken
obeys() { ask 1 enforce show | grep -q 'shop  *hook  *ordered full *frozen$'; }
check 'and asked again' until_true 30 obeys
expect 0 'held           no' ask 1 enforce release --reason 'it works'
check 'node-1 works again' until_true 10 lets_run
kill -KILL "$gate"
wait "$gate" 2>/dev/null
check "without the gate nobody is served: $(page)" until_true 5 page_is '503 '
kill -TERM "$nginx"

# --- node-4 runs another build: the network finds it, and orders a RESTART
cp "$CAST/assay-enclave-tampered" node-4/other && mv node-4/other node-4/enclave
kill -KILL "$(field 4 status pid)"
stopped() { case $(acts 4) in *stop*) ;; *) return 1 ;; esac; }
check "the hook is told to stop: $(acts 4)" until_true 30 stopped
restarted() { grep -q '"entry":"outcome","target":"shop".*"order":"RESTART".*ASSAY_OK' node-4/state/orders.log; }
check 'and the journal says that it was done' until_true 20 restarted
kill -KILL "$pid_4"
wait "$pid_4" 2>/dev/null
stops=$(grep -c stop node-4/acts)
check 'the right build was put back' cmp -s node-4/enclave "$BIN/assay-enclave"
start 4
check 'it comes back' until_true 20 ask 4 status
check 'and goes on' until_true 20 epoch_at_least 4 $(($(field 1 status epoch) + 3))
ordered() { ask 1 export --format csv | grep -q ",node-4,[^,]*,[^,]*,[^,]*,[^,]*,$1,"; }
check 'the export has the orders' ordered 'SUSPENDED,[0-9]*,SUSPEND RESTART'
check 'until its new keys are listed' until_true 20 ordered 'SUSPENDED,[0-9]*,SUSPEND'
check "it is stopped once: $(acts 4)" test "$(grep -c stop node-4/acts)" -eq "$stops"
case $(acts 4) in *stop*start*) wrong "started before it is trusted: $(acts 4)" ;; esac
expect 0 'target         shop             hook       ordered suspended' ask 4 enforce show
one_restart() { [ "$(grep '"entry":"order"' node-4/state/orders.log | grep -c "\"target\":\"$1\".*\"order\":\"RESTART\"")" -eq 1 ]; }
for target in enclave shop dry; do check "one RESTART of $target" one_restart $target; done
check 'a dry run asks nobody' test ! -e node-4/dry
check 'and is marked' grep -q '"target":"dry","driver":"hook","dry_run":true' node-4/state/orders.log

# --- the journal
head=$(ask 4 enforce show | sed -n 's/^journal .*head //p')
expect 0 'holds' "$ASSAY" audit orders node-4/state/orders.log --head "$head"
expect 0 '"holds":true' "$ASSAY" audit orders node-4/state/orders.log --json
cp node-4/state/orders.log orders
printf '{"n":' >>orders
expect 8 'half a line    5 bytes' "$ASSAY" audit orders orders
sed '3s/"at":"2/"at":"3/' node-4/state/orders.log >orders
expect 11 'line 3: the line is not what was hashed' "$ASSAY" audit orders orders
mkfifo orders.fifo
expect 13 'expected a regular file' timeout 10 "$ASSAY" audit orders orders.fifo
expect 13 'expected a regular file' timeout 10 "$ASSAY" audit orders /dev/zero
sed '2d' node-4/state/orders.log >orders
expect 11 'line 2: a line is missing or came twice' "$ASSAY" audit orders orders
head -n 2 node-4/state/orders.log >orders
expect 0 'holds          2 lines' "$ASSAY" audit orders orders
expect 11 'lines are missing at the end' "$ASSAY" audit orders orders --head "$head"
expect 5 'nowhere: no such file' "$ASSAY" audit orders nowhere
expect 2 '--head wants NUMBER:HASH' "$ASSAY" audit orders orders --head 7
kill -TERM "$pid_4"
wait "$pid_4"
sed -i '3s/"at":"2/"at":"3/' node-4/state/orders.log
start 4
check 'it starts all the same' until_true 20 ask 4 status
check 'and says so' grep -q 'event=orders_log_broken' node-4/log
check 'and sets it aside' test -e node-4/state/orders.log.broken-1

for i in 1 2 3 4; do eval "kill -TERM \$pid_$i"; done
for i in 1 2 3 4; do
    eval "wait \$pid_$i"
    check "node-$i ends with exit status 0" test $? -eq 0
    case $(cat node-$i/log) in
    *Sanitizer* | *'runtime error'* | *'assertion failed'*) wrong "node-$i: $(cat node-$i/log)" ;;
    esac
done
finish

#!/bin/sh
# A running daemon and what an operator sends it: HUP, USR1, a configuration that does not fit, TERM; what
# systemd is told meanwhile; a timeline that goes on after a restart.
. "$(dirname "$0")/../lib.sh"
network 3 500 2
sign alpha beta
cd "$WORK" || exit 2
LOG=node-1/log

# --- a stand-in for systemd's end of the socket, and a receiver that a hook is
cat >notify.py <<'END'
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
while True:
    with open(sys.argv[2], 'a') as out:
        out.write(s.recv(4096).decode().replace('\n', ' ') + '\n')
END
/usr/bin/python3 notify.py "$WORK/notify" "$WORK/told" &
started="$started $!"
until_true 5 test -S notify || exit 2
for h in one two; do
    printf '#!/bin/sh\ncat >>%s\n' "$WORK/hook-$h.out" >hook-$h
    chmod 755 hook-$h
done

env NOTIFY_SOCKET="$WORK/notify" WATCHDOG_USEC=3000000 "$ASSAYD" --config node-1/assayd.yaml \
    >$LOG 2>&1 </dev/null &
daemon=$!
started="$started $daemon"
start 2
start 3
saw() { until_true "${2:-10}" grep -q "$1" $LOG; }
check 'the network runs' until_true 30 epoch_at_least 1 2
check 'systemd was told that it is ready' until_true 5 grep -qx 'READY=1' told
check 'and how it stands' until_true 10 grep -q '^STATUS=.*attested\|^STATUS=.' told
check 'and that it turns' until_true 10 grep -qx 'WATCHDOG=1' told
check 'lines name their numbers' saw 'event=epoch_closed .*epoch=1 certified='
check 'and none says a or b' sh -c "! grep -E ' [ab]=[0-9]' $LOG"

# --- USR1 and USR2
kill -USR1 $daemon
check 'USR1 has a line' saw 'event=signal .*name=SIGUSR1'
check 'and the state' saw 'event=state .*epoch=[0-9]* height=[0-9]* voting=true summary='
kill -USR2 $daemon
check 'USR2 has a line' saw 'event=signal .*name=SIGUSR2'
check 'it lives' running $daemon

# --- HUP: nothing changed
kill -HUP $daemon
check 'HUP has a line' saw 'event=signal .*name=SIGHUP'
check 'nothing was taken over' saw 'event=reload .*note="0 values taken over, 0 need a restart"'
check 'systemd was told' until_true 5 grep -qE '^RELOADING=1 MONOTONIC_USEC=[0-9]+$' told

# --- a configuration that does not fit is refused whole
cp node-1/assayd.yaml kept.yaml
printf 'log: { level: debug }\nlimits: { verify_threads: 99 }\n' >>node-1/assayd.yaml
kill -HUP $daemon
check 'it is refused, with the place' saw 'event=reload .*reason="node-1/assayd.yaml:[0-9]*:[0-9]*: limits.verify_threads: expected 1 to 16, found 99" note="refused completely'
check 'and nothing of it holds' sh -c "! grep -q level=debug $LOG"
metric() { curl -s --unix-socket node-1/admin.http http://localhost/metrics | grep -qx "$1"; }
check 'metrics say that it was refused' until_true 5 metric 'assay_config_last_reload_success 0'
check 'and that one was taken before' metric 'assay_config_reloads_total 1'
cp kept.yaml node-1/assayd.yaml
sed -i 's,genesis: .*,genesis: ../no-genesis,' node-1/assayd.yaml
kill -HUP $daemon
check 'so is one that names what is not there' saw 'event=reload .*no-genesis: there is no such file'
cp kept.yaml node-1/assayd.yaml
printf 'enforcement:\n  targets:\n    - { name: w, driver: webhook, url: "https://127.0.0.1:9/", secret: no.key }\n' \
    >>node-1/assayd.yaml
kill -HUP $daemon
check 'so is a target that cannot be opened' saw 'event=reload .*reason="enforcement.targets: w: '

# --- what is live is taken over, what is not is named
cat kept.yaml - >node-1/assayd.yaml <<END
log: { level: debug, format: json }
limits: { verify_threads: 3, drain_ms: 1500 }
enforcement:
  targets:
    - { name: one, driver: hook, path: $WORK/hook-one }
END
sed -i 's/kind: soft/kind: soft\n  deadline_ms: 1900/; s,address: 127.0.0.1:\(.*\),address: localhost:\1,' \
    node-1/assayd.yaml
kill -HUP $daemon
for key in log.level log.format limits.verify_threads limits.drain_ms 'enforcement.targets\[0\].name' \
    'peers\[0\].address'; do
    check "$key is taken over" saw "event=reload .*key=$key note=\"taken over\""
done
check 'another one needs a restart' saw 'event=reload .*key=evidence.deadline_ms note="changed, and needs a restart"'
check 'lines are JSON from now on' saw '^{"ts":.*"event":"reload".*needs\? a restart\|^{"ts":.*"level":"debug"'
check 'debug is heard' saw '"level":"debug","event":"block_finalised"'
check 'metrics say that it was taken' until_true 5 metric 'assay_config_last_reload_success 1'
before=$(field 1 status epoch)
check 'the node goes on' until_true 20 epoch_at_least 1 $((before + 2))
check 'with its peers' sh -c "'$ASSAY' status --socket node-1/admin.sock --json | grep -q '\"certified\": true'"
check 'the target is there' sh -c "'$ASSAY' enforce show --socket node-1/admin.sock | grep -qw one"
threads() { ls /proc/$daemon/task | wc -l; }
check 'threads are running' test "$(threads)" -gt 3
kill -HUP $daemon
check 'the same again: what needs a restart is named again' until_true 10 sh -c \
    "[ \$(grep -c 'evidence.deadline_ms.*needs a restart' $LOG) -ge 2 ]"
check 'and nothing else is' saw '"note":"0 values taken over, 1 need a restart"'

# --- another target in its place, and none
sed -i 's/name: one, driver: hook, path: .*/name: two, driver: hook, path: '"$(echo "$WORK" | sed 's,/,\\/,g')"'\/hook-two }/' \
    node-1/assayd.yaml
kill -HUP $daemon
check 'the other target is there' until_true 10 sh -c "'$ASSAY' enforce show --socket node-1/admin.sock | grep -q two"
check 'and the first is gone' sh -c "! '$ASSAY' enforce show --socket node-1/admin.sock | grep -qw one"
check 'it is a daemon still' running $daemon

# --- TERM, and the timeline after it
seq() { ask 1 timeline --json | sed -n 's/^ *"last_seq": \([0-9]*\),*$/\1/p'; }
last=$(seq)
kill -TERM $daemon
wait $daemon
check 'it ends with 0' test $? -eq 0
check 'systemd was told that it ends' grep -qx 'STOPPING=1' told
check 'the timeline is a file of its own' test "$(stat -c %a node-1/state/timeline)" = 600
cp kept.yaml node-1/assayd.yaml
start 1
check 'it is back' until_true 20 ask 1 status
now=$(seq)
check "numbers go on: $last before, $now after" test "${now:-0}" -ge "${last:-1}"
check 'and what happened before is told' sh -c \
    "'$ASSAY' timeline --socket node-1/admin.sock --json | grep -q '\"seq\": 1,'"

# --- two signals while it starts, and TERM twice
kill -HUP $pid_1
kill -USR1 $pid_1
check 'neither ends it' until_true 10 grep -q 'name=SIGUSR1' $LOG
check 'it lives' running $pid_1
kill -TERM $pid_1
kill -TERM $pid_1 2>/dev/null
wait $pid_1
check 'TERM twice ends it with 0' test $? -eq 0
"$ASSAYD" --config node-1/assayd.yaml >node-1/early.log 2>&1 </dev/null &
early=$!
started="$started $early"
check 'it holds them back from the first moment on' until_true 5 grep -q '^SigBlk:.*[13579bdf]$' /proc/$early/status
for i in 1 2 3 4 5 6 7 8; do kill -HUP $early 2>/dev/null && kill -USR1 $early 2>/dev/null; done
check 'signals before everything is open wait' until_true 20 grep -q 'event=signal' node-1/early.log
check 'and end nothing' running $early
finish

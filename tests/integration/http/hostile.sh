#!/bin/sh
# Clients that mean harm at one node of four: the network's finality stays what it was, memory stays bounded, and
# who asks politely is answered. About time: a round in which the machine itself was busy is made again.
root=$(cd "$(dirname "$0")/../../.." && pwd)
. "$root/tests/integration/cli/lib.sh"
SECONDS_EACH=10 seen=0
network 4 500 2
sign alpha beta
"$TOOLS/free_port" 1 >"$WORK/http_port"
one=127.0.0.1:$(cat "$WORK/http_port")
sed -i "s/^  admin: admin.sock/&\n  http: $one/" "$WORK/node-1/assayd.yaml"

up() {
    for i in 1 2 3 4; do start $i; done
    until_true 40 epoch_at_least 1 $((seen + 3))
}
down() {
    seen=$(field 1 status epoch)
    for i in 1 2 3 4; do eval "kill \$pid_$i"; done
    for i in 1 2 3 4; do eval "wait \$pid_$i"; done
}
# The second largest of the nodes' 99th percentiles, in microseconds: one node may have been unlucky.
finality() {
    for i in 1 2 3 4; do ask $i status --json | sed -n 's/.*"p99_us": \([0-9]*\).*/\1/p'; done | sort -n | sed -n 3p
}
# The most connections that the node has held, asked for while the attack lasts.
watch_connections() {
    most=0 ends=$(($(date +%s) + $1))
    while [ "$(date +%s)" -lt "$ends" ]; do
        now=$(curl -sS -m 5 "http://$one/metrics" | sed -n 's/^assay_http_connections \([0-9]*\)$/\1/p')
        [ "${now:-0}" -le "$most" ] || most=$now
        sleep 1
    done
    echo "$most"
}
peak_kib() { sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$pid_1/status"; }

round() {
    up && sleep "$SECONDS_EACH"
    quiet=$(finality) quiet_kib=$(peak_kib)
    down
    up
    /usr/bin/python3 "$root/tests/integration/http/hostile.py" "$one" "$SECONDS_EACH" >"$WORK/hostile" 2>&1 &
    hostile_pid=$!
    started="$started $hostile_pid"
    connections=$(watch_connections "$SECONDS_EACH")
    attacked=$(finality) attacked_kib=$(peak_kib)
    wait "$hostile_pid"
    polite=$?
    down
    echo "finality p99: quiet $quiet us, attacked $attacked us; memory: quiet $quiet_kib KiB, attacked" \
        "$attacked_kib KiB; connections $connections; $(cat "$WORK/hostile")"
    # Half as long again, and what a scheduler may add on a busy machine.
    [ -n "$quiet" ] && [ -n "$attacked" ] && [ "$attacked" -le $((quiet * 3 / 2 + 20000)) ] && [ "$polite" -eq 0 ]
}
held() { round || round || round; }
check 'finality under attack is at most 1.5 times the quiet one, and the polite are answered' held
check 'the attack was one' test "${connections:-0}" -ge 300
check 'connections are bounded' test "${connections:-9999}" -le 512
check 'memory is bounded' test "${attacked_kib:-999999}" -le $((${quiet_kib:-0} + 65536))
check 'garbage ended nobody' sh -c "! grep -l 'assertion\|Sanitizer\|panic' $WORK/node-*/log"
finish

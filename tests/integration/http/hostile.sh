#!/bin/sh
# Hostile clients at one node of four: its epochs go on to close, certified; connections and memory stay bounded, and
# polite clients get responses. Finality with and without them is printed. A busy
# machine may delay responses, so there are up to three rounds.
#
# HOSTILE_ROUNDS=N prints the figures of N rounds, and checks nothing else (tests/bench/net/bench_visitors.sh).
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

# Epochs that node 1 closed with a certificate.
certified() { ask 1 status --json | sed -n 's/^ *"certified_epoch": \([0-9]*\).*/\1/p'; }
round() {
    up && sleep "$SECONDS_EACH"
    quiet=$(finality) quiet_kib=$(peak_kib)
    down
    up
    from=$(certified)
    /usr/bin/python3 "$root/tests/integration/http/hostile.py" "$one" "$SECONDS_EACH" >"$WORK/hostile" 2>&1 &
    hostile_pid=$!
    started="$started $hostile_pid"
    connections=$(watch_connections "$SECONDS_EACH")
    attacked=$(finality) attacked_kib=$(peak_kib) closed=$(($(certified) - from))
    wait "$hostile_pid"
    polite=$?
    down
    echo "epochs: $closed; finality p99: quiet $quiet us, attacked $attacked us; memory: quiet $quiet_kib KiB, attacked" \
        "$attacked_kib KiB; connections $connections; $(cat "$WORK/hostile")"
    # Two a second; half of them, for a busy machine.
    [ "$closed" -ge "$SECONDS_EACH" ] && [ "$polite" -eq 0 ]
}
if [ -n "${HOSTILE_ROUNDS-}" ]; then
    [ -z "${ASSAY_BENCH-}" ] || HOSTILE_ROUNDS=1
    for i in $(seq "$HOSTILE_ROUNDS"); do
        round || check "round $i: epochs close and polite clients get responses" false
        awk -v a="$attacked" -v q="$quiet" 'BEGIN { printf "round '"$i"': attacked / quiet = %.2f\n", a / q }'
        checks=$((checks + 1))
    done
    finish
fi
held() { round || round || round; }
check 'epochs close under attack, and polite clients get responses' held
check 'the attack was one' test "${connections:-0}" -ge 300
check 'connections are bounded' test "${connections:-9999}" -le 512
check 'memory is bounded' test "${attacked_kib:-999999}" -le $((${quiet_kib:-0} + 65536))
check 'garbage ended nobody' sh -c "! grep -l 'assertion\|Sanitizer\|panic' $WORK/node-*/log"
finish

#!/bin/sh
# The sockets between members are in a process of their own: what that process may not, what becomes of a network in
# which the transports of nodes fall again and again, of the member whose messages fell one, and that it comes and goes
# with its daemon.
. "$(dirname "$0")/../lib.sh"
cd "$WORK" || exit 2

transport_of() { # transport_of PID: the transport of a daemon
    for child in $(cat /proc/"$1"/task/*/children); do
        tr '\0' ' ' 2>/dev/null <"/proc/$child/cmdline" | grep -q '^assay-transport ' && echo "$child" && return
    done
}
counter() { # counter NUMBER NAME
    ask "$1" counters --json | tr ',{}' '\n' | sed -n "s/^ *\"$2\": *\([0-9]*\).*/\1/p" | head -n 1
}
at_least() { # at_least NUMBER COUNTER VALUE
    [ "$(counter "$1" "$2")" -ge "$3" ]
}
listens() { # listens PID: the sockets that it listens on are its own
    for inode in $(awk '$4 == "0A" { print $10 }' /proc/net/tcp /proc/net/tcp6); do
        find "/proc/$1/fd" -lname "socket:\[$inode\]" 2>/dev/null
    done | grep -q .
}
network 4 2000 2
sign alpha beta

# --- the program is the daemon's alone, and of the same build
expect 1 'expected to be started by assayd' "$LIBEXEC/assay-transport"
expect 1 'found abort:1' "$LIBEXEC/assay-transport" abort:1
expect 2 'listen.transport: expected process or thread, found "fibre"' \
    "$ASSAYD" --config node-1/assayd.yaml --set listen.transport=fibre --check-config

# --- three good nodes, and one whose transport falls over every 300th frame
export ASSAY_BYZANTINE_TRANSPORT=
for n in 1 2 3; do start $n; done
ASSAYD=$CAST/assayd-byzantine ASSAY_BYZANTINE_TRANSPORT=abort:300
start 4
good=$pid_1
until_true 60 epoch_at_least 1 3 || wrong "it does not run: $(tail -n 3 node-1/log)"
check 'a daemon has one transport' test "$(transport_of "$good" | wc -l)" -eq 1
transport=$(transport_of "$good")
check 'it filters calls' grep -q '^Seccomp:.*2$' "/proc/$transport/status"
check 'no new privileges' grep -q '^NoNewPrivs:.*1$' "/proc/$transport/status"
check 'no environment with it' sh -c "! tr '\\0' '\\n' </proc/$transport/environ | grep -qv '^[A-Z]*SAN_OPTIONS=\\|^LD_\\|^OPENSSL_'"
grep -q 'event=transport_ready.*memory=true' node-1/log && check 'no core file, no file' \
    sh -c "grep -q 'Max file size *0 ' /proc/$transport/limits && grep -q 'Max core file size *0 ' /proc/$transport/limits"
grep -q 'event=transport_ready.*memory=true' node-1/log && check 'of four members not more than 160 MiB of addresses' \
    awk '/^Max address space/ { found = $4 <= 160 * 1048576 } END { exit !found }' "/proc/$transport/limits"
if [ "$(id -u)" -eq 0 ]; then
    check 'it has the listener' listens "$transport"
    check 'no library of the daemon but of sockets' maps_only "$transport" "$LIBEXEC/assay-transport"
    maps_only "$good" "$LIBEXEC/assay-transport" >"$WORK/more" && wrong 'libraries of the daemon are not seen'
    check 'nothing of the store' sh -c "! ls -l /proc/$transport/fd | grep -q '$WORK'"
fi
check 'it is told' grep -q 'event=transport_ready' node-1/log

until_true 90 at_least 4 transport_ended 2 || wrong "nothing fell: $(counter 4 transport_ended)"
check 'with its last words' grep -q 'event=transport_ended.*SIGABRT: a planted abort' node-4/log
check 'and with whose message it was' grep -q 'event=transport_ended.*shut_out=node-[123].* for_ms=10000' node-4/log
check 'nothing fell elsewhere' test "$(counter 1 transport_ended)" -eq 0
kill -TERM "$pid_4"
wait "$pid_4"
ASSAYD=$BIN/assayd
start 4

# --- killed from outside, twelve times in a row (a unit test does it a thousand times): the next one is there
killed=0
while [ "$killed" -lt 12 ]; do
    transport=$(transport_of "$good")
    [ -n "$transport" ] && kill -KILL "$transport" 2>/dev/null && killed=$((killed + 1))
    sleep 0.1
done
until_true 30 at_least 1 transport_ended 12 || wrong "their ends are not seen: $(counter 1 transport_ended)"
check 'nobody is shut out for it' test "$(counter 1 transport_excluded)" -eq 0
before=$(field 1 status epoch)
until_true 60 epoch_at_least 1 $((before + 3)) || wrong 'epochs do not go on'

for n in 1 2 3 4; do
    check "nobody is suspended, says $n" sh -c "! '$ASSAY' status --json --socket '$WORK/node-$n/admin.sock' | grep -q SUSPENDED"
done

# --- one that was stopped: it does not turn, and is ended after five seconds
until_true 20 sh -c "[ -n \"\$(pgrep -P $good -f '^assay-transport ')\" ]" || wrong 'there is none'
transport=$(transport_of "$good")
kill -STOP "$transport"
until_true 30 at_least 1 transport_stalled 1 || wrong 'a transport that stands still is not seen'
check 'in words' grep -q 'event=transport_ended.*its loop does not turn' node-1/log
before=$(field 1 status epoch)
until_true 60 epoch_at_least 1 $((before + 3)) || wrong 'epochs do not go on'

# --- it ends with its daemon, even with one that is killed
transport=$(transport_of "$pid_2")
kill -TERM "$pid_2"
until_true 20 sh -c "! kill -0 $transport 2>/dev/null" || wrong 'a transport outlives its daemon'
transport=$(transport_of "$pid_3")
kill -KILL "$pid_3"
until_true 20 sh -c "! kill -0 $transport 2>/dev/null" || wrong 'a transport outlives a daemon that was killed'

# --- without a process: sockets in the daemon, as programs of services have them
sed -i 's/^\(listen: *{\)/\1 transport: thread,/; s/^listen:$/listen:\n  transport: thread/' node-2/assayd.yaml
start 2
until_true 60 sh -c "grep -c event=node_open '$WORK/node-2/log' | grep -q 2" || wrong "it does not start: $(tail -n 2 node-2/log)"
check 'no transport' test -z "$(transport_of "$pid_2")"
before=$(field 2 status epoch)
until_true 60 epoch_at_least 2 $((before + 2)) || wrong 'it does not take part'
finish

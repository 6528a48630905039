#!/bin/sh
# Above so many members daemons keep links to neighbours alone (docs/protocol.md 4.12.1): every epoch is
# certified, everybody is heard of and stands in full, nobody has a link to all; who dies is missed, who comes back
# catches up over links for a moment. The number of members above which it is so is 8 here, by the test build of
# the daemon; a daemon of 64 members and less has none of it.
. "$(dirname "$0")/../lib.sh"
ASSAYD=$CAST/assayd-byzantine
ASSAY_TEST_OVERLAY=8,4
export ASSAY_TEST_OVERLAY
[ -x "$ASSAYD" ] || { echo "$ASSAYD is missing" >&2; exit 2; }
NODES=16
operators='o1 o2 o3 o4 o5' vendors='1 2 3 4'
network $NODES 3000 3
sign o1 o2 o3

all() { seq $NODES; }
for i in $(all); do start $i; done
for i in 1 8 16; do check "node-$i closes epochs" until_true 90 epoch_at_least $i 5; done

# every NUMBER: each member that node sees: standing, availability in full, present; and how many.
everybody() {
    ask "$1" nodes --json >"$WORK/nodes" || return 1
    /usr/bin/python3 - "$WORK/nodes" "$NODES" ${2:-} <<'END'
import json, sys
nodes = json.load(open(sys.argv[1]))["data"]["nodes"]
away = set(sys.argv[3:])
bad = [n["name"] for n in nodes if n["name"] not in away and
       (n["standing"] != "FULL" or n["availability_bp"] != 10000 or not n["present"])]
if len(nodes) != int(sys.argv[2]) or bad:
    sys.exit("%d nodes; not in full: %s" % (len(nodes), bad))
END
}
for i in 1 5 9 16; do check "everybody stands in full for node-$i" everybody $i; done

# transport_of PID: the process of a daemon that has its sockets.
transport_of() {
    for child in $(cat /proc/"$1"/task/*/children); do
        tr '\0' ' ' <"/proc/$child/cmdline" | grep -q '^assay-transport ' && echo "$child" && return
    done
}
# What each has: chosen, others, asked; TCP connections that stand, one each way for a neighbour.
links() {
    for i in $(all); do
        ask $i status --json >"$WORK/status.$i" || return 1
        eval "transport_of \$pid_$i" >"$WORK/pid.$i"
    done
    /usr/bin/python3 - "$WORK" "$NODES" <<'END'
import json, os, sys
work, count, total = sys.argv[1], int(sys.argv[2]), 0
rows = [line.split() for name in ("tcp", "tcp6") for line in open("/proc/net/" + name)]
stand = {row[9] for row in rows if row[3] == "01"}
for i in range(1, count + 1):
    n = json.load(open("%s/status.%d" % (work, i)))["data"]["neighbours"]
    fds = "/proc/%s/fd/" % open("%s/pid.%d" % (work, i)).read().strip()
    ends = []
    for fd in os.listdir(fds):
        try:
            ends.append(os.readlink(fds + fd))
        except OSError:
            pass
    up = sum(e.startswith("socket:[") and e[8:-1] in stand for e in ends)
    near = n["chosen"] + n["others"] + n["asked"]
    total += near
    if not n["used"] or not 3 <= near <= 9 or not near <= up <= 2 * (near + n["transient_links"]) + 4:
        sys.exit("node-%d has %s, %d connections" % (i, n, up))
print("neighbours of a node: %.1f of %d others" % (total / count, count - 1))
sys.exit(total >= count * (count - 1) * 3 / 4)
END
}
check 'everybody has a few neighbours' until_true 20 links
links
certified() { [ "$(field "$1" status certified)" = true ]; }
for i in 1 5 9 16; do check "epochs are certified for node-$i" certified $i; done

# Three of sixteen die at once, and one of them comes back.
for i in 3 4 5; do eval "kill -KILL \$pid_$i"; done
e=$(field 1 status epoch)
check 'epochs go on without three' until_true 60 epoch_at_least 1 $((e + 3))
check 'the other end of the network as well' until_true 10 epoch_at_least 16 $((e + 2))
start 4
check 'who comes back catches up' until_true 60 epoch_at_least 4 $((e + 5))
voting() { [ "$(field "$1" status voting)" = true ]; }
check 'and votes' until_true 30 voting 4

# In order, too: nothing is left behind, and nobody is taken for a traitor.
for i in $(all); do eval "kill -TERM \$pid_$i" 2>/dev/null; done
for i in $(all); do eval "wait \$pid_$i" 2>/dev/null; done
bugs=$(grep -lE 'Sanitizer|assertion failed|runtime error' "$WORK"/node-*/log || true)
check "no daemon has a bug: $bugs" test -z "$bugs"
for code in peer_banned peer_excluded offence; do
    found=$(grep -l "$code" "$WORK"/node-*/log || true)
    check "$code is in no log: $found" test -z "$found"
done
finish

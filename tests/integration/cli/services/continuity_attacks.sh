#!/bin/sh
# Attacks on state continuity through libassay-continuity, with daemons and replicas that run: one key and folder in two
# networks, a member's users that fill the table of instances, an instance that requests receipts without end, and a
# replica that restarts again and again. An honest program keeps its states and goes on.
root=$(cd "$(dirname "$0")/../../../.." && pwd)
. "$(dirname "$0")/../lib.sh"
cd "$WORK" || exit 2
library=$(find "${BIN%/bin}/quote/api" -name 'libassay-continuity.so' 2>/dev/null | head -n 1)
[ -n "$library" ] || { echo 'this build has no libassay-continuity' >&2; exit 77; }
command -v python3 >/dev/null || { echo 'there is no Python' >&2; exit 77; }
export LD_LIBRARY_PATH="$(dirname "$library")" PYTHONPATH="$root/bindings/python" PYTHONDONTWRITEBYTECODE=1

end_networks() {
    for net in net other; do "$ASSAY" setup local "$WORK/$net" --stop >/dev/null 2>&1; done
    stop_all
}
trap end_networks EXIT
for net in net other; do
    expect 0 'services: ' "$ASSAY" setup local --dir $net --services --epoch-ms 1500 --port 0
    "$ASSAY" setup local $net --start >start.$net 2>&1 </dev/null || wrong "the network does not start: $(cat start.$net)"
    expect 0 '' "$ASSAY" checkpoint --out checkpoint.$net --socket $net/node-1/admin.sock
done
cat >common.py <<'END'
import sys
import time

import assay


def read(path):
    with open(path, "rb") as file:
        return file.read()


def within(call, seconds=60):
    """Its result, after any number of InDoubt."""
    until = time.monotonic() + seconds
    while True:
        try:
            return call()
        except assay.InDoubt:
            if time.monotonic() > until:
                raise


def save(c, state):
    """Given once, and waited for."""
    index = c.update(state)
    within(lambda: c.wait(index, 1000))


def result_of(call):
    try:
        call()
    except assay.ContinuityError as error:
        return error.result.name
    return "OK"


def sockets(net, node):
    return "%s/node-%d/admin.svcs" % (net, node)


def opened(folder, key, net="net", node=1, make=assay.Continuity.open, checkpoint=None):
    c = make(sockets(net, node), folder, read("checkpoint." + (checkpoint or net)), key)
    within(lambda: c.start(1000))
    return c


KEY, OTHER = bytes([7] * 32), bytes([8] * 32)
END

# --- one key file and one folder, two networks: nothing is certified in the other one
cat >two.py <<'END'
from common import *

with opened("a", KEY, make=assay.Continuity.create) as c:
    save(c, b"one")
for net, checkpoint in (("other", "other"), ("other", "net"), ("net", "other")):
    found = result_of(lambda: opened("a", KEY, net, checkpoint=checkpoint))
    assert found == "OTHER_CHAIN" or (net, checkpoint, found) == ("other", "net", "IN_DOUBT"), (net, checkpoint, found)
with opened("a", KEY) as c:
    assert (c.state, c.index) == (b"one", 1), c.status
# A new instance of the same key in the other network is another instance.
with opened("b", KEY, "other", make=assay.Continuity.create) as c, opened("a", KEY) as d:
    assert c.status.instance != d.status.instance and c.status.chain_id != d.status.chain_id
    assert c.index == 0 and d.index == 1
print("bound to one chain")
END
expect 0 'bound to one chain' python3 two.py

# --- a user of one member's socket creates instances that nothing uses, as many as it gets
cat >fill.py <<'END'
from common import *

with opened("honest", OTHER, make=assay.Continuity.create) as c:
    save(c, b"one")
count, last = 0, "OK"
while last == "OK" and count < 128:
    with assay.Continuity.create(sockets("net", 1), "fill-%d" % count, read("checkpoint.net"), KEY) as c:
        last = result_of(lambda: within(lambda: c.start(1000), 20))
    count += last == "OK"
assert last == "QUOTA" and 2 <= count < 128, (last, count)
with opened("honest", OTHER) as c:  # an existing one restarts at the same member, and goes on
    save(c, b"two")
with opened("new", OTHER, node=2, make=assay.Continuity.create) as c:  # and another member has room
    save(c, b"one")
print("QUOTA after %d instances" % count)
END
expect 0 'QUOTA after ' python3 fill.py
printf '%s\n' "$out"

# --- an instance requests receipts as fast as it can
cat >flood.py <<'END'
import threading

from common import *


def rate(c, seconds):
    """States a second, one at a time."""
    until, count = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        save(c, b"state")
        count += 1
    return count / seconds


ended, asked = threading.Event(), [0]


def flood(c):
    while not ended.is_set():
        asked[0] += 1
        result_of(lambda: c.receipt(asked[0].to_bytes(32, "big"), 0))


with opened("honest", OTHER) as c, opened("a", KEY, node=2) as hostile:
    before = rate(c, 4)
    thread = threading.Thread(target=flood, args=(hostile,))
    thread.start()
    during = rate(c, 4)
    ended.set()
    thread.join()
    first = within(lambda: c.receipt(OTHER, 1000))
    assert asked[0] > 100 and during > before / 10 and first, (asked, before, during)
print("%d requests, %.0f states/s before and %.0f meanwhile" % (asked[0], before, during))
END
expect 0 'states/s before' python3 flood.py
printf '%s\n' "$out"

# --- a replica with a seat is killed and starts again, time after time: the honest program goes on
status() { "$ASSAY" continuity status --socket net/node-4/admin.sock; }
view() { status | sed -n 's/.*state: serving, view \([0-9]*\).*/\1/p' | head -n 1; }
for node in 1 2 3 4; do status | sed -n 's/^  seats *//p' | grep -q "node-$node" && seat=$node; done
replica=$(pgrep -f "$WORK/net/node-$seat/replica.yaml" | head -n 1)
check 'a seat has a replica' test -n "$replica"
check 'the first view serves' test "$(view)" = 0
[ -z "$replica" ] || kill -KILL "$replica"
flap() {
    for turn in 1 2 3 4 5 6 7 8 9 10; do
        "$BIN/assay-replica" --config "$WORK/net/node-$seat/replica.yaml" >/dev/null 2>&1 </dev/null &
        again=$!
        sleep 2
        kill -KILL $again
        wait $again 2>/dev/null
    done
}
cat >honest.py <<'END'
from common import *

longest, count, until = 0, 0, time.monotonic() + 22
with opened("honest", OTHER, node=int(sys.argv[1])) as c:
    while time.monotonic() < until:
        began = time.monotonic()
        index = c.update(b"state")
        within(lambda: c.wait(index, 500))
        count, longest = count + 1, max(longest, time.monotonic() - began)
    assert count > 100 and longest < 15, (count, longest)
print("%d states, the longest took %.1f s" % (count, longest))
END
flap 2>/dev/null &
flapping=$!
expect 0 'states, the longest took ' python3 honest.py $((seat % 4 + 1))
printf '%s\n' "$out"
wait $flapping
at=$(view)
check "ten restarts cost a change of views, and few (view ${at:-none})" test "${at:-9}" -ge 1 -a "${at:-9}" -le 4
finish

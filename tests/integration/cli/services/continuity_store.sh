#!/bin/sh
# Key-value stores of libassay-sqlite in a network, through the Python binding: a program that is killed at any time has
# every batch that it had reported, and no part of another one; older files, copies and databases of other programs are
# refused by name.
. "$(dirname "$0")/../lib.sh"
cd "$WORK" || exit 2
root=$(cd "$(dirname "$0")/../../../.." && pwd)
library=$(find "${BIN%/bin}/quote/api" -name 'libassay-sqlite.so' 2>/dev/null | head -n 1)
[ -n "$library" ] || { echo 'this build has no libassay-sqlite' >&2; exit 77; }
command -v python3 >/dev/null || { echo 'there is no Python' >&2; exit 77; }
LD_LIBRARY_PATH="$(dirname "$library")" PYTHONPATH="$root/bindings/python" PYTHONDONTWRITEBYTECODE=1
export LD_LIBRARY_PATH PYTHONPATH PYTHONDONTWRITEBYTECODE

end_network() {
    "$ASSAY" setup local "$WORK/net" --stop >/dev/null 2>&1
    stop_all
}
trap end_network EXIT

expect 0 'services: ' "$ASSAY" setup local --dir net --services --epoch-ms 1500 --port 0
"$ASSAY" setup local net --start >start 2>&1 </dev/null || wrong "the network does not start: $(cat start)"
head -c 32 /dev/urandom >key
expect 0 '' "$ASSAY" checkpoint --out checkpoint --socket net/node-1/admin.sock

# store.py create|open NAME BATCHES: prints the number of the last batch that it finds, then that of each batch that is
# certified. Batch n writes n as the value of ten keys, and moves one more key.
cat >store.py <<'END'
import pathlib
import sys

import assay

verb, name, batches = sys.argv[1], sys.argv[2], int(sys.argv[3])
make = assay.KeyValueStore.create if verb == "create" else assay.KeyValueStore.open
try:
    with make("net/node-1/admin.svcs", name + ".db", name, pathlib.Path("checkpoint").read_bytes(),
              pathlib.Path("key").read_bytes()) as store:
        store.start(60000)
        found = dict(store.items(prefix=b"k"))
        last = int(found[b"k0"]) if found else 0
        expected = {b"k%d" % i: b"%d" % last for i in range(10 if last else 0)}
        moved = [key for key, _ in store.items(start=b"m", stop=b"n")]
        if found != expected or moved != [b"m%d" % last] * (last > 0) or store.count() != len(found) + len(moved):
            sys.exit("HALF: %r %r" % (found, moved))
        store.confirm(60000)
        print(last, flush=True)
        for n in range(last + 1, last + 1 + batches):
            with store.batch():
                for i in range(10):
                    store.put(b"k%d" % i, b"%d" % n)
                store.delete(b"m%d" % (n - 1))
                store.put(b"m%d" % n, bytes(5000))
            print(n, flush=True)
except assay.ContinuityError as error:
    sys.exit(str(error))
END
run_store() { python3 store.py "$@"; }

expect 0 2 run_store create a 2
cp -a a yesterday && cp a.db yesterday.db
expect 0 3 run_store open a 1

# --- killed again and again, mostly while it commits
for delay in 0.3 0.7 1.1 1.5 1.9 2.3 2.7 3.1 1.3 2.1; do
    python3 store.py open a 1000000 >killed.out 2>killed.err &
    running=$!
    started="$started $running"
    sleep "$delay"
    kill -KILL $running 2>/dev/null
    wait $running 2>/dev/null
    run_store open a 0 >found 2>errors || wrong "a start after a kill at $delay: $(cat errors)"
    reported=$(tail -n 1 killed.out)
    found=$(cat found)
    check "killed after $delay s: ${reported:-nothing} reported, $found found" \
        test "$found" -ge "${reported:-$((${last:-3}))}" -a "$found" -le $((${reported:-${last:-3}} + 1))
    last=$found
done
check "batches were made between the kills: $last" test "$last" -gt 10

# --- yesterday's files, and a database of another program
cp -a a now && cp a.db now.db && cp yesterday.db a.db
expect 1 '/a.db: certified last was commit ' run_store open a 0
expect 1 'certified last was index ' run_store open yesterday 0
cp now.db a.db
expect 0 "$last" run_store open a 0
notes=${BIN%/bin}/examples/example_notes
expect 0 note "$notes" create net/node-1/admin.svcs checkpoint key b b.db note
expect 1 'SEALED: b.db: the database is of another program: expected the table of a store alone, found table notes' \
    run_store open b 0
expect 0 note "$notes" open net/node-1/admin.svcs checkpoint key b b.db

# --- a copy: the one that starts with the newer history goes on
cp -a a clone && cp a.db clone.db
expect 0 $((last + 1)) run_store open clone 1
expect 1 'ROLLBACK: ' run_store open a 1

# --- a signal handler that raises ends the wait of a commit, whose batch is there or is not
cat >interrupted.py <<'END'
import pathlib
import signal
import sys

import assay

store = assay.KeyValueStore.open("net/node-1/admin.svcs", "clone.db", "clone", pathlib.Path("checkpoint").read_bytes(),
                                 pathlib.Path("key").read_bytes())
store.start(60000)
print("started", flush=True)
sys.stdin.readline()
signal.signal(signal.SIGALRM, signal.default_int_handler)
signal.alarm(1)
try:
    store.put(b"z", b"1")
except KeyboardInterrupt:
    print("interrupted", store.result.name)
try:
    store.get(b"z")
except assay.InDoubt as error:
    print("then", error.result.name)
store.close()
END
mkfifo go
python3 interrupted.py <go >interrupted.out 2>&1 &
running=$!
started="$started $running"
exec 9>go
until_true 5 grep -q started interrupted.out || wrong "no start: $(cat interrupted.out)"
"$ASSAY" setup local net --stop >/dev/null 2>&1
echo >&9
wait $running
check "interrupted: $(tr '\n' ' ' <interrupted.out)" \
    test "$(tail -n 2 interrupted.out | tr '\n' ' ')" = 'interrupted IN_DOUBT then IN_DOUBT '

finish

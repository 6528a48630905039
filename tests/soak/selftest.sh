#!/bin/sh
# The soak can fail: what is planted is found, and named for what it is. And a short one without a plant holds.
#
# usage: selftest.sh BIN TOOLS plants|short
here=$(cd "$(dirname "$0")" && pwd)
failures=0
# soak STATUS TEXT ARGUMENT...: ends with the status, and says so.
soak() {
    want=$1 text=$2
    shift 2
    out=$(PYTHONDONTWRITEBYTECODE=1 timeout 170 /usr/bin/python3 "$here/soak.py" "$BIN" "$TOOLS" --epoch 2000 "$@" 2>&1)
    got=$?
    [ $got -ne 77 ] || { echo "$out"; exit 77; }
    case $out in *"$text"*) [ $got -eq "$want" ] && { printf '%s\n' "$out" | tail -2; return; } ;; esac
    echo "FAILED: expected status $want and \"$text\", found $got: $out" >&2
    failures=$((failures + 1))
}
BIN=$1 TOOLS=$2
if [ "$3" = short ]; then
    soak 0 '"violations": []' --minutes 0.4 --seed 1
    exit $failures
fi
cd "$here" && PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 - <<'END' || failures=1
from watch import flat
assert flat([100] * 50, 0.25, 10)[0] and flat([5, 60] + [100] * 50, 0.25, 10)[0]
assert not flat([100 + 3 * i for i in range(50)], 0.25, 10)[0], "a leak is no plateau"
END
soak 1 'VIOLATION: no epoch ended for ' --plant stall --minutes 1 --nodes 5
soak 1 'sees: node-3 is honest, and its integrity is ' --plant enclave --minutes 1 --nodes 5
soak 1 'VIOLATION: node-2: audit: ' --plant store --minutes 0.05 --nodes 5
exit $failures

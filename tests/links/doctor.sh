#!/bin/sh
# `assay doctor net` over links whose delay is known: which T they carry, who is too slow for T, and why.
. "$(dirname "$0")/lib.sh"
hub <<'END'
seed 7
host n1
host n2
host n3
host n4
link * * delay 20
END
linked 4 2000
start_all
check 'the network begins' until_true 40 epoch_at_least 4 3
doctor() { "$ASSAY" doctor net --socket "$WORK/node-1/admin.sock" "$@"; }
# says STATUS TEXT: within some rounds (they forget slowly what was worse at the start) it ends so, and says so.
says() { out=$(doctor); [ $? -eq "$1" ] && case $out in *"$2"*) ;; *) false ;; esac; }
check '40 ms there and back fit 2 s' until_true 40 says 0 'links from here carry epochs of'
expect 0 'T is 2.0 s: one way may take 125 ms' doctor
expect 0 '"fit": "fits"' doctor --json

hub_do both n1 n4 delay 300
tell 'n1 - n4: 300 ms one way'
check 'one is too slow, and it is said who' until_true 20 says 10 'node-4           slow'
case $out in *'the way '*'warn: slow members'*) ;; *) wrong "it does not say why: $out" ;; esac
printf '%s\n' "$out"
expect 10 '"schema": "assay.doctor.net"' doctor --json
printf '%s' "$out" >"$WORK/said"
check 'T for a quorum fits, T for all is eight times the round' /usr/bin/python3 - "$WORK/said" <<'END'
import json, sys
d = json.load(open(sys.argv[1]))["data"]
slow = [l for l in d["links"] if l["fit"] == "slow"]
assert d["health"] == "warn" and len(d["links"]) == 3 and [l["name"] for l in slow] == ["node-4"], d
assert 8 * slow[0]["round_worst_ms"] <= slow[0]["needs_epoch_ms"] <= 8 * slow[0]["round_worst_ms"] + 8, d
assert slow[0]["round_worst_ms"] >= 600 and d["all_epoch_ms"] == slow[0]["needs_epoch_ms"] > d["epoch_ms"], d
assert d["quorum_epoch_ms"] <= d["epoch_ms"] == 2000 and d["way_ms"] == 125, d
END

hub_do both n1 '*' delay 300
tell 'n1 - all: 300 ms one way'
check 'then no quorum follows T' until_true 20 says 11 'fail: epochs of T will end late or not at all'
hub_do both n1 '*' delay 20
kill -TERM "$pid_3"
check 'who ended is said to have ended' until_true 20 sh -c '"$@" | grep -q "^node-3 .*it announced its stop"' sh \
    "$ASSAY" doctor net --socket "$WORK/node-1/admin.sock"
kill -KILL "$pid_1"
expect 3 'is assayd running' doctor
sane
over
finish

#!/bin/sh
# A store of a real daemon is audited, and every kind of item in it is tampered with.
. "$(dirname "$0")/../lib.sh"
network 4 500 2
sign alpha beta
cd "$WORK" || exit 2
for i in 1 2 3 4; do start $i; done
check "epochs close" until_true 30 epoch_at_least 1 6
kill -KILL "$pid_4" # loses its store, and comes back with new keys
wait "$pid_4" 2>/dev/null
rm -rf node-4/state
start 4
incarnated() { [ "$(field 4 status incarnation)" = 2 ]; }
check "new keys are listed" until_true 60 incarnated
expect 0 'node-4 re-registered, with new keys' ask 1 timeline # and no reason that is another event's
later=$(($(field 1 status epoch) + 3))
check "epochs close" until_true 60 epoch_at_least 1 $later
expect 0 'roster_digest' ask 1 checkpoint --out later
audit() { verb=$1 store=$2; shift 2; "$ASSAY" audit "$verb" "$store" --genesis genesis "$@"; }
expect 6 'stop it, or verify a copy' audit verify node-1/state
for i in 1 2 3 4; do eval "kill -TERM \$pid_$i; wait \$pid_$i"; done

# --- honest stores
for i in 1 2 3 4; do
    before=$(cat node-$i/state/store.sqlite* | sha256sum)
    expect 0 'holds ' audit verify node-$i/state
    expect 0 'holds ' audit replay node-$i/state/store.sqlite
    check "looking at store $i changes nothing" \
        test "$before" = "$(cat node-$i/state/store.sqlite* | sha256sum)"
done
expect 0 'signatures     verified' audit verify node-1/state
case $out in *'evidence       0 '*) wrong "no evidence was verified again: $out" ;; esac
expect 0 'signatures     verified' audit replay node-1/state
# Without signatures nothing is proven, whatever it is held against.
for held in '' '--checkpoint later'; do
    expect 12 'not audited    signatures' audit replay node-1/state --no-signatures $held
    expect 12 '"proven": false' audit replay node-1/state --no-signatures --json $held
done
expect 2 'usage: assay audit' audit verify node-1/state --no-signatures
expect 0 'FULL' audit replay node-1/state --table
expect 2 '--from 999999: the store ends at epoch ' audit verify node-1/state --from 999999
# On a terminal it says how far it is; into a pipe it does not.
on_terminal() {
    /usr/bin/python3 -c 'import os, pty, sys
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))' "$@" </dev/null
}
expect 0 ' a minute  ETA ' on_terminal "$ASSAY" audit verify node-1/state --genesis genesis
case $out in *' epochs  '*' %'*'holds '*) ;; *) wrong "progress of what? $out" ;; esac
case $(audit verify node-1/state 2>&1) in *ETA*) wrong 'progress into a pipe' ;; esac

# For programs: the same figures, one document.
audit verify node-1/state --json >verified.json
audit replay node-1/state --json >replayed.json
check 'documents of an audit' /usr/bin/python3 - <<'END'
import json
for name in ("verified", "replayed"):
    d = json.load(open(name + ".json"))
    assert d["schema"] == "assay.audit" and d["schema_version"] == 1, d
    d = d["data"]
    assert d["holds"] is True and "fault" not in d and d["signatures_verified"] is True, d
    assert d["proven"] is True, d
    assert d["epochs"] >= 6 and d["head_epoch"] >= 6 and len(d["head_id"]) == 64 and d["score_rows"] > 0, d
    assert d["verb"] == {"verified": "verify", "replayed": "replay"}[name], d
END

# --- rows that are missing: without boundaries nothing proves what lies behind them
without() { # CONDITION TABLE...
    rm -rf gap
    cp -r node-1/state gap
    /usr/bin/python3 - "$@" <<'END'
import sqlite3, sys
db = sqlite3.connect("gap/store.sqlite")
for table in sys.argv[2:]:
    db.execute("DELETE FROM %s WHERE %s" % (table, sys.argv[1]))
db.commit()
END
}
for epochs in 'epoch = 1' 'epoch <= 3' 'epoch BETWEEN 3 AND 4'; do
    without "$epochs" blocks states anchors
    expect 0 'holds ' audit verify gap # over boundaries
    without "$epochs" blocks states anchors boundaries finality
    expect 12 'not audited ' audit verify gap
    expect 12 'not audited ' audit replay gap
    expect 12 '"proven": false' audit verify gap --json
    expect 0 'holds ' audit verify gap --checkpoint later
done
without 'epoch = 3' blocks states finality
expect 12 'not audited ' audit verify gap

# --- what it is given
expect 5 'No such file' audit verify node-9/state
check 'looking makes no store' test ! -e node-9
expect 5 'nothing: no such file' "$ASSAY" audit verify node-1/state --genesis nothing
expect 13 'plan.yaml' "$ASSAY" audit verify node-1/state --genesis plan.yaml
expect 2 'usage: assay audit' "$ASSAY" audit verify node-1/state
expect 2 'usage: assay audit' audit verify node-1/state --table
expect 2 'usage: assay audit' audit praise node-1/state
expect 2 'usage: assay audit' audit verify node-1/state --from yesterday
expect 0 'usage: assay audit' "$ASSAY" audit --help

# --- one byte of one item, its checksum made to fit: class, index, byte, what is said
forged() {
    rm -rf forged
    cp -r node-1/state forged
    check "class $1 has item $2" "$TOOLS/tamper" forged/store.sqlite "$1" "$2" "$3"
    expect 11 "$4" audit verify forged
    check 'one line' test "$(printf '%s\n' "$out" | wc -l)" -eq 1
    audit verify forged --json >forged.json 2>/dev/null
    check 'a document that says what does not hold' /usr/bin/python3 -c 'import json
d = json.load(open("forged.json"))
assert d["schema"] == "assay.audit" and d["data"]["holds"] is False, d
assert d["data"]["fault"]["in"] and d["data"]["fault"]["what"] and d["data"]["fault"]["epoch"] >= 0, d'
}
forged 2 0 700 'states, era 0, epoch'
forged 3 3 60 'finality, era 0, epoch 4'
forged 4 7 200 'blocks, era 0, epoch'
forged 5 2 180 'certificates, era 0, epoch'
forged 6 2 150 'votes, era 0, epoch'
forged 7 0 150 'envelopes, era 0, epoch'
forged 8 0 150 'ballots, era 0, epoch'
forged 11 1 77 'evidence, era 0, epoch'
for byte in 0 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40; do forged 12 5 $byte 'scores, epoch'; done
forged 13 1 300 'proposals, era 0, epoch'
# ... and under another epoch, with every byte as it was (protocol.md 11.4.5)
forged 7 0 epoch 'epoch that the row is stored under: expected '
forged 8 0 epoch 'epoch that the row is stored under: expected '

# --- signatures of finality proofs, of a node that made up all behind a checkpoint
cp -r node-1/state unsigned
check 'there is a finality proof' "$TOOLS/tamper" unsigned/store.sqlite 3 3 200
for verb in verify replay; do
    expect 11 'signature in the finality proof' audit $verb unsigned --checkpoint later
done
expect 12 'not audited    signatures' audit replay unsigned --checkpoint later --no-signatures

# --- and bytes that the disk changed
cp -r node-1/state lost
at=$(grep -abo 'assay/block/v1' lost/store.sqlite | sed -n '9s/:.*//p')
printf '\377\000\377' | dd of=lost/store.sqlite bs=1 seek=$((at + 60)) conv=notrunc 2>/dev/null
expect 11 ': its content proves nothing; keep it, and start the node with what a peer saved' audit verify lost
cp -r node-1/state torn # a page that SQLite itself cannot read
/usr/bin/python3 - <<'END'
import sqlite3
db = sqlite3.connect("torn/store.sqlite")
db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
page, = db.execute("PRAGMA page_size").fetchone()
root, = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'blocks'").fetchone()
db.close()
with open("torn/store.sqlite", "r+b") as f:
    f.seek((root - 1) * page)
    f.write(b"\xff" * 16)
END
expect 11 'damaged (' audit verify torn
case $out in *'start the node with what a peer saved'*) ;; *) wrong "a damaged store, and then? $out" ;; esac
expect 11 '"code": "' audit verify lost --json
finish

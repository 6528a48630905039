#!/bin/sh
# Two of four members are run twice, from copies of their folders, with one honest member each time: both halves close
# epochs of their own. `assay forensics` finds the fork, and convicts these two members and no others.
. "$(dirname "$0")/../lib.sh"
network 4 500 2
sign alpha beta
cd "$WORK" || exit 2
sed 's/^epoch_ms: 500/epoch_ms: 501/' plan.yaml >other.yaml
expect 0 '' "$ASSAY" genesis create other.yaml --out other
for o in alpha beta; do expect 0 '' "$ASSAY" genesis sign other --key $o.key; done
for i in 1 2 3 4; do start $i; done
check 'epochs close' until_true 30 epoch_at_least 1 4
for i in 1 2 3 4; do eval "id_$i=$(field $i status node_id)"; done
for i in 1 2 3 4; do eval "kill -TERM \$pid_$i; wait \$pid_$i"; done
for i in 1 2 3 4; do cp -r node-$i copy-$i; done

# --- each half alone: 1 2 3, then 2 3 4 from the copies
# Epochs that closed before the nodes stopped are in both copies: what counts begins behind the newest of them.
run_half() { # NODE...
    for i in "$@"; do start $i; done
    base=0
    for i in "$@"; do
        check "node $i has an epoch" until_true 60 epoch_at_least $i 1
        on_disk=$(field $i status epoch)
        [ "$on_disk" -le "$base" ] || base=$on_disk
    done
    check "epochs close at $*" until_true 60 epoch_at_least "$1" $((base + 3))
    for i in "$@"; do eval "kill -TERM \$pid_$i; wait \$pid_$i"; done
}
run_half 1 2 3
for i in 1 2 3; do mkdir -p first && mv node-$i first/; done
for i in 2 3; do cp -r copy-$i node-$i; done
run_half 2 3 4

forensics() { "$ASSAY" forensics "$1" "$2" --genesis genesis; }
expect 0 'neither store contradicts the other' forensics first/node-1/state first/node-2/state
expect 0 'neither store contradicts the other' forensics node-3/state/store.sqlite node-4/state
expect 0 'neither store contradicts the other' forensics copy-1/state copy-4/state
expect 11 ': two blocks are final' forensics first/node-1/state node-4/state
check 'the guilty weigh more than a third' grep -q 'more than a third, which is what a fork takes' <<END
$out
END
mkdir records
"$ASSAY" forensics first/node-1/state node-4/state --genesis genesis --json --records records >found.json
check 'the two that ran twice are named' /usr/bin/python3 - "$id_2" "$id_3" <<'END'
import json, os, sys
d = json.load(open("found.json"))
assert d["schema"] == "assay.forensics" and d["schema_version"] == 1, d
d = d["data"]
assert d["contradicts"] is True and d["is_more_than_a_third"] is True, d
assert len(d["forks"]) == 1 and len({b["id"] for b in d["forks"][0]["blocks"]}) == 2, d
epoch = d["forks"][0]["epoch"]
names = {o["node_id"] for o in d["offences"]}
assert names == set(sys.argv[1:]), (names, sys.argv)
assert all(o["epoch"] == epoch for o in d["offences"]), d
assert 2 * d["guilty_weight"] == d["total_weight"], d
files = sorted(os.listdir("records"))
assert files == sorted("offence-%d-%d-E%d.cbor" % (o["epoch"], o["slot"], o["number"]) for o in d["offences"]), files
for o in d["offences"]:
    name = "records/offence-%d-%d-E%d.cbor" % (o["epoch"], o["slot"], o["number"])
    assert open(name, "rb").read().hex() == o["record"], name
END

# The same member twice: its own votes and envelopes too.
expect 11 'slot ' forensics first/node-2/state node-2/state

# --- a store that lies accuses no others: bytes of its certificates, votes and finality proofs
others() { # how many besides the two are named
    "$ASSAY" forensics first/node-1/state forged --genesis genesis --json 2>/dev/null |
        /usr/bin/python3 -c 'import json, sys
data = json.load(sys.stdin)["data"]
print(len({o["node_id"] for o in data["offences"]} - set(sys.argv[1:])))' "$id_2" "$id_3"
}
for item in '5 0 40' '5 1 90' '5 3 200' '5 5 120' '6 0 60' '6 1 100' '4 4 30'; do # certificates, votes, blocks
    rm -rf forged
    cp -r node-4/state forged
    # shellcheck disable=SC2086
    check "the store has $item" "$TOOLS/tamper" forged/store.sqlite $item
    check "$item was changed: no other is named" test "$(others)" = 0
done
rm -rf forged
cp -r node-4/state forged
check 'the store has a finality proof' "$TOOLS/tamper" forged/store.sqlite 3 2 150
expect 11 'forged: after epoch' forensics first/node-1/state forged

# --- what it is given
expect 5 'No such file' forensics first/node-1/state node-9/state
expect 2 'expected two stores, found one twice' forensics node-4/state node-4/state/store.sqlite
expect 5 'expected a folder, found none' "$ASSAY" forensics first/node-1/state node-4/state --genesis genesis --records no
: >empty
expect 1 'the file is empty' forensics empty node-4/state
check 'and stays empty' test ! -s empty -a ! -e empty-wal
expect 13 'give the genesis of the network that the store is of' \
    "$ASSAY" forensics first/node-1/state node-4/state --genesis other
expect 13 'plan.yaml' "$ASSAY" forensics first/node-1/state node-4/state --genesis plan.yaml
expect 2 'usage: assay forensics' "$ASSAY" forensics first/node-1/state --genesis genesis
expect 2 'usage: assay forensics' "$ASSAY" forensics first/node-1/state node-4/state
expect 0 'usage: assay forensics' "$ASSAY" forensics --help
finish

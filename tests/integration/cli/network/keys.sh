#!/bin/sh
# New keys while a network runs (docs/protocol.md 9.6.7 to 9.6.9, docs/operations.md 9): an operator's and a node's
# identity, by commands alone. Members, trust and weight stay, every epoch is certified, and the old keys count nowhere.
. "$(dirname "$0")/../lib.sh"
network 4 2000 2
sign alpha beta
cd "$WORK" || exit 2
for i in 1 2 3 4; do start $i; done
for i in 1 2 3 4; do check "node-$i closes epochs" until_true 30 epoch_at_least $i 2; done
change() { ask 1 change "$@"; }
json() { sed -n "s/^ *\"$1\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" | head -1; }
# of_node NAME KEY: a value of that member, as node-1 has it.
of_node() {
    ask 1 nodes --json | /usr/bin/python3 -c '
import json, sys
for m in json.load(sys.stdin)["data"]["nodes"]:
    if m["name"] == sys.argv[1]: print(m[sys.argv[2]])' "$1" "$2"
}
decide() { # decide FILE KEY...: signed by these, submitted
    file=$1
    shift
    for key in "$@"; do expect 0 'in all' "$ASSAY" change sign "$file" --key "$key"; done
    expect 0 'offered in every epoch' change submit "$file"
}
in_force() { change list | grep -q "in force  *change $1"; } # NUMBER

# --- before the level
"$ASSAY" keys operator beta-2.key >beta-2.pub
expect 6 'level 0 is in force: raise it by one change each, next: assay change draft --parameter level=1 --out' \
    change draft --out early --operator-key beta=beta-2.key --activation +6
announced() { [ "$(ask 1 nodes --json | grep -o '"level": *7' | wc -l)" = 4 ]; }
check 'ballots announce level 7' until_true 30 announced
for level in 1 2 3; do
    expect 0 "level: $((level - 1)) -> $level" change draft --out level-$level --parameter level=$level --activation +6
    decide level-$level alpha.key beta.key
    at_level() { [ "$(field 1 status level)" = "$level" ]; }
    check "level $level is in force" until_true 40 at_level
done
full() { for n in 1 2 3 4; do [ "$(of_node node-$n standing)" = FULL ] || return 1; done; }
check 'all members are FULL' until_true 120 full
began=$(field 1 status epoch)

# --- an operator
for n in 1 2 3 4; do of_node node-$n weight; of_node node-$n integrity_bp; done >trust
old=$(of_node node-1 operator_id)
beta_node=node-1
[ "$old" = "$(of_node node-3 operator_id)" ] || wrong 'two members of an operator have one operator_id'
named() {
    /usr/bin/python3 -c 'import hashlib, re, sys
print(hashlib.sha256(bytes.fromhex(re.search("\"(.*)\"", open(sys.argv[1]).read())[1])).hexdigest())' "$1"
}
[ "$old" = "$(named beta.pub)" ] || { old=$(named beta.pub); beta_node=node-2; }
[ "$(of_node $beta_node operator_id)" = "$old" ] || wrong 'the id of an operator is the digest of its key'
expect 2 'expected NAME=KEY' change draft --out rotate --operator-key beta
expect 5 'no operator has this name, expected one of ' change draft --out rotate --operator-key gamma=beta-2.key
case $out in *'one of alpha, beta' | *'one of beta, alpha') ;; *) wrong "which names there are: $out" ;; esac
expect 5 'no such file' change draft --out rotate --operator-key beta=nothing.key
expect 6 'the new key is that of operator alpha' change draft --out rotate --operator-key beta=alpha.key
expect 2 'two changes of it' change draft --out rotate --operator-key beta=beta-2.key --operator-key alpha=beta-2.key
expect 0 'new key of operator beta' change draft --out rotate --operator-key beta=beta-2.key --activation +6
expect 0 'its members stay' change show rotate
expect 6 'not an operator of this network' change sign rotate --key beta-2.key
# A draft is of one number, and its consent of one chain: a changed byte of the signature is refused everywhere.
cp rotate forged
/usr/bin/python3 - forged "$(sed -n 's/^public_key: "\(.*\)"$/\1/p' beta-2.pub)" <<'END'
import sys
path, key = sys.argv[1], bytes.fromhex(sys.argv[2])
data = bytearray(open(path, "rb").read())
data[data.rindex(key) + len(key) + 10] ^= 1
open(path, "wb").write(data)
END
expect 0 'in all' "$ASSAY" change sign forged --key alpha.key
expect 0 'in all' "$ASSAY" change sign forged --key beta.key
expect 4 'has not signed that it takes this place' change submit forged
decide rotate alpha.key beta.key
moved() { [ "$(of_node $beta_node operator_id)" = "$(named beta-2.pub)" ]; }
check 'the members are those of the new key' until_true 40 moved
for n in 1 2 3 4; do of_node node-$n weight; of_node node-$n integrity_bp; done >trust-after
check 'trust and weight stay' cmp trust trust-after
expect 0 'change 4' change list

# --- the old key signs nothing any more
expect 0 'drain node-4' change draft --out drain --drain node-4 --activation +6
expect 6 'not an operator of this network' change sign drain --key beta.key
expect 0 'not verified' "$ASSAY" change sign drain --key beta.key
expect 0 'in all' "$ASSAY" change sign drain --key alpha.key
expect 4 'which is not an operator' change submit drain
expect 6 'change number 4 is taken' change submit rotate

# --- the identity of a node
cp node-4/keys/identity.key stolen.key
id=$(sed -n 's/^node_id: "\(.*\)"$/\1/p' node-4/keys/node.yaml)
expect 2 '--identity wants --out' "$ASSAY" keys rotate --identity --config node-4/assayd.yaml
expect 0 'which was made now' "$ASSAY" keys rotate --identity --config node-4/assayd.yaml --out node-4.identity
expect 10 'waits until the network lists it' "$ASSAY" doctor --config node-4/assayd.yaml
cp node-4.identity first
expect 0 'the same as before: its key waits already' "$ASSAY" keys rotate --identity --config node-4/assayd.yaml --out node-4.identity
for key in identity_public node_id; do
    [ "$(json $key <first)" = "$(json $key <node-4.identity)" ] || wrong 'a request that is written again has the same key'
done
expect 13 'expected what `assay keys rotate --identity` wrote' change draft --out identity --identity genesis
sed '/"signature"/s/: "../: "zz/' first >torn
expect 13 'data.signature: expected what `assay keys rotate --identity` wrote' change draft --out identity --identity torn
sed '/"sequence"/s/[0-9][0-9]*/0/' first >torn
expect 13 'data.sequence: expected what `assay keys rotate --identity` wrote' change draft --out identity --identity torn
sed "s/$(json node_id <first)/$(sed -n 's/^node_id: "\(.*\)"$/\1/p' node-3/keys/node.yaml)/" first >other
expect 6 'has not signed' change draft --out identity --identity other
# A request is for one change: another number, or era, is named, and a request that only says so has no consent to it.
expect 2 'are of --identity' "$ASSAY" keys rotate --config node-4/assayd.yaml --sequence 9
expect 0 'It is for change 9 of era 0, and for no other' "$ASSAY" keys rotate --identity --config node-4/assayd.yaml --out later --sequence 9
expect 6 'it is for change 9 of era 0, expected change 5 of era 0' change draft --out identity --identity later
sed '/"sequence"/s/9/5/' later >other
expect 6 'has not signed that it follows the one in force by this change' change draft --out identity --identity other
expect 0 'change 5 of era 1,' "$ASSAY" keys rotate --identity --config node-4/assayd.yaml --out later --era 1
expect 6 'it is for change 5 of era 1' change draft --out identity --identity later
expect 0 'new identity key of node-4' change draft --out identity --identity node-4.identity --activation +12
decide identity alpha.key beta-2.key
pends() {
    "$ASSAY" doctor --config node-4/assayd.yaml >doctor.said 2>&1
    grep -q 'a new identity key waits: change [0-9]* lists it from epoch [0-9]*' doctor.said
}
check 'doctor names the change that lists it' until_true 10 pends
listed() { grep -q identity_renewed node-4/log; }
check 'node-4 uses its new identity' until_true 40 listed
expect 0 "\"identity_public\": \"$(json identity_public <first)\"" "$ASSAY" keys show node-4/keys --json
expect 0 "\"node_id\": \"$id\"" "$ASSAY" keys show node-4/keys --json
[ ! -e node-4/keys/identity.next.key ] || wrong 'the new key does not wait any more'
expect 0 identity_renewed ask 4 timeline
expect 6 'it is for change 5 of era 0, expected change 6' change draft --out again --identity node-4.identity
for n in 1 2 3 4; do of_node node-$n weight; of_node node-$n integrity_bp; done >trust-after
check 'trust and weight stay' cmp trust trust-after

# --- every epoch since the first change was certified
ended=$(field 1 status epoch)
sleep 2
ask 1 export --format json --since "$began" --until "$((ended - 1))" >epochs
/usr/bin/python3 - epochs <<'END' || wrong "an epoch was not certified: $(cat epochs.said)"
import json, sys
closed = [e for e in json.load(open("epochs"))["data"]["epochs"]]
held = [e["epoch"] for e in closed if not e["certified"]]
open("epochs.said", "w").write(f"{len(closed)} epochs, held: {held}")
sys.exit(1 if held or len(closed) < 8 else 0)
END

# --- the new identity lists new voting keys
incarnation() { of_node node-4 incarnation; }
kill "$pid_4" && wait "$pid_4"
expect 0 'incarnation 2' "$ASSAY" keys rotate --config node-4/assayd.yaml
start 4
renewed() { [ "$(incarnation)" = 2 ]; }
check 'the new identity lists them' until_true 60 renewed

# --- a backup has the key in force; an audit and a node without a store pass the rotation
"$ASSAY" backup key backup.key >backup.pub
expect 0 'ledger         epoch' "$ASSAY" backup --config node-4/assayd.yaml --out b --recipient backup.pub
expect 0 'proven         epoch' "$ASSAY" backup verify b --key backup.key --genesis genesis
kill "$pid_3" && wait "$pid_3"
rm -r node-3/state
start 3
votes() { [ "$(of_node node-3 incarnation)" = 2 ] && [ "$(field 3 status voting)" = true ]; }
check 'a node without a store is back' until_true 90 votes
# --- the request of a folder with an older identity follows the key in force, of a stopped and of a running node
kill "$pid_4" && wait "$pid_4"
cp stolen.key node-4/keys/identity.key && chmod 600 node-4/keys/identity.key
expect 0 'request for a new identity key' "$ASSAY" keys rotate --identity --config node-4/assayd.yaml --out stopped
expect 0 'new identity key of node-4' change draft --out identity-2 --identity stopped --activation +6
start 4
answers() { ask 4 status >status-4; }
check 'node-4 answers' until_true 30 answers
expect 0 'request for a new identity key' "$ASSAY" keys rotate --identity --config node-4/assayd.yaml --out running
[ "$(json identity_public <stopped)" = "$(json identity_public <running)" ] || wrong 'another key is requested'
expect 0 'new identity key of node-4' change draft --out identity-3 --identity running --activation +6
decide identity-3 alpha.key beta-2.key
third=$(json identity_public <running)
renewed_again() { "$ASSAY" keys show node-4/keys --json | grep -q "\"identity_public\": \"$third\""; } # not the one that waits
check 'node-4 uses its third identity' until_true 60 renewed_again
# --- the old identity does not: last, since peers ban a node that repeats signatures which do not verify
kill "$pid_4" && wait "$pid_4"
cp stolen.key node-4/keys/identity.key && chmod 600 node-4/keys/identity.key
expect 0 'incarnation 3' "$ASSAY" keys rotate --config node-4/assayd.yaml
start 4
unlisted() { grep -q identity_unlisted node-4/log; }
check 'the daemon reports the older key' until_true 30 unlisted
later=$(($(field 1 status epoch) + 6))
check 'six epochs pass' until_true 60 epoch_at_least 1 "$later"
listed=$(incarnation)
[ "$listed" = 2 ] || wrong "the old identity listed new keys: incarnation '$listed', expected 2"
for i in 1 2 3 4; do eval "kill \$pid_$i"; done
for i in 1 2 3 4; do eval "wait \$pid_$i"; done
for i in 1 4; do expect 0 'holds ' "$ASSAY" audit verify node-$i/state --genesis genesis; done
finish

#!/bin/sh
# What a draft, a check of a configuration and the doctor make of a network whose rules were changed, or whose changes
# wait for their epochs: from a store alone. No daemon is needed.
. "$(dirname "$0")/lib.sh"
cd "$WORK" || exit 2
cp "$BIN/assay-enclave" old
for build in new newer; do cp old $build && printf %s $build >>$build; done
expect 0 '4 nodes' "$ASSAY" setup local --dir net --nodes 4 --port 7101 --enclave "$WORK/old"
cd net || exit 2
for key in alpha beta; do expect 0 'operators' "$ASSAY" genesis sign genesis --key $key.key; done
digest() { sha256sum "$1" | cut -d' ' -f1; }
old=$(digest ../old) new=$(digest ../new)
a=$(printf 'a%.0s' $(seq 64)) b=$(printf 'b%.0s' $(seq 64)) c=$(printf 'c%.0s' $(seq 64))
mkdir -m 700 empty && : >empty/store.sqlite && chmod 600 empty/store.sqlite
draft() { store=$1 && shift && "$ASSAY" change draft --store $store --genesis genesis "$@"; }
show() { "$ASSAY" change show "$2" --store "$1" --genesis genesis; }
lacks() { case $out in *"$1"*) wrong "\"$1\" in: $out" ;; esac; }
has() { case $out in *"$1"*) ;; *) wrong "no \"$1\" in: $out" ;; esac; }

# --- a change is built on those that wait, and shown against what they leave
cp -r empty waits
expect 0 'not listed -> denied' draft waits --out one --deny-reference "mrenclave=$a" --parameter quiet_floor_percent=95 \
    --parameter "verifier=$b" --activation +100
lacks 'which waits'
cp -r empty other && expect 0 'drain node-4' draft other --out drain --drain node-4 --activation +100
check 'another one waits' "$TOOLS/put_change" other/store.sqlite genesis 10 queue drain
expect 0 'change         2,' draft other --out alone --allow-reference "mrenclave=$c" --parameter operator_cap=25/100 \
    --activation +140
check 'it waits' "$TOOLS/put_change" waits/store.sqlite genesis 10 queue one
expect 0 'after          change 1, which waits' draft waits --out two --allow-reference "mrenclave=$c" \
    --parameter operator_cap=25/100 --activation +140
for text in 'operator_cap: 20/100 -> 25/100' 'looser: mrenclave cccccccccccccccc...: not listed'; do
    has "$text"
done
lacks 'aaaaaaaaaaaaaaaa'
lacks 'quiet_floor_percent' # it leaves what waits
expect 0 'mrenclave aaaaaaaaaaaaaaaa...: not listed -> denied' show waits one
for text in 'quiet_floor_percent: 90 -> 95' "verifier: none -> $b"; do has "$text"; done
lacks 'epoch_ms'
lacks 'which waits'
# One that was built on the rules in force takes back what waits: that is seen.
expect 0 'either: mrenclave aaaaaaaaaaaaaaaa...: denied -> not listed' show waits alone
has 'quiet_floor_percent: 95 -> 90'
has "verifier: $b -> none"
check 'the second waits, too' "$TOOLS/put_change" waits/store.sqlite genesis 11 queue two
expect 0 'after          change 2, which waits' draft waits --out three --deny-reference "mrenclave=$c" --activation +200
has 'mrenclave cccccccccccccccc...: allowed -> denied'
lacks 'aaaaaaaaaaaaaaaa'
expect 0 'after          change 1, which waits' show waits two

# --- a RECOVER that brings operators, policy and parameters: shown as a change is, nothing cut
cat >answer.py <<'END'
import json, socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen()
entry = {"field": "mrenclave", "state": "allowed", "value": sys.argv[2], "not_before": "2020-01-01T00:00:00Z"}
genesis = {"items": [{"value": open("genesis", "rb").read().hex()}]}
while True:
    c, _ = s.accept()
    asked = c.makefile().readline().strip()
    if not asked: # a look whether it is there
        continue
    data = {"policy": {"profile": "production", "references": [entry]}, "items genesis": genesis}
    answer = {"schema": "assay.any", "schema_version": 1, "data": data.get(asked, {"items": []})}
    c.sendall(json.dumps(answer).encode() + b"\n")
    c.close()
END
for name in alpha beta; do sed -n "s,^public_key: \"\(.*\)\",$name \1,p" $name.pub; done >operators
expect 0 'public_key' "$ASSAY" keys operator gamma.key
printf '%s\n' "$out" | sed -n 's/^public_key: "\(.*\)"/mallory \1/p' >>operators
expect 0 '2 of 3 must sign' draft empty --out coup --operators operators --threshold 2 --parameter quiet_floor_percent=67 \
    --deny-reference "mrenclave=$a"
check 'a RECOVER has it' "$TOOLS/put_change" empty/store.sqlite genesis 1 recover coup
/usr/bin/python3 answer.py recover.sock "$old" & answering=$!
started="$started $answering"
check 'it answers' until_true 10 test -S recover.sock
expect 0 'recover    era 1' "$ASSAY" recover show coup.recover --socket recover.sock
for text in 'mallory, 2 of 3 must sign' 'alpha, 2 of 3 must sign' 'quiet_floor_percent: 90 -> 67' \
    'policy         either: mrenclave aaaaaaaaaaaaaaaa...: not listed -> denied'; do
    has "$text"
done
lacks 'not compared'
expect 0 '"policy_changes"' "$ASSAY" recover show coup.recover --socket recover.sock --json
kill "$answering" && wait "$answering" 2>/dev/null
rm recover.sock
expect 0 'mallory, 2 of 3 must sign' "$ASSAY" recover show coup.recover --socket none
has 'policy         not compared: no node was queried'
has 'amplification 150 %, quiet floor 67 %'
has 'these are all parameters: without a node it is not known which of them differ (--socket)'
expect 0 'policy         not compared: no node was queried' "$ASSAY" change show coup --socket none

# --- options that take back what others on the same line do
expect 2 '--policy once, and before --allow-reference' draft empty --out none --deny-reference "mrenclave=$a" \
    --policy policy.yaml
expect 2 '--policy once' draft empty --out none --policy policy.yaml --policy policy.yaml
expect 0 'not listed -> denied' draft empty --out denied --policy policy.yaml --deny-reference "mrenclave=$a"

# --- a signer names no program
expect 6 'a signer names none' draft empty --out none --deny-reference "mrenclave=$old" --allow-reference "mrsigner=$a"
sed "s/\(.*\)field: mrenclave\(.*\)value: \"$old\"\(.*\)/&\n\1field: mrsigner\2value: \"$b\"\3/" policy.yaml >signed.yaml
cp -r empty signed
expect 0 'mrsigner' draft signed --out signer --policy signed.yaml
check 'it is in force' "$TOOLS/put_change" signed/store.sqlite genesis 200 apply signer
expect 6 'a signer names none' draft signed --out none --deny-reference "mrenclave=$old"
expect 6 'the last listed value of mrsigner would be denied' draft signed --out none --deny-reference "mrsigner=$b"
expect 0 'denied' draft signed --out any --deny-reference "mrenclave=$old" --allow-reference any
expect 0 'denied' draft signed --out new --deny-reference "mrenclave=$old" --allow-reference "mrenclave=$new"

# --- a name that another's id begins with
id=$(sed -n 's/^node_id: "\(.*\)"/\1/p' node-2/keys/node.yaml)
begin=$(printf %.8s "$id")
sed "s/name: .*node-3.*/name: \"$begin\"/" node-3/keys/node.yaml >card && mv card node-3/keys/node.yaml
expect 0 '4 members' "$ASSAY" genesis create plan.yaml --out genesis.named
for key in alpha beta; do expect 0 'operators' "$ASSAY" genesis sign genesis.named --key $key.key; done
for verb in --leave --drain; do
    expect 5 'or have an id that begins so' "$ASSAY" change draft --store empty --genesis genesis.named --out none $verb "$begin"
done
expect 0 "($id)" "$ASSAY" change draft --store empty --genesis genesis.named --out leave --leave "$id"

# --- which image of the enclave a start accepts, and what the doctor says of it
check_config() { "$ASSAYD" --config node-1/assayd.yaml --check-config; }
doctor() { "$ASSAY" doctor --config node-1/assayd.yaml; }
expect 0 'fit to run' check_config
cp -r empty node-1/state
expect 0 'denied' draft node-1/state --out swap --deny-reference "mrenclave=$old" --allow-reference "mrenclave=$new"
check 'old is denied, new is allowed' "$TOOLS/put_change" node-1/state/store.sqlite genesis 200 apply swap
expect 2 'matches nothing in the policy' check_config
expect 11 'fail  enclave.path ' doctor
has 'fail  restore_path '
mkdir -m 700 node-1/state/images && cp ../old "node-1/state/images/$old"
expect 2 'matches nothing in the policy' check_config
cp ../newer package
sed -i 's,^  path: .*,  path: ../package,
    s,^  restore_path: .*,  restore_path: ../package,' node-1/assayd.yaml
expect 2 "expected $new" check_config
cp ../new "node-1/state/images/$new"
expect 0 "The pinned image node-1/state/images/$new, which the policy accepts" check_config
cp ../new package
expect 0 'fit to run' check_config
expect 10 'ok    enclave.path   node-1/../package: the policy accepts it' doctor
cp ../old package
expect 11 'its SHA-256 is no reference value of the policy' doctor
# A daemon that answers has the policy in force; a process that has the store open and does not answer leaves it
# unknown, and it has the keys in its memory.
cat >hold.py <<'END'
import fcntl, sys, time
f = open(sys.argv[1], "r+b")
fcntl.lockf(f, fcntl.LOCK_EX, 512, 1 << 30)
open("held", "w").close()
time.sleep(600)
END
/usr/bin/python3 answer.py node-1/admin.sock "$old" & answering=$!
started="$started $answering"
check 'it answers' until_true 10 test -S node-1/admin.sock
expect 11 'ok    enclave.path   node-1/../package: the policy accepts it' doctor
lacks 'profile development'
expect 6 'a daemon answers at' "$ASSAY" keys rotate --config node-1/assayd.yaml
kill "$answering" && wait "$answering" 2>/dev/null
rm node-1/admin.sock
/usr/bin/python3 hold.py node-1/state/store.sqlite & holding=$!
started="$started $holding"
check 'it holds the store' until_true 10 test -e held
expect 11 'package: not compared: the policy in force is not known from here' doctor
before=$(cat node-1/keys/* | sha256sum)
expect 6 'has its store open' "$ASSAY" keys rotate --config node-1/assayd.yaml
check 'no keys were made' test "$before" = "$(cat node-1/keys/* | sha256sum)"
kill "$holding" && wait "$holding" 2>/dev/null

# --- on trial both are accepted, and the one in force goes before the other
rm -r node-1/state && cp -r empty node-1/state && mkdir -m 700 node-1/state/images
check 'on trial' "$TOOLS/put_change" node-1/state/store.sqlite genesis 200 try swap
expect 0 'fit to run' check_config
cp ../old package
expect 0 'fit to run' check_config
cp ../newer package
cp ../old "node-1/state/images/$old"
expect 0 "The pinned image node-1/state/images/$old" check_config
cp ../new "node-1/state/images/$new"
expect 0 "The pinned image node-1/state/images/$new" check_config

# --- a member that has lost its store knows the policy of the genesis alone: nothing of it replaces what is installed
mv node-1/state/store.sqlite lost
cp ../new package
expect 0 "The pinned image node-1/state/images/$old" check_config # the keys were never used: the chain begins
expect 11 'its SHA-256 is no reference value of the policy' doctor
head -c 40 /dev/zero >node-1/keys/store.id && chmod 600 node-1/keys/store.id
expect 0 'Compared with the policy of the genesis' check_config
lacks 'is used in its place'
expect 10 'package: not compared: the policy in force is not known from here' doctor
rm node-1/keys/store.id && mv lost node-1/state/store.sqlite

# --- a change made the network one for production: a start refuses evidence of software, unless it is named
rm -r node-1/state && cp -r empty node-1/state
printf 'policy_version: 1\nprofile: production\n' >production.yaml
expect 0 'profile' draft node-1/state --out production --policy production.yaml --allow-reference any
check 'it is in force' "$TOOLS/put_change" node-1/state/store.sqlite genesis 200 apply production
expect 2 'insecure: [software-evidence]' check_config
echo 'insecure: [software-evidence]' >>node-1/assayd.yaml
expect 0 'INSECURE: software-evidence' check_config
expect 10 'ok    store' doctor
lacks 'profile development'
finish

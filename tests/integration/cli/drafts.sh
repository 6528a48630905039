#!/bin/sh
# What drafts refuse and warn of, against the genesis of a network that never ran; what keys and set-ups say of
# themselves. No daemon is needed.
. "$(dirname "$0")/lib.sh"
cd "$WORK" || exit 2
expect 0 '4 nodes' "$ASSAY" setup local --dir net --nodes 4 --port 7101 --enclave "$BIN/assay-enclave"
cd net || exit 2
mkdir store && : >store/store.sqlite # no epoch has closed: the state is that of the genesis
draft() {
    verb=$1
    shift
    "$ASSAY" change "$verb" "$@" --store store --genesis genesis
}
program=$(sed -n 's/.*field: mrenclave.*value: "\([0-9a-f]*\)".*/\1/p' policy.yaml)
other=$(printf 'a%.0s' $(seq 64))
id=$(sed -n 's/^node_id: "\(.*\)"/\1/p' node-2/keys/node.yaml)

# --- the day of a compromised build: the one allowed value is denied
expect 6 'no reference value would name the program of soft' draft draft --out deny --deny-reference "mrenclave=$program"
case $out in *'--allow-reference FIELD=HEX'*'--allow-reference any'*) ;; *) wrong "no way out: $out" ;; esac
check 'nothing was written' test ! -e deny
sed 's/state: allowed/state: denied/' policy.yaml >denied.yaml
expect 6 'no reference value would name the program' draft draft --out deny --policy denied.yaml
expect 0 'allowed -> denied' draft draft --out deny --deny-reference "mrenclave=$program" \
    --allow-reference "mrenclave=$other"
case $out in *'any value'*) wrong "another program is accepted: $out" ;; esac
expect 0 'listed values only -> any value' draft draft --out any --deny-reference "mrenclave=$program" --allow-reference any
expect 2 'no other option edits the policy' draft draft --out none --allow-reference any
sed "s/state: allowed, value: \"$program\"/state: denied, value: \"$other\"/" policy.yaml >only-denied.yaml
expect 0 'lists only denied values: every other program is accepted' "$ASSAY" evidence verify node-2/sample.quote \
    --collateral vendor-2 --policy only-denied.yaml
expect 2 'expected FIELD=HEX: 64 hexadecimal digits of mrenclave, found 2 characters' \
    draft draft --out none --allow-reference mrenclave=12

# --- who votes afterwards
expect 0 'then 2 of weight 20000: WARNING: 0 of them may fail' draft draft --out leave --leave node-2 --leave node-3
expect 0 'then 2 of weight 20000' draft show leave
expect 0 'then 2 of weight 20000' draft simulate leave
expect 0 'drain node-2 (' draft draft --out drain --drain "$(printf %.16s "$id")"
expect 0 'drain node-2 (' draft draft --out drain --drain "$(base32_of "$id")"
expect 5 'did you mean node-' draft draft --out none --drain nod
expect 5 'no member is named' draft draft --out none --drain "$(printf %.7s "$id")"

# --- when it takes effect
expect 6 'is the first possible one' draft draft --out none --drain node-2 --activation +0
case $out in *'sign it again'*) wrong "nothing was signed: $out" ;; esac
expect 6 'is the last possible one' draft draft --out none --drain node-2 --activation +99999999

# --- without a node or a store nothing is known of its effect
unknown='names, effect and required signatures unknown: no node was queried (--socket)'
expect 0 "$unknown" env -u ASSAY_SOCKET "$ASSAY" change show leave
expect 0 'now            epoch 1' draft show leave
case $out in *"$unknown"*) wrong "a store was given: $out" ;; esac

# --- signing needs no node, whatever the environment names; a node of the command line does
expect 0 'was not checked: /none/admin.sock: no such socket' env ASSAY_SOCKET=/none/admin.sock "$ASSAY" change sign leave \
    --key alpha.key
case $out in *'1 signature in all, not verified'*) ;; *) wrong "it is not signed: $out" ;; esac
expect 0 '"checked": false' env ASSAY_SOCKET=/none/admin.sock "$ASSAY" change sign leave --key beta.key --json
expect 0 'signatures     2 valid of 2 needed' draft show leave
cp leave named
expect 3 'no such socket' "$ASSAY" change sign named --key alpha.key --socket /none/admin.sock
check 'nothing was signed' cmp -s leave named

# --- what is so already, and what needs another change before
epoch=$("$ASSAY" genesis show genesis --json | sed -n 's/^ *"epoch_ms": \([0-9]*\).*/\1/p' | head -1)
for same in level=0 "epoch_ms=$epoch"; do
    expect 6 "${same%=*} is ${same#*=} already" draft draft --out same --parameter "$same"
done
check 'nothing was written' test ! -e same
expect 0 "epoch_ms: $epoch -> $((epoch * 2))" draft draft --out slower --parameter "epoch_ms=$((epoch * 2))"
"$ASSAY" keys operator second.key >second.pub
expect 6 'level 0 is in force: raise it by one change each, next: assay change draft --parameter level=1 --out' \
    draft draft --out early --operator-key alpha=second.key

# --- one form of errors, one status for a file that is no key
expect 5 'assay: change show: nothing: no such file' "$ASSAY" change show nothing
expect 6 'assay: change draft: genesis: ' draft draft --out genesis --drain node-2
expect 13 'expected an operator key' draft sign leave --key alpha.pub
expect 13 'expected an operator key' "$ASSAY" genesis sign genesis --key alpha.pub
expect 13 'expected an operator key' draft sign leave --key node-1/keys/identity.key

# --- keys, genesis
expect 0 'name: "node-2"' "$ASSAY" keys show node-2/keys
expect 0 '"name": "node-2"' "$ASSAY" keys show node-2/keys --json
cp node-2/keys/node.yaml node-2.yaml
cp node-1/keys/node.yaml node-2/keys/
expect 0 'No card of these keys' "$ASSAY" keys show node-2/keys
case $out in *'name: '*) wrong "another node's name: $out" ;; esac
mv node-2.yaml node-2/keys/node.yaml
expect 0 'of vendor root' "$ASSAY" genesis show genesis
expect 0 '"platform_id": "' "$ASSAY" genesis show genesis --json
sed 's,node-3/sample.quote,node-1/sample.quote,' plan.yaml >plan-one.yaml
expect 0 'are of one platform' "$ASSAY" genesis create plan-one.yaml --out genesis.one

# --- set-ups and configurations
expect 2 '7101 to 7104 and 7103 to 7106, which overlap' "$ASSAY" setup local --dir "$WORK/more" --port 7101 \
    --http-port 7103 --nodes 4
expect 5 'its parent folder does not exist' "$ASSAY" setup local --dir "$WORK/none/a" --enclave "$BIN/assay-enclave"
expect 5 'no program that may be run: it has no execute permission' "$ASSAY" setup local --dir "$WORK/more" \
    --enclave policy.yaml
expect 0 'both come to the same' "$ASSAY" config diff node-1/assayd.yaml "$WORK/net/node-1/assayd.yaml"
sed -i 's/^threshold: .*/threshold: 5/' plan.yaml
expect 2 'threshold: expected 2, found 5' "$ASSAY" genesis create plan.yaml --out genesis.two
sed 's/gossip: .*/gossip: 127.0.0.1:99999/' node-1/assayd.yaml >node-1/port.yaml
expect 2 'with a port of 1 to 65535' "$ASSAY" config check node-1/port.yaml
sed 's/state_dir: state, //' node-1/assayd.yaml >node-1/section.yaml
expect 2 'the section "node" lacks its key "state_dir"' "$ASSAY" config check node-1/section.yaml
finish

#!/bin/sh
# `assay keys` and `assay genesis` from nothing to a genesis that assayd takes, and all that they refuse.
. "$(dirname "$0")/../lib.sh"
cd "$WORK" || exit 2

# --- keys
expect 0 'identity_public: "' "$ASSAY" keys generate keys --name first.node_1-x
check 'a card is written' test -f keys/node.yaml
check 'keys are for their owner alone' test "$(stat -c %a keys/identity.key keys/bootstrap.key \
    keys/incarnation.key | sort -u)" = 600
check 'no private key is in the card' test "$(wc -l <keys/node.yaml)" -le 9
cp -r keys before
expect 6 'there are keys already, and they are never overwritten' "$ASSAY" keys generate keys --name x
check 'a refused command changes nothing' diff -r before keys
expect 0 "$(sed -n 's/^node_id: //p' keys/node.yaml)" "$ASSAY" keys show keys
for name in '' 'a b' 'a/b' "a
b" "$(printf 'n%.0s' $(seq 64))"; do
    expect 2 '--name wants 1 to 63 of A-Z a-z 0-9 . _ -' "$ASSAY" keys generate other --name "$name"
done
expect 2 '--name NAME is missing' "$ASSAY" keys generate other
check 'a refused name makes no folder' test ! -e other
expect 5 'nothing: no such file' "$ASSAY" keys show nothing
expect 1 'it cannot be made or written there' "$ASSAY" keys generate nowhere/deeper/keys --name x
expect 1 'it cannot be made or written there' "$ASSAY" keys operator nowhere/operator.key
expect 0 'public_key: "' "$ASSAY" keys operator operator.key
expect 6 'never overwritten' "$ASSAY" keys operator operator.key
expect 0 'public_key: "' "$ASSAY" keys show operator.key
chmod 644 operator.key
expect 1 'a key file must be a regular file of mode 0600' "$ASSAY" keys show operator.key
chmod 600 operator.key
expect 2 'usage: assay keys' "$ASSAY" keys
expect 2 'usage: assay keys' "$ASSAY" keys frobnicate keys
expect 0 'usage: assay keys' "$ASSAY" keys --help

# --- a network, unsigned
network 2 500 2
expect 0 'signatures     0 valid, 2 of 2 operators needed' "$ASSAY" genesis show genesis
case $out in *'development, INSECURE'*) ;; *) wrong "the profile is not shown: $out" ;; esac
case $out in *'takes effect 14 days after a block contains it'*) ;; *) wrong "the delay is not shown: $out" ;; esac
case $out in *'block_len_max  4194304'*) ;; *) wrong "the length of blocks is not shown: $out" ;; esac
expect 2 'genesis' "$ASSAYD" --config node-1/assayd.yaml --check-config
case $out in *'a signature does not verify'*) ;; *) wrong "an unsigned genesis: $out" ;; esac

# Two members of one name would be taken for one another.
sed -i.kept 's/^name: .*/name: "node-1"/' node-2/keys/node.yaml
expect 2 'two members of the name "node-1"' "$ASSAY" genesis create plan.yaml --out twins
check 'a refused genesis is not written' test ! -e twins
mv node-2/keys/node.yaml.kept node-2/keys/node.yaml

# --- signing
expect 6 "the key is none of the 2 founding operators'" \
    "$ASSAY" genesis sign genesis --key operator.key
expect 13 'ASSAY_E_UNSUPPORTED' "$ASSAY" genesis sign genesis --key node-1/keys/identity.key
expect 5 'nobody.key: no such file' "$ASSAY" genesis sign genesis --key nobody.key
expect 5 'nothing: no such file' "$ASSAY" genesis sign nothing --key alpha.key
expect 0 'signed by 1 of 2 operators, 2 needed' "$ASSAY" genesis sign genesis --key alpha.key
cp genesis genesis.one
expect 2 'a signature does not verify' "$ASSAYD" --config node-1/assayd.yaml --check-config
expect 0 'signed by 1 of 2 operators, 2 needed' "$ASSAY" genesis sign genesis --key alpha.key
expect 0 'signed by 2 of 2 operators, 2 needed' "$ASSAY" genesis sign genesis --key beta.key
expect 0 'signatures     2 valid, 2 of 2 operators needed' "$ASSAY" genesis show genesis
expect 0 'fit to run' "$ASSAYD" --config node-1/assayd.yaml --check-config
expect 0 'fit to run' "$ASSAYD" --config node-2/assayd.yaml --check-config
cp genesis genesis.good

# The same for programs; what is secret stands in none of it.
"$ASSAY" genesis show genesis --json >genesis.json
"$ASSAY" checkpoint --genesis genesis --json >checkpoint.json
"$ASSAY" keys show node-1/keys --json >node.json
"$ASSAY" keys show alpha.key --json >operator.json
check 'documents of genesis, checkpoint and keys' /usr/bin/python3 - <<'END'
import json
def read(name, schema):
    d = json.load(open(name))
    assert d["schema"] == schema and d["schema_version"] == 1, d
    return d["data"]
g = read("genesis.json", "assay.genesis")
assert g["signatures"] == 2 and g["threshold"] == 2 and g["profile"] == "development" and g["insecure"], g
assert [o["signed"] for o in g["operators"]] == [True, True] and [m["slot"] for m in g["members"]] == [0, 1], g
c = read("checkpoint.json", "assay.checkpoint")
assert c["chain_id"] == g["chain_id"] and c["epoch"] == 0 and c["era"] == 0, c
n = read("node.json", "assay.keys")
assert n["node_id"] in [m["node_id"] for m in g["members"]] and n["incarnation"] == 1, n
assert not any("private" in k or "secret" in k for k in n), n
o = read("operator.json", "assay.keys")
assert o["public_key"] in [p["public_key"] for p in g["operators"]], o
END

# The order of signing does not matter, and the chain id is the same for all who sign.
"$ASSAY" genesis create plan.yaml --out other >/dev/null
expect 0 'chain_id' "$ASSAY" genesis show other
"$ASSAY" genesis sign genesis.one --key beta.key >/dev/null
check 'the chain id is a function of the file' test \
    "$("$ASSAY" genesis show genesis.one | head -1)" = "$("$ASSAY" genesis show genesis | head -1)"

# A group key: such a genesis has the feature level that it needs, one without the section the level of before.
printf 'services:\n  identity:\n    trust_domain: mesh.example\n    issuer: https://issuer.example\n' |
    cat plan.yaml - >plan.key.yaml
expect 0 '2 members' "$ASSAY" genesis create plan.key.yaml --out with-key
expect 0 '"trust_domain": "mesh.example"' "$ASSAY" genesis show with-key --json
case $out in *'"level": 7'*) ;; *) wrong "the level of a group key: $out" ;; esac
expect 0 '"level": 0' "$ASSAY" genesis show genesis --json
for o in alpha beta; do "$ASSAY" genesis sign with-key --key $o.key >/dev/null; done
sed 's,../genesis,../with-key,' node-1/assayd.yaml >node-1/with-key.yaml
expect 0 'fit to run' "$ASSAYD" --config node-1/with-key.yaml --check-config

# --- tampering: every part of the file is under the signatures
len=$(wc -c <genesis.good)
flip() { # flip OFFSET: genesis is genesis.good with one byte changed
    cp genesis.good genesis
    byte=$(dd if=genesis.good bs=1 skip="$1" count=1 2>/dev/null | od -An -tu1 | tr -d ' ')
    printf "$(printf '\\%03o' $((byte ^ 1)))" |
        dd of=genesis bs=1 seek="$1" conv=notrunc 2>/dev/null
}
for at in 0 25 60 $((len / 4)) $((len / 2)) $((len * 3 / 4)) $((len - 300)) $((len - 70)) $((len - 1)); do
    flip "$at"
    expect 2 'genesis: ' "$ASSAYD" --config node-1/assayd.yaml --check-config
    expect 13 'assay genesis show: genesis: ' "$ASSAY" genesis show genesis
    expect 13 'assay genesis sign: genesis: ' "$ASSAY" genesis sign genesis --key alpha.key
done
flip $((len - 1))
expect 2 'a signature does not verify' "$ASSAYD" --config node-1/assayd.yaml --check-config
for cut in 0 1 100 $((len - 1)); do
    head -c "$cut" genesis.good >genesis
    expect 2 'genesis: ' "$ASSAYD" --config node-1/assayd.yaml --check-config
done
cp genesis.good genesis
printf 'x' >>genesis
expect 2 'bytes follow the last field' "$ASSAYD" --config node-1/assayd.yaml --check-config
head -c 2000000 /dev/zero >genesis
expect 2 'has 2000000 bytes, expected at most 1048576' "$ASSAYD" --config node-1/assayd.yaml --check-config
cp genesis.good genesis

# --- collateral under any names: the same genesis, byte for byte
mkdir renamed together
for v in 1 2; do
    i=0
    for file in vendor-$v/*.json vendor-$v/*.der vendor-$v/*.pem; do
        [ "$file" = vendor-$v/root_ca.pem ] && continue
        i=$((i + 1))
        cp "$file" together/part-$v-$i
        [ $v -eq 2 ] || cp "$file" renamed/$((9 - i)).bin
    done
done
check 'something was renamed' test "$(find together -type f | wc -l)" -ge 12
created() { # created FOLDERS OUT: with the collateral of these folders
    sed "s/^collateral: .*/collateral: [$1]/; s/^epoch_ms/time: $at\nepoch_ms/" plan.yaml >plan.renamed.yaml
    "$ASSAY" genesis create plan.renamed.yaml --out "$2"
}
at=$(date -u +%Y-%m-%dT%H:%M:%SZ)
expect 0 'renamed-0: 2 members' created 'vendor-1, vendor-2' renamed-0
expect 0 'renamed-1: 2 members' created 'renamed, vendor-2' renamed-1
expect 0 'renamed-2: 2 members' created 'together' renamed-2
check 'collateral is known by its content' cmp renamed-0 renamed-1
check 'one folder may hold several platform families' cmp renamed-0 renamed-2
expect 2 'the same folder twice' created 'renamed, vendor-1, vendor-2' renamed-3
expect 2 'not genuine under the collateral' created 'renamed' renamed-3

# --- plans that do not hold
plan() { # plan SED: create from a changed plan
    sed "$1" plan.yaml >plan.bad.yaml
    "$ASSAY" genesis create plan.bad.yaml --out refused
}
expect 2 'plan.bad.yaml:2:11: epoch_ms: expected 100 to 3600000, found 5' plan 's/epoch_ms: .*/epoch_ms: 5/'
expect 2 'block_len_max: expected 65536 to 4194304, found 1' plan 's/^threshold/block_len_max: 1\nthreshold/'
expect 2 'plan.bad.yaml:3:1: unknown key "treshold"; is "threshold" meant?' plan 's/threshold/treshold/'
expect 2 'threshold: expected 2, found 3' plan 's/threshold: .*/threshold: 3/'
expect 2 'no operator of this plan is named "gamma"' plan 's/operator: alpha/operator: gamma/'
expect 2 'nothing: no such file' plan 's/policy.yaml/nothing/'
expect 2 'vendor-9: nothing is known' plan 's/vendor-2/vendor-9/'
expect 2 'not genuine under the collateral' plan 's/, vendor-2//'
expect 2 'collateral[2]: the folder vendor-2 is named twice' plan 's/, vendor-2/, vendor-2, vendor-2/'
expect 2 'node-9/keys/node.yaml: cannot be opened' plan 's,node-1/keys,node-9/keys,'
expect 2 'members[1].card: node-1/keys/node.yaml names the node of node-1/keys/node.yaml, which is members[0]' \
    plan 's/node-2/node-1/g'
expect 2 'operators[1].public_key: beta has the key of alpha' \
    plan "s/$(sed -n 's/^public_key: "\(.*\)"$/\1/p' beta.pub)/$(sed -n 's/^public_key: "\(.*\)"$/\1/p' alpha.pub)/"
expect 2 'node-2/keys/node.yaml: a version or type is not known' plan \
    's,sample: node-1/sample.quote,sample: node-2/keys/node.yaml,'
sed 's/profile: .*/profile: developmnt/' policy.yaml >policy.bad.yaml
expect 2 'policy.bad.yaml:2:10: profile: expected production or development, found "developmnt"' plan 's/policy.yaml/policy.bad.yaml/'
cp -r vendor-2 vendor-3
sed 's/kinds: \[soft\]/kinds: [sgx-v3]/' policy.yaml >policy.bad.yaml
expect 2 'the chain does not end in a pinned root key' plan 's/policy.yaml/policy.bad.yaml/'
rm vendor-3/tcb_info.json
expect 2 'a bundle is incomplete or does not verify' plan 's/, vendor-2/, vendor-3/'
printf 'junk' >vendor-3/root_ca.pem
expect 2 'vendor-3/root_ca.pem: no root certificate' plan 's/, vendor-2/, vendor-3/'
"$ASSAY" soft ca vendor-4 >/dev/null
mkdir nothing-in-it
expect 2 'nothing-in-it/root_ca.pem: no root certificate' plan 's/, vendor-2/, nothing-in-it/'
expect 2 'the policy does not pin this root key' plan 's/, vendor-2/, vendor-4/'
expect 2 'not genuine under the collateral' plan 's/^epoch_ms/time: 2040-01-01T00:00:00Z\nepoch_ms/'
# --- a policy that says something in vain, or something odd
sed 's/profile: .*/&\nsmt: false/' policy.yaml >policy.bad.yaml
expect 2 'policy.bad.yaml: the policy has ineffective rules' plan 's/policy.yaml/policy.bad.yaml/'
case $out in *'policy.bad.yaml:3:6: error: smt: a platform rule is set'*) ;; *) wrong "no finding: $out" ;; esac
case $out in *'    remove the rule, or accept such a kind'*) ;; *) wrong "no advice: $out" ;; esac
case $out in *'1 error, 1 warning'*) ;; *) wrong "not all findings: $out" ;; esac
check 'a refused plan writes nothing' test ! -e refused
expect 0 'policy.yaml:2:10: warning: profile: profile development' \
    "$ASSAY" genesis create plan.yaml --out with-warnings
case $out in *'with-warnings: 2 members'*) ;; *) wrong "a warning is no error: $out" ;; esac
expect 1 'nowhere/genesis: No such file or directory' "$ASSAY" genesis create plan.yaml --out nowhere/genesis

# --- signatures are not written over, and a policy that nobody can meet makes no network
expect 6 'bears 2 signatures and is not overwritten' "$ASSAY" genesis create plan.yaml --out genesis
check 'a signed genesis is left alone' cmp genesis genesis.good
expect 0 'with-warnings: 2 members' "$ASSAY" genesis create plan.yaml --out with-warnings
measured=$(sha256sum "$BIN/assay-enclave" | cut -d' ' -f1)
sed "s/$measured/$(: | sha256sum | cut -d' ' -f1)/" policy.yaml >policy.bad.yaml
expect 2 'the digest of nothing' plan 's/policy.yaml/policy.bad.yaml/'
case $out in *'[reference-of-nothing]'*'measure the program again'*) ;; *) wrong "no advice: $out" ;; esac
sed "s/$measured/$(sha256sum /bin/true | cut -d' ' -f1)/" policy.yaml >policy.bad.yaml
expect 2 'no sample matches the policy' plan 's/policy.yaml/policy.bad.yaml/'
for n in 1 2; do
    case $out in *"warning: node-$n/sample.quote: it measures $measured, which the policy does not accept"*) ;;
    *) wrong "which image matches nothing? $out" ;; esac
done
check 'a refused plan writes nothing' test ! -e refused
# One platform may be sampled with another program; it is told.
cp node-1/sample.quote sample.kept
"$ASSAY" soft quote node-1/platform.key --program /bin/true --report-data "$(printf '0%.0s' $(seq 128))" \
    --out node-1/sample.quote >/dev/null
expect 0 'warning: node-1/sample.quote: it measures ' "$ASSAY" genesis create plan.yaml --out with-warnings
mv sample.kept node-1/sample.quote
expect 2 'usage: assay genesis' "$ASSAY" genesis create plan.yaml
expect 2 'usage: assay genesis' "$ASSAY" genesis

finish

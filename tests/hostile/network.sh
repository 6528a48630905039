#!/bin/sh
# A network of daemons with SOFT evidence on loopback, in four roots and as many operators as fit the caps: keys,
# genesis and a configuration for each. Nothing is started.
#
# usage: network.sh BIN DIR EPOCH_MS PORT...
set -eu
bin=$1 dir=$2 epoch_ms=$3
shift 3
nodes=$#
cd "$dir"
zeros=$(printf '%0128d' 0)
enclave=$bin/assay-enclave
for v in 1 2 3 4; do "$bin/assay" soft ca vendor-$v --name "Vendor $v" >vendor-$v.pub; done
for o in 1 2 3 4 5; do "$bin/assay" keys operator op$o.key >op$o.pub; done
n=1
for port; do
    mkdir node-$n
    "$bin/assay" soft node vendor-$((n % 4 + 1)) node-$n --out node-$n/platform.key >said
    "$bin/assay" keys generate node-$n/keys --name node-$n >said
    "$bin/assay" soft quote node-$n/platform.key --program "$enclave" --report-data "$zeros" \
        --out node-$n/sample.quote >said
    printf '  - { %s, address: "127.0.0.1:%s" }\n' \
        "$(sed -n 's/^node_id/node/p' node-$n/keys/node.yaml)" "$port" >>peers
    n=$((n + 1))
done
{
    printf 'policy_version: 1\nprofile: development\nkinds: [soft]\nroots:\n'
    for v in 1 2 3 4; do
        printf '  - { name: vendor-%s, key: %s, kinds: [soft] }\n' $v \
            "$(sed -n 's/^root_key: //p' vendor-$v.pub)"
    done
    printf 'references:\n  - { field: mrenclave, state: allowed, value: "%s" }\n' \
        "$(sha256sum "$enclave" | cut -d' ' -f1)"
} >policy.yaml
{
    printf 'plan_version: 1\nepoch_ms: %s\nthreshold: 3\npolicy: policy.yaml\n' "$epoch_ms"
    printf 'collateral: [vendor-1, vendor-2, vendor-3, vendor-4]\noperators:\n'
    for o in 1 2 3 4 5; do printf '  - name: op%s\n    %s\n' $o "$(cat op$o.pub)"; done
    printf 'members:\n'
    n=1
    while [ $n -le "$nodes" ]; do
        printf '  - { operator: op%s, card: node-%s/keys/node.yaml, sample: node-%s/sample.quote }\n' \
            $((n % 5 + 1)) $n $n
        n=$((n + 1))
    done
} >plan.yaml
"$bin/assay" genesis create plan.yaml --out genesis >said 2>&1 || { cat said >&2; exit 1; }
for o in 1 2 3; do "$bin/assay" genesis sign genesis --key op$o.key >said; done
n=1
for port; do
    {
        printf 'config_version: 1\nnode: { state_dir: state, keys_dir: keys, genesis: ../genesis }\n'
        printf 'listen: { gossip: "127.0.0.1:%s", admin: admin.sock }\n' "$port"
        printf 'evidence: { kind: soft, credential: platform.key }\n'
        printf 'enclave: { path: %s, restore_path: %s, service: service.sock }\npeers:\n' \
            "$enclave" "$enclave"
        cat peers
    } >node-$n/assayd.yaml
    n=$((n + 1))
done

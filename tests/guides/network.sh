# tests/guides/network.sh - a network of four SOFT nodes for guides that begin with a running one, made as
# docs/guides/quick-start.md makes it: node-1 to node-4, operators alpha and beta, vendors 1 and 2.
#
# usage: . "$GUIDES/network.sh" [EPOCH_MS [COUNT]]: made, signed, configured, not started
#        settled: every node is up and closes epochs, each of them certified
#        start NUMBER: assayd of that node in the background, its log in node-NUMBER/log

guide_enclave=$(command -v assay-enclave)
guide_count=${2:-4}

guide_platform() { # guide_platform NUMBER: keys, platform and sample of a node
    mkdir -p "node-$1"
    assay keys generate "node-$1/keys" --name "node-$1" >/dev/null
    assay soft node "vendor-$((($1 + 1) % 2 + 1))" "node-$1" --out "node-$1/platform.key" >/dev/null
    assay soft quote "node-$1/platform.key" --program "$guide_enclave" \
        --report-data "$(printf '0%.0s' $(seq 128))" --out "node-$1/sample.quote" >/dev/null
    cp "$guide_enclave" "node-$1/enclave"
}

guide_configure() { # guide_configure NUMBER PEERS: a configuration with these nodes in its list
    {
        cat <<END
config_version: 1
node: { state_dir: state, keys_dir: keys, genesis: ../genesis }
listen: { gossip: "127.0.0.1:710$1", admin: admin.sock, http: "127.0.0.1:808$1" }
evidence: { kind: soft, credential: platform.key }
enclave: { path: enclave, restore_path: $guide_enclave, service: service.sock }
peers:
END
        for k in $2; do
            printf '  - { %s, address: "127.0.0.1:710%d" }\n' \
                "$(sed -n 's/^node_id/node/p' "node-$k/keys/node.yaml")" "$k"
        done
    } >"node-$1/assayd.yaml"
}

start() {
    assayd --config "node-$1/assayd.yaml" 2>>"node-$1/log" &
    eval "pid_$1=$!"
}

# stop NUMBER [SIGNAL]
stop() { eval "kill -${2:-TERM} \$pid_$1; wait \$pid_$1" 2>/dev/null || true; }

settled() {
    for n in $(seq "$guide_count"); do
        said=$(assay status --json --socket "node-$n/admin.sock") || return 1
        case $said in *'"certified": true'*) ;; *) return 1 ;; esac
        epoch=$(printf '%s\n' "$said" | sed -n 's/^ *"epoch": \([0-9]*\),*$/\1/p' | head -n 1)
        [ "${epoch:-0}" -ge 4 ] || return 1
    done
}

for v in 1 2; do assay soft ca vendor-$v --name "Vendor $v" >vendor-$v.pub; done
for o in alpha beta; do assay keys operator $o.key >$o.pub; done
for n in $(seq "$guide_count"); do guide_platform "$n"; done
{
    printf 'policy_version: 1\nprofile: development\nkinds: [soft]\nroots:\n'
    for v in 1 2; do
        printf '  - { name: vendor-%d, key: %s, kinds: [soft] }\n' $v \
            "$(sed -n 's/^root_key: //p' vendor-$v.pub)"
    done
    printf '%s\n' "$guide_policy"
    printf 'references:\n  - { field: mrenclave, state: allowed, value: "%s" }\n' \
        "$(sha256sum "$guide_enclave" | cut -d' ' -f1)"
} >policy.yaml
{
    printf 'plan_version: 1\nepoch_ms: %d\nthreshold: 2\npolicy: policy.yaml\n' "${1:-500}"
    printf 'collateral: [vendor-1, vendor-2]\n%s\noperators:\n' "$guide_plan"
    for o in alpha beta; do printf '  - { name: %s, %s }\n' $o "$(cat $o.pub)"; done
    printf 'members:\n'
    for n in $(seq "$guide_count"); do
        o=alpha
        [ "$n" -le $((guide_count / 2)) ] || o=beta
        printf '  - { operator: %s, card: node-%d/keys/node.yaml, sample: node-%d/sample.quote }\n' $o "$n" "$n"
    done
} >plan.yaml
assay genesis create plan.yaml --out genesis >/dev/null 2>&1
for o in alpha beta; do assay genesis sign genesis --key $o.key >/dev/null; done
for n in $(seq "$guide_count"); do guide_configure "$n" "$(seq "$guide_count")"; done
export ASSAY_SOCKET=$PWD/node-1/admin.sock

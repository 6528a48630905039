#!/bin/sh
# CPU per node and epoch of real processes: assayd with SOFT enclaves on loopback, in four roots and
# five operators, as the kernel counts it (user and system time of a daemon's core, verifier process and transport;
# its enclave is reported separately). Blocks per epoch are reported too, since consensus costs per block. Target:
# 25 ms at 20 nodes. Then the bytes that a node sends in an epoch and in a day with epochs of one minute, as the daemons
# count them, and the size of a proof about a member; and the private memory, descriptors and threads of a daemon, its
# verifier process and its transport.
#
# usage: bench_net_processes [NODES [EPOCH_MS [SECONDS]]]; default 20 nodes, 2000 ms, 20 s
set -eu
nodes=${1:-20} epoch_ms=${2:-2000} seconds=${3:-20}
bin=$(cd "$(dirname "$0")/../bin" && pwd)
dir=$(mktemp -d /tmp/assay-bench.XXXXXX)
pids=
stop() {
    [ -z "$pids" ] || kill $pids 2>/dev/null || :
    wait
    rm -rf "$dir"
}
trap stop EXIT
trap 'exit 130' INT TERM
cd "$dir"
say() { printf 'bench_net_processes: %s\n' "$*" >&2; exit 1; }

# --- the network

zeros=$(printf '%0128d' 0)
enclave=$bin/assay-enclave
base=$((20000 + $$ % 12000)) # below the ports that the kernel assigns to outgoing connections
for v in 1 2 3 4; do "$bin/assay" soft ca vendor-$v --name "Vendor $v" >vendor-$v.pub; done
for o in 1 2 3 4 5; do "$bin/assay" keys operator op$o.key >op$o.pub; done
n=1
while [ $n -le "$nodes" ]; do
    mkdir node-$n
    "$bin/assay" soft node vendor-$((n % 4 + 1)) node-$n --out node-$n/platform.key >/dev/null
    "$bin/assay" keys generate node-$n/keys --name node-$n >/dev/null
    "$bin/assay" soft quote node-$n/platform.key --program "$enclave" --report-data "$zeros" \
        --out node-$n/sample.quote >/dev/null
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
"$bin/assay" genesis create plan.yaml --out genesis >/dev/null 2>said || say "$(cat said)"
for o in 1 2 3; do "$bin/assay" genesis sign genesis --key op$o.key >/dev/null; done
n=1
while [ $n -le "$nodes" ]; do
    printf '  - { %s, address: "127.0.0.1:%s" }\n' \
        "$(sed -n 's/^node_id/node/p' node-$n/keys/node.yaml)" $((base + n)) >>peers
    n=$((n + 1))
done
n=1
while [ $n -le "$nodes" ]; do
    cat >node-$n/assayd.yaml <<END
config_version: 1
node: { state_dir: state, keys_dir: keys, genesis: ../genesis }
listen: { gossip: "127.0.0.1:$((base + n))", admin: admin.sock }
evidence: { kind: soft, credential: platform.key }
enclave: { path: $enclave, restore_path: $enclave, service: service.sock }
peers:
END
    cat peers >>node-$n/assayd.yaml
    "$bin/assayd" --config node-$n/assayd.yaml 2>node-$n/log &
    pids="$pids $!"
    n=$((n + 1))
done

# --- what it costs

number() { # of the status of node 1, by its key in the JSON
    "$bin/assay" status --json --socket node-1/admin.sock 2>/dev/null |
        tr ',{}' '\n' | sed -n "s/^ *\"$1\": *\([0-9]*\).*/\1/p" | head -n 1
}
all_live() {
    n=0
    for pid in $pids; do
        n=$((n + 1))
        [ -r /proc/$pid/stat ] || say "daemon $n stopped by itself: $(tail -n 1 node-$n/log)"
    done
}
roles() { # processes below one, each with its role
    for child in $(cat /proc/$1/task/*/children 2>/dev/null); do
        tr '\0' ' ' </proc/$child/cmdline | sed -n "s/^assay-\(verifier\|transport\) .*/$child:\1/p"
    done
}
# User and system time of all cores, of all verifier processes and of all transports; of other processes, the sum.
# The processes are listed once: one that crashes and is replaced meanwhile is not counted.
find_processes() {
    cores=$pids judges= transports= enclaves=
    for pid in $pids; do
        known=
        for child in $(roles $pid); do
            known="$known ${child%:*}"
            case ${child#*:} in
            verifier) judges="$judges ${child%:*}" ;;
            transport) transports="$transports ${child%:*}" ;;
            esac
        done
        for child in $(cat /proc/$pid/task/*/children 2>/dev/null); do
            case " $known " in *" $child "*) ;; *) enclaves="$enclaves $child" ;; esac
        done
    done
}
ticks() { # ticks PID...: user and system
    for pid; do cat /proc/$pid/stat; done 2>/dev/null |
        sed 's/^.*) //' | awk '{ u += $12; s += $13 } END { print u + 0, s + 0 }'
}
sent() { # bytes that all daemons sent
    n=1
    while [ $n -le "$nodes" ]; do
        "$bin/assay" counters --json --socket node-$n/admin.sock 2>/dev/null
        n=$((n + 1))
    done | tr ',{}' '\n' | sed -n 's/^ *"bytes_out": *\([0-9]*\).*/\1/p' | awk '{ t += $1 } END { printf "%.0f\n", t }'
}
waited=0
until epoch=$(number epoch) && [ "${epoch:-0}" -ge 3 ]; do
    [ $waited -lt 120 ] || say "epoch 3 never came"
    sleep 1
    waited=$((waited + 1))
done
sent_before=$(sent) sent_epoch=$(number epoch)
find_processes
look() { echo "$(ticks $cores) $(ticks $judges) $(ticks $transports) $(ticks $enclaves) $(number epoch) $(number height)"; }
before=$(look)
sleep "$seconds"
after=$(look)
sent_epochs=$(($(number epoch) - sent_epoch)) sent_bytes=$(($(sent) - sent_before))
all_live # else the sums are of fewer
printf '%s\n%s\n' "$before" "$after" | awk -v n="$nodes" -v hz="$(getconf CLK_TCK)" \
    -v cores="$(getconf _NPROCESSORS_ONLN)" -v epoch_ms="$epoch_ms" '
{ if (NF != 10) { print "no status"; exit 1 } for (i = 1; i <= 10; i++) d[i] = $i - d[i] }
END {
    epochs = d[9]
    if (epochs < 1) { print "no epoch passed"; exit 1 }
    each = 1000 / hz / n / epochs
    user = d[1] + d[3] + d[5]; system_ = d[2] + d[4] + d[6]
    printf "%d nodes, epochs of %d ms, %d core(s): %.1f ms of CPU a node and epoch ", n, epoch_ms, cores,
        (user + system_) * each
    printf "(user %.1f, system %.1f; core %.1f, transport %.1f, verifier %.1f), its enclave %.1f; ", user * each,
        system_ * each, (d[1] + d[2]) * each, (d[5] + d[6]) * each, (d[3] + d[4]) * each, (d[7] + d[8]) * each
    printf "%.1f blocks an epoch, %d epochs; target 25\n", d[10] / epochs, epochs
}'
awk -v n="$nodes" -v b="$sent_bytes" -v e="$sent_epochs" 'BEGIN {
    if (e < 1) exit
    printf "  sent: %.0f bytes a node and epoch, %.1f MB a node and day of 1440 epochs\n", b / n / e,
        b / n / e * 1440 / 1e6
}'
# Private memory and open descriptors of a process: the largest of all daemons; verifier process and transport apart.
private() { # private and resident KiB of one process
    awk '/^Private_(Clean|Dirty)/ { p += $2 } /^Rss:/ { r = $2 } END { print p + 0, r + 0 }' /proc/$1/smaps_rollup 2>/dev/null
}
for pid in $pids; do
    printf 'daemon %s %s %s\n' "$(private $pid)" "$(ls /proc/$pid/fd | wc -l)" "$(ls /proc/$pid/task | wc -l)"
    for child in $(roles $pid); do printf '%s %s 0 0\n' "${child#*:}" "$(private ${child%:*})"; done
done >memory
awk '{ if ($2 > p[$1]) p[$1] = $2; if ($3 > r[$1]) r[$1] = $3; if ($4 > fds) fds = $4; if ($5 > threads) threads = $5 }
END {
    printf "  memory of a daemon: %.1f MB private, %.1f MB resident; %d descriptors, %d threads", p["daemon"] / 1024,
        r["daemon"] / 1024, fds, threads
    if ("verifier" in p) printf "; its verifier: %.1f MB private", p["verifier"] / 1024
    if ("transport" in p) printf "; its transport: %.1f MB private, %.1f MB resident", p["transport"] / 1024,
        r["transport"] / 1024
    print "; target 16 private"
}' memory
if "$bin/assay" proof node-1 --out proof --socket node-1/admin.sock >/dev/null 2>&1; then
    printf '  a proof about a member: %s bytes\n' "$(wc -c <proof)"
fi

#!/bin/sh
# tests/golden/make.sh - golden data of one release: the stores of a small network and every file that its programs
# wrote, which later builds must read (docs/compatibility.md 4).
#
# usage: make.sh BIN [OUT]
#   BIN  folder with assay, assayd, assay-enclave of the release
#   OUT  default: tests/golden/VERSION of this tree; refused if it exists, since data of a release never change
#
# Writes OUT/network.tar.xz, and OUT/commands: what the programs in BIN print about it. All keys are TEST KEYS of a
# network of SOFT evidence, published on purpose: such a network proves nothing. It has four nodes of three operators,
# services, a transfer between accounts, a node whose enclave is replaced (proven FAIL, order, new incarnation), and a
# change of policy. Keys and times differ in each run; everything else is fixed.
set -eu
export LC_ALL=C TZ=UTC
tree=$(cd "$(dirname "$0")/../.." && pwd)
[ $# -ge 1 ] || { echo 'usage: make.sh BIN [OUT]' >&2; exit 2; }
bin=$(cd "$1" && pwd)
version=$(sed -n 's/^project(assay VERSION \([0-9.]*\).*/\1/p' "$tree/CMakeLists.txt")
out=${2:-$tree/tests/golden/$version}
assay=$bin/assay
[ ! -e "$out" ] || { echo "make.sh: $out exists: golden data of a release never change" >&2; exit 1; }
work=$(mktemp -d /tmp/assay-golden.XXXXXX)
finish() {
    "$assay" setup local "$work/net" --stop >/dev/null 2>&1 || true
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' INT TERM HUP
cd "$work"

until_true() { # until_true SECONDS COMMAND...
    tries=$(($1 * 5))
    shift
    until "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || { echo "make.sh: this never came true: $*" >&2; exit 1; }
        sleep 0.2
    done
}
on() { # on NODE WORDS...
    node=$1
    shift
    "$assay" "$@" --socket "net/node-$node/admin.sock"
}
field() { # field NODE KEY, of its status
    on "$1" status --json | sed -n "s/^ *\"$2\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" | head -n 1
}
epoch_at_least() { [ "$(field "$1" epoch)" -ge "$2" ]; }

# --- the network: one program is denied, so that the enclave of any later build is accepted
"$assay" setup local --dir net --nodes 4 --services --port 7710 --epoch-ms 1000 >/dev/null
cp "$bin/assay-enclave" evil
echo evil >>evil
denied=$(sha256sum evil | cut -d' ' -f1)
sed -i "s/state: allowed, value: \"[0-9a-f]*\"/state: denied, value: \"$denied\"/" net/policy.yaml
cp "$bin/assay-enclave" net/accepted
for n in 1 2 3 4; do
    sed -i 's,^  restore_path: .*,  restore_path: ../accepted,' "net/node-$n/assayd.yaml"
    cat >>"net/node-$n/assayd.yaml" <<'YAML'
limits: { drain_ms: 2000 }
log: { level: info, format: text }
YAML
done
rm net/genesis
(cd net && "$assay" genesis create plan.yaml --out genesis >/dev/null 2>&1)
for o in alpha beta gamma; do "$assay" genesis sign net/genesis --key net/$o.key >/dev/null; done
"$assay" setup local net --start >/dev/null
until_true 60 epoch_at_least 1 4

# --- services: an account is paid
"$assay" account create --out net/paid.key >net/paid.pub
on 1 account transfer --key net/account.key --to net/paid.key --amount 250 >/dev/null

# --- a proof that genesis alone leads to: its voters are those of the plan
on 2 proof node-2 --out net/node-2.proof >/dev/null
early=$(date -u +%Y-%m-%dT%H:%M:%SZ)

# --- a fall with proof, its order, and the incarnation after it
cp evil net/node-4/evil
mv net/node-4/evil net/node-4/enclave
for pid in $(pgrep -f "service.sock" || true); do
    [ "$(readlink "/proc/$pid/cwd")" = "$work/net/node-4" ] && kill -KILL "$pid"
done
proven() { on 1 timeline | grep -q 'fail_proven.*node-4'; }
until_true 60 proven
again() { [ "$(field 4 incarnation)" -ge 2 ] && [ "$(field 4 voting)" = true ]; }
until_true 90 again

# --- a change of policy, signed by all
on 1 change draft --out net/policy.change --deny-reference mrenclave="$(printf '5a%.0s' $(seq 32))" --activation +4 \
    >/dev/null
for o in alpha beta gamma; do "$assay" change sign net/policy.change --key net/$o.key >/dev/null; done
on 1 change submit net/policy.change >/dev/null
in_force() { on 1 timeline | grep -q change_active; }
until_true 60 in_force
until_true 60 epoch_at_least 1 $(($(field 1 epoch) + 3))

# --- what relying parties and operators have in files
"$assay" checkpoint --genesis net/genesis --out net/genesis.checkpoint >/dev/null
# The voters of the proof must be those of the checkpoint: the weight of node-4 changes from epoch to epoch.
proof_after_checkpoint() {
    on 1 checkpoint --out net/later.checkpoint && on 2 proof node-4 --out net/node-4.proof || return 1
    at=$(date -u +%Y-%m-%dT%H:%M:%SZ)
    "$assay" proof verify net/node-4.proof --checkpoint net/later.checkpoint --at "$at" --ear net/node-4.jwt \
        --ear-key net/alpha.key >proof.said || [ $? -eq 11 ]
}
until_true 60 proof_after_checkpoint
on 2 proof node-1 --bare --out net/node-1.bare >/dev/null
"$assay" store save --out net/archive --socket net/node-1/admin.sock >/dev/null
on 1 export --format jsonl >net/scores.jsonl
"$assay" recover fence --reason 'golden data' --out net/fence --socket net/node-1/admin.sock >/dev/null
"$assay" recover sign net/fence --key net/alpha.key >/dev/null
on 1 change draft --out net/drain.change --drain node-3 --activation +60 >/dev/null
"$assay" change sign net/drain.change --key net/beta.key >/dev/null
until_true 60 epoch_at_least 1 $(($(field 1 epoch) + 2))
"$assay" setup local net --stop >/dev/null
date -u +%s >net/stopped_unix_s

# --- what these programs print: STATUS | TEXT | WORDS, run in the unpacked folder
rm -f net/accepted net/node-*/enclave net/node-*/*.sock net/node-*/log
rm -rf net/node-*/images
find net -type s -delete
value() { sed -n "s/^ *\"$1\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" | head -n 1; }
# golden KIND WORDS...: a line for each member of a document whose value is a scalar (or a digest); its status alone if
# it has none. Sentences are not frozen (docs/compatibility.md 1).
golden() {
    case $1 in
    scalars) pattern='s/^ *\("[a-z_0-9]*": [^[{]*[^[{,]\),\{0,1\}$/\1/p' ;;
    *) pattern='s/^ *\("[a-z_0-9]*": "[0-9a-f]\{64,\}"\),\{0,1\}$/\1/p' ;;
    esac
    shift
    (cd net && "$assay" "$@" >../said 2>/dev/null) && status=0 || status=$?
    sed -n "$pattern" said | grep -vE '"(schema|text|detail|command|message|version|took|seconds|.*per_s)[a-z_]*":' |
        sort -u >members || true
    [ -s members ] || echo >members
    while read -r member; do echo "$status | $member | $*"; done <members
}
mkdir -p "$out"
{
    echo "# Made by tests/golden/make.sh with assay $version: exit status | part of what it says | words of the command"
    for n in 1 2 3 4; do
        golden scalars audit verify node-$n/state --genesis genesis --json
        golden scalars audit replay node-$n/state --genesis genesis --json
        golden digests audit orders node-$n/state/orders.log --json
    done
    boundaries=$("$assay" store inspect net/archive --json | value boundaries)
    echo "0 | \"boundaries\": $boundaries | store verify archive --genesis genesis --json"
    echo "0 | \"proven_from\": 0 | store verify archive --genesis genesis --json"
    echo "0 | \"boundaries\": $boundaries | store inspect archive --json"
    echo "0 |  | store restore archive --into restored --genesis genesis"
    golden scalars proof verify node-4.proof --checkpoint later.checkpoint --at "$at" --json
    golden scalars proof verify node-2.proof --checkpoint genesis --at "$early" --json
    golden scalars proof verify node-2.proof --checkpoint genesis.checkpoint --at "$early" --json
    golden digests proof verify node-1.bare --checkpoint later.checkpoint --at "$at" --json
    golden digests checkpoint --file later.checkpoint --json
    golden digests checkpoint --file genesis.checkpoint --json
    golden digests ear verify node-4.jwt --key alpha.pub --at "$at" --json
    golden digests change show policy.change --store node-1/state --genesis genesis --json
    golden digests change show drain.change --store node-1/state --genesis genesis --json
    golden digests recover show fence --socket none --json
    golden digests policy show policy.yaml --json
    golden digests collateral show genesis --at "$at" --json
    echo "0 |  | config show node-1/assayd.yaml"
    echo "0 |  | genesis create plan.yaml --out again"
} >"$out/commands"
tar -C net --sort=name --owner=0 --group=0 --numeric-owner -cf - . | xz -9e >"$out/network.tar.xz"
ls -l "$out"

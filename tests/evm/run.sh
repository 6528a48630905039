#!/bin/sh
# tests/evm/run.sh - contracts and client on a real EVM (docs/services.md 8).
#
# usage: run.sh PROGRAM [CONTRACT_JSON [SCENARIO]]   evm_chain on two nodes that are started here
#        run.sh --compile                            contract.json is what the sources compile to
#        run.sh --install                            only fetch what the tests need
#
# ASSAY_EVM_MODULES is where modules are installed (default build/evm/node_modules; versions and hashes are those
# of package-lock.json). Nothing is skipped: without node, npm or the modules it fails.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
home=$root/build/evm

die() {
    echo "evm: $1" >&2
    exit 1
}

# One installs, others wait. npm checks the hashes; modules of another lock are fetched anew.
install_modules() {
    mkdir -p "$home"
    (
        flock 9
        if ! cmp -s "$here/package-lock.json" "$home/installed-lock.json"; then
            cp "$here/package.json" "$here/package-lock.json" "$home/"
            (cd "$home" && npm ci --no-audit --no-fund --ignore-scripts --fetch-retries=2 --fetch-timeout=60000 \
                >npm.log 2>&1) || exit 1
            cp "$here/package-lock.json" "$home/installed-lock.json"
        fi
    ) 9>"$home/lock"
}

if [ -z "${ASSAY_EVM_MODULES-}" ]; then
    command -v npm >/dev/null 2>&1 || die "no npm"
    install_modules || die "npm cannot fetch the modules (see $home/npm.log)"
    ASSAY_EVM_MODULES=$home/node_modules
fi
case ${1-} in
--install) exit 0 ;;
--compile) exec node "$root/contracts/compile.js" "$ASSAY_EVM_MODULES" ;;
esac

anvil=$ASSAY_EVM_MODULES/@foundry-rs/anvil-linux-amd64/bin/anvil
[ -x "$anvil" ] || die "no $anvil: npm has anvil for other machines, package.json only for this one"
work=$(mktemp -d)
nodes=""
trap 'for node in $nodes; do kill "$node" 2>/dev/null || :; done; rm -rf "$work"' EXIT

# node NAME FORK: starts one on a port of its own, which it says itself. Sets $url.
# The log is there before it writes.
node() {
    : >"$work/$1"
    HOME=$work "$anvil" --host 127.0.0.1 --port 0 --hardfork "$2" --timestamp 1800000000 >"$work/$1" 2>&1 &
    nodes="$nodes $!"
    tries=0
    until url=$(sed -n 's/^Listening on //p' "$work/$1") && [ -n "$url" ]; do
        tries=$((tries + 1))
        [ $tries -le 300 ] || die "$1 does not start: $(tail -n 3 "$work/$1")"
        sleep 0.1
    done
    url=http://$url
}

program=$1
contracts=${2:-$root/contracts/contract.json}
node new osaka
new=$url
node old cancun
"$program" "$contracts" "$new" "$url" ${3:+"$3"}

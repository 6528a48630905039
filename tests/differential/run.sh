#!/bin/sh
# tests/differential/run.sh - the comparison with @phala/dcap-qvl (docs/differential.md).
#
# usage: run.sh [--count N] [--seed N] [--jobs N] [--fresh]
#        run.sh --install      only fetch the peer
#
# ASSAY_DIFFERENTIAL names the program (default build/release/tests/assay-differential), ASSAY_VECTORS the
# vectors, ASSAY_PEER the folder the peer is installed in (default build/differential; its version and hash
# are those of package-lock.json), ASSAY_OUT where answers are kept (default build/differential/run).
# Exit status 77 when node, npm, the peer or the vectors are not to be had, 1 when a disagreement is
# unexplained.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
program=${ASSAY_DIFFERENTIAL:-$root/build/release/tests/assay-differential}
vectors=${ASSAY_VECTORS:-$root/../shared/vectors}
peer=${ASSAY_PEER:-$root/build/differential}
out=${ASSAY_OUT:-$root/build/differential/run}

absent() {
    echo "differential: $1: skipped" >&2
    exit 77
}

# One installs, others wait. npm checks the hashes; a peer of another lock is fetched anew.
install_peer() {
    mkdir -p "$peer"
    (
        flock 9
        if ! cmp -s "$here/package-lock.json" "$peer/installed-lock.json"; then
            cp "$here/package.json" "$here/package-lock.json" "$peer/"
            (cd "$peer" && npm ci --no-audit --no-fund --ignore-scripts --fetch-retries=1 --fetch-timeout=20000 \
                >npm.log 2>&1) || exit 1
            cp "$here/package-lock.json" "$peer/installed-lock.json"
        fi
    ) 9>"$peer/lock"
}

command -v node >/dev/null 2>&1 || absent "no node"
command -v npm >/dev/null 2>&1 || absent "no npm"
install_peer || absent "npm cannot fetch the peer (see $peer/npm.log)"
[ "${1-}" = --install ] && exit 0
[ -e "$vectors/MANIFEST.json" ] || absent "no vectors in $vectors"
[ -x "$program" ] || { echo "differential: $program is not built" >&2; exit 2; }

if [ "${1-}" = --fresh ]; then
    shift
    rm -f "$out"/shard-*.jsonl
fi
exec node "$here/run.js" --program "$program" --peer "$peer" --vectors "$vectors" --out "$out" "$@"

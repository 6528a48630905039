#!/bin/sh
# A stranger's first hour: a Debian that never heard of Assay, the packages, and the guides that came with them,
# followed word by word from `apt install` on. A browser outside looks at the page meanwhile.
#
# usage: walk.sh ROOT DEBS CACHE OUT [GUIDE...]
#   DEBS   folder of the packages
#   CACHE  as in root.sh
#   GUIDE  those to follow (default: quick-start deploy-tpm mtls rollback)
#   OUT    folder for GUIDE.txt (the steps with their times) and GUIDE.png (the page when a node has fallen)
#
# Needs root (chroot) and mmdebstrap. Without chromium, node or curl nobody looks at the page, and a line says so.
set -u
export LC_ALL=C
root=$1 debs=$2 cache=$3 out=$4
shift 4
work=$(mktemp -d)
fresh=$work/root
watcher=
trap '[ -z "$watcher" ] || kill "$watcher" 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP
. "$root/tests/integration/packages/lib.sh"
rm -rf "$out"
mkdir -p "$out"

# look GUIDE: has a browser open the page as soon as a guide has one, and wait until it says that node-4 fell.
look() {
    tries=6000
    until port=$(sed -n 's/^listen:.*http: "127.0.0.1:\([0-9]*\)".*/\1/p' "$fresh"/tmp/assay-guide.*/node-1/assayd.yaml) &&
        [ -n "$port" ] && curl -sf "http://127.0.0.1:$port/livez"; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || exit 1
        sleep 0.2
    done
    exec node "$root/tests/integration/packages/open_page.js" "http://127.0.0.1:$port/" 'node-4 ran an unknown build' "$out/$1.png"
} >"$work/looked" 2>&1

walk() { # walk GUIDE
    rm -rf "$fresh"
    bare_debian "$cache"
    mkdir -p "$fresh/test/guides" "$fresh/test/debs"
    cp "$debs"/*.deb "$fresh/test/debs/"
    cp "$root/tests/guides/run.py" "$root"/tests/guides/*.sh "$fresh/test/guides/"
    # The runner's own, not the stranger's. Where the bare Debian knows nothing, the guide must say `apt update`.
    { inside apt-get update -qq && inside apt-get install -qq python3 && rm -rf "$fresh"/var/lib/apt/lists/*; } \
        >"$work/said" 2>&1 || { cat "$work/said" >&2; exit 1; }
    # The guide is read in the packages: what they do not bring nobody could read.
    dpkg-deb --fsys-tarfile "$(ls "$debs"/assay_*.deb)" | tar -x -C "$fresh/test" ./usr/share/doc/assay/docs/guides
    # A guide in which node-4 falls has a page to look at.
    if [ -n "${ASSAY_WEB_MODULES-}" ] && grep -q 'mv evil node-4' "$root/docs/guides/$1.md"; then
        look "$1" &
        watcher=$!
    fi
    check "$1: a stranger gets through" inside /usr/bin/python3 /test/guides/run.py --seconds 1500 \
        --packages /test/debs --table /test/table "/test/usr/share/doc/assay/docs/guides/$1.md" /usr/bin
    [ ! -s "$fresh/test/table" ] || { printf '\n%s, in a bare Debian:\n\n' "$1"; cat "$fresh/test/table"; } |
        tee "$out/$1.txt"
    if [ -n "$watcher" ]; then
        [ "$failures" -eq 0 ] || kill $watcher 2>/dev/null
        check "$1: a browser outside saw node-4 fall" wait $watcher
        watcher=
    elif [ -z "${ASSAY_WEB_MODULES-}" ]; then
        echo "$1: no browser here: nobody looked at the page"
    fi
}

# The browser's driver is where the tests of the page have it.
if sh "$root/tests/web/run.sh" --install && command -v chromium >/dev/null && command -v curl >/dev/null; then
    export ASSAY_WEB_MODULES="${ASSAY_WEB_MODULES:-$root/build/web/node_modules}"
fi
[ "$(ls "$debs"/assay_*.deb "$debs"/assayd_*.deb 2>/dev/null | wc -l)" -eq 2 ] || { echo 'walk.sh: no packages' >&2; exit 1; }
[ $# -gt 0 ] || set -- quick-start deploy-tpm mtls rollback
for guide; do walk "$guide"; done
finish

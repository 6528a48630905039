#!/bin/sh
# tests/web/run.sh - the page in headless Chromium (docs/page.md).
#
# usage: run.sh [GROUP...]     groups of tests/web/page.js, or sets of them; `figures` is what `./dev bench` runs
#        run.sh --install      only fetch what the tests need
#
# ASSAY_WEB_MODULES is where modules are installed (default build/web/node_modules; versions and hashes are those
# of package-lock.json), ASSAY_BIN the programs (without it no network is started),
# ASSAY_SCREENSHOTS a folder for the pictures of README.md and docs/page.md,
# ASSAY_CHROMIUM the browser. Exit status 77 without node, npm, chromium or the modules.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
home=$root/build/web

absent() {
    echo "web: $1: skipped" >&2
    exit 77
}

# One installs, others wait. npm checks the hashes; modules of another lock are fetched anew.
install_modules() {
    mkdir -p "$home"
    (
        flock 9
        if ! cmp -s "$here/package-lock.json" "$home/installed-lock.json"; then
            cp "$here/package.json" "$here/package-lock.json" "$home/"
            (cd "$home" && npm ci --no-audit --no-fund --ignore-scripts --fetch-retries=1 --fetch-timeout=20000 \
                >npm.log 2>&1) || exit 1
            cp "$here/package-lock.json" "$home/installed-lock.json"
        fi
    ) 9>"$home/lock"
}

command -v node >/dev/null 2>&1 || absent "no node"
if [ -z "${ASSAY_WEB_MODULES-}" ]; then
    command -v npm >/dev/null 2>&1 || absent "no npm"
    install_modules || absent "npm cannot fetch the modules (see $home/npm.log)"
    ASSAY_WEB_MODULES=$home/node_modules
fi
[ "${1-}" = --install ] && exit 0
[ -x "${ASSAY_CHROMIUM:-/usr/bin/chromium}" ] || absent "no chromium"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sh "$root/web/build.sh" "$work/page"
export ASSAY_WEB_MODULES ASSAY_WEB_PAGE="$work/page" HOME="$work"
node "$here/page.js" "$@"

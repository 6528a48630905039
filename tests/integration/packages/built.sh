#!/bin/sh
# Packages of what is built already, without symbols for debuggers, and everything that debs.sh asks of them.
#
# usage: built.sh ROOT BUILD
set -eu
root=$1 build=$2
command -v dpkg-buildpackage >/dev/null && command -v dh >/dev/null && command -v lintian >/dev/null &&
    git -C "$root" rev-parse --git-dir >/dev/null 2>&1 || {
    echo 'built.sh: no dpkg-buildpackage, no debhelper, no lintian, or no git repository' >&2
    exit 77
}
out=$build/packages
ASSAY_PACKAGES=noautodbgsym sh "$root/packaging/build.sh" "$out" --built "$build"
exec sh "$root/tests/integration/packages/debs.sh" "$root" "$out"

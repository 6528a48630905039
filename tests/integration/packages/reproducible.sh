#!/bin/sh
# The same commit built in another folder gives the same packages, byte by byte.
#
# usage: reproducible.sh ROOT DEBS [ARGUMENTS OF packaging/build.sh]
set -u
export LC_ALL=C
root=$1 debs=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$root/tests/integration/packages/lib.sh"

elsewhere=$work/a/folder/of/another/depth
check 'the second build succeeds' env TZ=Asia/Kathmandu sh "$root/packaging/build.sh" "$elsewhere" "$@"
digests() { (cd "$1" && sha256sum -- *.deb *.spdx.json); }
digests "$debs" >"$work/first"
digests "$elsewhere" >"$work/second"
check 'there is something to compare' test "$(wc -l <"$work/first")" -ge 8
check 'both builds are the same' diff "$work/first" "$work/second"
echo x >>"$(ls "$elsewhere"/assayd_*.deb)"
digests "$elsewhere" >"$work/second"
check 'another byte would be seen' fails diff "$work/first" "$work/second"
finish

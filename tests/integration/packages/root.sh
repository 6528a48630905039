#!/bin/sh
# The packages in a Debian that never heard of Assay: they install, a network made by their own tools runs, an
# upgrade keeps its state, removal leaves what is the operator's, purging leaves nothing.
#
# usage: root.sh ROOT DEBS NEWER CACHE
#   DEBS, NEWER  folders of two builds, the second of a higher version
#   CACHE        folder where the bare Debian is kept, since it takes the longest
#
# Needs root (chroot) and mmdebstrap; dependencies come from where this machine's apt gets its packages.
set -u
export LC_ALL=C
root=$1 debs=$2 newer=$3 cache=$4
work=$(mktemp -d)
fresh=$work/root
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP
. "$root/tests/integration/packages/lib.sh"

bare_debian "$cache"
mkdir -p "$fresh/test/debs" "$fresh/test/newer"
cp "$debs"/*.deb "$fresh/test/debs/"
cp "$newer"/*.deb "$fresh/test/newer/"
rm -f "$fresh"/test/*/*-dbgsym_*.deb
cp "$root/tests/integration/packages/inside.sh" "$fresh/test/"

left() { (cd "$fresh" && find . -xdev \( -path ./test -o -path ./proc -o -path ./var/lib/apt -o -path ./var/log \) -prune -o \
    -iname '*assay*' -print | sort); }
version_of() { inside dpkg-query -W -f '${Version}' "$1"; }

check 'nothing of it is there before' test -z "$(left)"
inside apt-get update -qq >"$work/said" 2>&1
check 'the packages install' inside sh -c 'apt-get install -qq -y --no-install-recommends /test/debs/*.deb'
check 'nothing else was asked of the machine' inside sh -c \
    'test "$(dpkg-query -W -f "\${db:Status-Abbrev}\n" | grep -vc "^ii")" = 0'
for program in assay assayd assay-sim; do
    check "$program runs" inside $program --version
done
check 'the simulator plays its library' inside assay-sim run badmouthing --quiet
for name in libassay libassay-policy libassay-standing libassay-permit libassay-keys libassay-continuity libassay-sqlite; do
    check "$name is found by its SONAME" inside sh -c 'ldconfig -p | grep -q "$0[.]so[.]0[.]1"' $name
done
check 'apt finds no fault' inside apt-get check -qq
user=$(inside sh -c 'id -un assay 2>/dev/null || echo root')
check 'the daemon has a user of its own, without a shell' \
    inside sh -c 'getent passwd assay | grep -qE ":(/usr/sbin/nologin|/bin/false)$"'

# --- a network of four, by the installed tools, as the daemon's own user
first=$(inside sh /test/inside.sh first "$user" 2>&1)
check "a network made by the tools closes epochs: $first" inside test -s /var/lib/assay/net/epoch
check 'as the user of the daemon' test "$(inside stat -c %U /var/lib/assay/net/node-1/state/store.sqlite)" = assay
before=$(find "$fresh/var/lib/assay/net" -name store.sqlite | wc -l)

# --- upgrade
older=$(version_of assayd)
check 'the newer packages install' inside sh -c 'apt-get install -qq -y --no-install-recommends /test/newer/*.deb'
check "the version is higher than $older" inside dpkg --compare-versions "$(version_of assayd)" gt "$older"
check 'state is kept' test "$before" -eq 4 -a "$(find "$fresh/var/lib/assay/net" -name store.sqlite | wc -l)" -eq 4
again=$(inside sh /test/inside.sh again "$user" 2>&1)
check "the network goes on where it was: $again" grep -qx 'went on' <<END
$again
END

# --- remove, and purge
check "the folder for keys is the operator's, and the daemon may read it" \
    test "$(inside stat -c '%U %G %a' /etc/assay)" = 'root assay 750'
check "the folder of state is the daemon's alone" test "$(inside stat -c '%U %a' /var/lib/assay)" = 'assay 700'
echo 'config_version: 1' >"$fresh/etc/assay/assayd.yaml"
ours=$(inside dpkg-query -W -f '${Package}\n' | grep -E '^(lib)?assay')
# shellcheck disable=SC2086 # words are wanted
check 'the packages are removed' inside apt-get remove -qq -y $ours
gone() { found=$(find "$fresh"/usr "$fresh"/lib/* -iname '*assay*'); echo "$found"; [ -z "$found" ]; }
check 'no program is left' gone
check 'what the node stored is left' test -d "$fresh/var/lib/assay/net"
known() { inside dpkg-query -W -f '${Package}\n' | grep -E '^(lib)?assay'; }
# shellcheck disable=SC2046
check 'what dpkg still knows is purged' inside dpkg --purge $(known)
check "what is the operator's stays" test -f "$fresh/etc/assay/assayd.yaml"
rm -rf "$fresh/etc/assay"
check "nothing else is left: $(left | xargs)" test -z "$(left)"
check 'dpkg knows none of it any more' fails known
finish

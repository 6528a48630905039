#!/bin/sh
# packaging/oci/build.sh - an OCI image of the packages in DEBS, without a daemon and without a base image.
#
# usage: build.sh DEBS OUT     OUT/assay.oci.tar, and the image assay:VERSION ("-" for "~" and "+") in this user's storage
#
# Packages that ours depend on come from this machine's apt. Times come from SOURCE_DATE_EPOCH, by default
# the time of the packages, so that the same packages give the same image.
set -eu
export LC_ALL=C TZ=UTC

die() { echo "oci/build.sh: $*" >&2; exit 1; }
[ $# -eq 2 ] || die 'expected two folders'
here=$(cd "$(dirname "$0")" && pwd)
debs=$(cd "$1" && pwd)
mkdir -p "$2"
out=$(cd "$2" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
set -- "$debs"/assayd_*.deb "$debs"/assay_*.deb
[ $# -eq 2 ] || die "$debs: expected one package assayd and one package assay"
version=$(dpkg-deb --field "$1" Version)
tag=assay:$(printf '%s' "$version" | tr '~+:' '---') # letters that a tag may have
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(dpkg-deb --fsys-tarfile "$1" | tar -tv --full-time --utc 2>/dev/null |
    awk 'NR == 1 { print $4, $5; exit }' | date -u -f - +%s)}
export SOURCE_DATE_EPOCH

# --- all that they need, as if nothing were installed here
mkdir -p "$work/archives/partial" "$work/stage"
: >"$work/status"
apt-get -qq -y --no-install-recommends --download-only -o Dir::State::status="$work/status" \
    -o Dir::Cache::archives="$work/archives" -o Debug::NoLocking=1 -o APT::Sandbox::User=root \
    install "$1" "$2" libtss2-tcti-device0 ca-certificates >"$work/log" 2>&1 ||
    { cat "$work/log"; die 'apt could not fetch what the packages need'; }
for deb in "$work"/archives/*.deb "$1" "$2"; do
    dpkg-deb --extract "$deb" "$work/stage"
done

# --- of that the programs, and the libraries that they load: not what else a Debian would want
root=$work/root
mkdir -p "$root/usr/bin"
keep() { # keep FILE: at its place, and what it loads
    [ ! -e "$root/$1" ] || return 0
    mkdir -p "$root/$(dirname "$1")"
    cp -L "$work/stage/$1" "$root/$1"
    for name in $(readelf -Wd "$work/stage/$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p') \
        $(readelf -Wl "$work/stage/$1" | sed -n 's/.*interpreter: \/\(.*\)\]/\1/p'); do
        [ "${name#*/}" = "$name" ] || { keep "$name"; continue; }
        path=$(cd "$work/stage" && find lib usr/lib -name "$name" | head -n 1)
        [ -n "$path" ] || die "$1 loads $name, which no package brings"
        keep "$path"
    done
}
keep usr/bin/assayd
keep usr/libexec/assay/assay-verifier
keep usr/libexec/assay/assay-transport
keep usr/bin/assay
keep usr/bin/assay-enclave
for name in libtss2-tcti-device.so.0 libcurl.so.4 libsystemd.so.0; do # loaded by name
    keep "$(cd "$work/stage" && find lib usr/lib -name "$name" | head -n 1)"
done

mkdir -p "$root/etc/ssl/certs" "$root/etc/assay" "$root/var/lib/assay" "$root/run/assay" "$root/tmp"
cat "$work"/stage/usr/share/ca-certificates/mozilla/*.crt >"$root/etc/ssl/certs/ca-certificates.crt"
(cd "$work/stage" && find usr/share/doc -name copyright -print0 | tar -c --null -T -) | tar -x -C "$root"
# A user of its own, by number too: an orchestrator that demands "not root" looks at the number.
echo 'root:x:0:0:root:/:/usr/sbin/nologin' >"$root/etc/passwd"
echo 'assay:x:64007:64007:Assay:/var/lib/assay:/usr/sbin/nologin' >>"$root/etc/passwd"
printf 'root:x:0:\nassay:x:64007:\n' >"$root/etc/group"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
chmod 1777 "$root/tmp"
chmod 0700 "$root/var/lib/assay"
chown -R 64007:64007 "$root/var/lib/assay" "$root/run/assay"
tar -c -C "$root" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --clamp-mtime --numeric-owner -f "$work/root.tar" .

cp "$here/Containerfile" "$work/"
podman build --quiet --timestamp "$SOURCE_DATE_EPOCH" --tag "$tag" "$work" >"$work/id"
rm -f "$out/assay.oci.tar"
podman save --quiet --format oci-archive --output "$out/assay.oci.tar" "$tag"
echo "$tag $(cat "$work/id"), $(du -h "$out/assay.oci.tar" | cut -f1)"

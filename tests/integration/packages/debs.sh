#!/bin/sh
# The packages in a folder are what they should be: lintian is content, the right files in the right
# package, hardened programs, licences, an SBOM that is sound and true.
#
# usage: debs.sh ROOT OUT
set -u
export LC_ALL=C
root=$1 out=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$root/tests/integration/packages/lib.sh"

deb() { ls "$out/$1"_*.deb; }
set -- $(sed -n 's/^Package: //p' "$root/packaging/debian/control")
for name; do
    check "there is one package $name" test -f "$(deb "$name")"
    mkdir -p "$work/$name"
    check "$name unpacks" dpkg-deb --extract "$(deb "$name")" "$work/$name"
    (cd "$work/$name" && find . ! -type d | sed 's|^\.||' | sort) >"$work/$name.txt"
done

# --- lintian, with the installed policy of Debian; an override would be a line in packaging/debian
check 'lintian has neither error nor warning' lintian --allow-root --fail-on error,warning --tag-display-limit 0 "$out"/*.deb
cp "$(deb assay-sim)" "$work/bad.deb"
mkdir "$work/bad"
dpkg-deb --raw-extract "$work/bad.deb" "$work/bad" && chmod 777 "$work/bad/usr/bin/assay-sim" &&
    rm "$work/bad/usr/share/doc/assay-sim/copyright" && dpkg-deb --build --root-owner-group "$work/bad" "$work/bad.deb" >/dev/null
check 'lintian sees what is wrong' fails lintian --allow-root --fail-on error,warning "$work/bad.deb"

# --- contents
has() { grep -qxE "$2" "$work/$1.txt" || { cat "$work/$1.txt"; return 1; }; }
for file in assayd:/usr/bin/assayd assayd:/usr/libexec/assay/assay-verifier assayd:/usr/libexec/assay/assay-transport \
    assayd:/usr/bin/assay-enclave assay:/usr/bin/assay assay-sim:/usr/bin/assay-sim \
    assay-demo:/usr/bin/assay-demo assay-demo:/usr/libexec/assay/assayd-byzantine \
    assay:/lib/systemd/system/assay-export.service assay:/lib/systemd/system/assay-anchor.service assay:/lib/systemd/system/assay-anchor.timer \
    assayd:/lib/systemd/system/assayd.service assayd:/usr/lib/sysusers.d/assayd.conf \
    assayd:/lib/systemd/system/assay-replica@.service assayd:/lib/systemd/system/assay-holder@.service \
    assayd:/lib/systemd/system/assay-executor@.service assayd:/lib/systemd/system/assay-signer@.service assayd:/usr/share/dbus-1/system.d/assayd.conf \
    assayd:/usr/share/doc/assayd/systemd/target.rules \
    assayd:/usr/lib/tmpfiles.d/assayd.conf assayd:/usr/share/doc/assayd/systemd/tpm.conf \
    assay:/usr/share/bash-completion/completions/assay assay:/usr/share/zsh/vendor-completions/_assay \
    assay:/usr/share/fish/vendor_completions.d/assay.fish \
    assayd:/usr/share/bash-completion/completions/assayd assayd:/usr/share/zsh/vendor-completions/_assay-holder \
    assay-sim:/usr/share/bash-completion/completions/assay-sim assay-sim:/usr/share/fish/vendor_completions.d/assay-sim.fish \
    assay-demo:/usr/share/zsh/vendor-completions/_assay-demo \
    assayd:/usr/share/man/man8/assayd.8.gz assayd:/usr/share/man/man5/assayd.yaml.5.gz \
    assay:/usr/share/man/man1/assay.1.gz assay:/usr/share/man/man1/assay-status.1.gz \
    assay:/usr/share/man/man5/assay-policy.5.gz \
    assay-sim:/usr/share/man/man1/assay-sim.1.gz libassay-dev:/usr/share/man/man3/libassay.3.gz \
    libassay0.1:'/usr/lib/[^/]*/libassay.so.0.1' libassay-dev:'/usr/lib/[^/]*/libassay.(so|a)' \
    libassay-policy0.1:'/usr/lib/[^/]*/libassay-policy.so.0.1' libassay-standing0.1:'/usr/lib/[^/]*/libassay-standing.so.0.1' \
    libassay-permit0.1:'/usr/lib/[^/]*/libassay-permit.so.0.1' libassay-keys0.1:'/usr/lib/[^/]*/libassay-keys.so.0.1' \
    libassay-continuity0.1:'/usr/lib/[^/]*/libassay-continuity.so.0.1' libassay-dev:/usr/include/assay/continuity.h \
    libassay-sqlite0.1:'/usr/lib/[^/]*/libassay-sqlite.so.0.1' libassay-dev:/usr/include/assay/sqlite.h libassay-dev:/usr/include/assay/kv.h \
    libassay-dev:/usr/include/assay/keys.h libassay-dev:'/usr/lib/[^/]*/libassay-standing.(so|a)' \
    libassay-dev:/usr/include/assay/standing.h libassay-dev:'/usr/lib/[^/]*/pkgconfig/assay-policy.pc' \
    golang-assay-dev:/usr/share/gocode/src/assay.example/assay/assay.go \
    librust-assay-dev:'/usr/share/cargo/registry/assay-[0-9.]*/Cargo.toml' \
    librust-assay-dev:'/usr/share/cargo/registry/assay-[0-9.]*/[.]cargo-checksum.json' \
    libassay-dev:/usr/share/doc/libassay-dev/examples/verify.go libassay-dev:/usr/share/doc/libassay-dev/examples/verify.rs \
    libassay-dev:/usr/include/assay/assay.h libassay-dev:'/usr/lib/[^/]*/pkgconfig/assay.pc' \
    libassay-dev:'/usr/lib/[^/]*/cmake/assay/assay-config.cmake' python3-assay:/usr/lib/python3/dist-packages/assay/__init__.py libassay-dev:/usr/share/doc/libassay-dev/examples/verify.py \
    libassay-dev:/usr/share/doc/libassay-dev/examples/result.c libassay-dev:/usr/share/doc/libassay-dev/examples/result.py \
    assay:/usr/share/assay/haproxy.lua assay-page:/usr/share/assay/page/index.html assay-page:/usr/share/assay/monitoring/alerts.yml \
    assay-page:/usr/share/assay/monitoring/dashboard.json assay-page:/usr/share/assay/openapi.json; do
    check "${file%%:*} holds ${file#*:}" has "${file%%:*}" "${file#*:}"
done
cat "$work"/*.txt | sort | uniq -d >"$work/twice"
check "no file is in two packages: $(xargs <"$work/twice")" test ! -s "$work/twice"
check 'test builds are in the demo alone' fails sh -c \
    'cd "$0" && grep -HE "byzantine|tampered|lying|stranger|shim" *.txt | grep -vE "^assay-demo.txt|/scenarios/"' "$work"
for name in libassay libassay-policy libassay-standing libassay-permit libassay-keys libassay-continuity libassay-sqlite; do
    check "$name in no package but its own" test "$(cd "$work" && grep -lE "/$name[.]so[.]" *.txt)" = ${name}0.1.txt
done
needs() { dpkg-deb --field "$(deb "$1")" Depends; }
check 'the verifier and proofs need no YAML' fails sh -c 'printf "%s\n" "$@" | grep -i yaml' sh "$(needs libassay0.1)" \
    "$(needs libassay-standing0.1)" "$(needs libassay-permit0.1)" "$(needs libassay-keys0.1)"
check 'policy files do' sh -c 'printf "%s\n" "$1" | grep -q "libyaml.*libassay0.1\|libassay0.1.*libyaml"' sh \
    "$(needs libassay-policy0.1)"
for name; do
    check "$name says its licence" has "$name" "/usr/share/doc/$name/copyright"
    check "$name names who else holds a copyright" grep -q 'Leon Sorokin' "$work/$name/usr/share/doc/$name/copyright"
done
# A vendored folder that "copyright" forgets would be shipped without its licence.
for folder in "$root"/web/vendor/*/; do
    name=$(basename "$folder")
    check "copyright names web/vendor/$name" grep -q "^Files:.*web/vendor/$name/" "$root/packaging/debian/copyright"
done

# --- what packages need to be built is what ./dev installs to build, in the same words
sed -n '/^packages_build=(/,/)/p' "$root/dev" | sed 's/.*(//; s/)//' | xargs -n1 |
    grep -vE '^(gcc|libc6-dev|binutils)$' | sort >"$work/dev"
sed -n '/^Build-Depends:/,/^[A-Z].*:/p' "$root/packaging/debian/control" | grep -v '^Standards' |
    sed 's/^Build-Depends://; s/([^)]*)//; s/,//' | xargs -n1 | grep -vE '^(debhelper-compat|libgmp-dev)$' | sort >"$work/control"
check 'Build-Depends and ./dev agree' diff "$work/dev" "$work/control"

# --- hardening, as the linker left it
check 'programs are hardened' sh "$root/tests/tidy/elf.sh" "$work/assayd/usr/bin/assayd" \
    "$work/assayd/usr/libexec/assay/assay-verifier" "$work/assayd/usr/libexec/assay/assay-transport" \
    "$work/assay/usr/bin/assay" "$work/assay-sim/usr/bin/assay-sim" "$work/assay-demo/usr/bin/assay-demo"
hardened() {
    readelf -Wl "$1" | grep -q GNU_RELRO && readelf -Wd "$1" | grep -q NOW &&
        readelf -Wl "$1" | awk '$1 == "GNU_STACK" && $7 == "RW" { ok = 1 } END { exit !ok }' &&
        readelf -W --dyn-syms "$1" | grep -q __stack_chk_fail && readelf -W --dyn-syms "$1" | grep -q '_chk@' &&
        ! readelf -Wd "$1" | grep -q TEXTREL
}
for name in libassay libassay-policy libassay-standing libassay-permit libassay-keys libassay-continuity libassay-sqlite; do
    check "$name is hardened" hardened "$(find "$work/${name}0.1" -name "$name.so.*" -type f)"
done
check 'an object without would be seen' fails hardened "$(find "$work/libassay-dev" -name 'libassay.a')"

# --- the list of parts
spdx=$(ls "$out"/*.spdx.json)
sbom() { /usr/bin/python3 "$root/packaging/sbom.py" check "$out" "$1"; }
check 'the SBOM is sound and true' sbom "$spdx"
check 'it names what the page carries' grep -q '"name": "uplot"' "$spdx"
carries() { sed -n '/"relationships"/,$p' "$spdx" | grep -B1 -A1 '"CONTAINS"' | grep -qx ' *"spdxElementId": "SPDXRef-Package-'"$1"'",'; }
for name; do
    if grep -rq 'https://github.com/leeoniya/uPlot' --exclude=copyright --exclude-dir=doc "$work/$name"; then
        check "and that $name carries it" carries "$name"
    else
        check "and that $name does not" fails carries "$name"
    fi
done
check 'the daemon does' carries assayd
for fault in 's/SPDX-2.3/SPDX-2.2/' 's/"SHA256"/"MD5"/' 's/"licenseConcluded": "MIT"/"licenseConcluded": "Whatever"/' \
    's/"SPDXID": "SPDXRef-Package-assayd"/"SPDXID": "SPDXRef-Package-other"/' 's/"CONTAINS"/"INSIDE"/' \
    's/"versionInfo": "[^"]*"/"versionInfo": "9"/' '/"created"/d' 's/"checksumValue": "./"checksumValue": "f0/' \
    's/"DEPENDS_ON"/"CONTAINS"/'; do
    sed "$fault" "$spdx" >"$work/fault.json"
    check "an SBOM after $fault is refused" fails sbom "$work/fault.json"
done
finish

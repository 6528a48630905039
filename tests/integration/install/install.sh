#!/bin/sh
# What `cmake --install` puts where: every file in one component, the programs that users run in bin/ and
# no others, every manual, links of the pages that lead somewhere; and the programs run from there.
#
# usage: install.sh ROOT BUILD CMAKE
set -u
export LC_ALL=C
root=$1 build=$2 cmake=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
checks=0 failures=0
check() { # check TEXT COMMAND...
    what=$1
    shift
    checks=$((checks + 1))
    "$@" >"$work/said" 2>&1 && return 0
    failures=$((failures + 1))
    printf 'FAILED: %s\n' "$what" >&2
    sed 's/^/  /' "$work/said" | head -20 >&2
}
fails() { ! "$@"; }
files() { (cd "$1" && find . ! -type d | sort); }

prefix=$work/all
check 'installs' "$cmake" --install "$build" --prefix "$prefix"
files "$prefix" >"$work/all.txt"

# --- components: together everything, and nothing twice
for component in daemon command simulator library library-policy library-standing library-permit library-keys library-continuity library-sqlite dev python go rust \
    page docs demo; do
    check "installs $component" "$cmake" --install "$build" --prefix "$work/$component" --component $component
    files "$work/$component" >"$work/$component.txt"
    check "$component is not empty" test -s "$work/$component.txt"
    cat "$work/$component.txt" >>"$work/parts.txt"
done
sort "$work/parts.txt" >"$work/parts.sorted"
check 'the components together are everything' diff "$work/all.txt" "$work/parts.sorted"

# --- programs
programs() { [ "$(ls "$1/bin" | xargs)" = "$2" ] || { ls "$1/bin"; return 1; }; }
check 'users find their programs' programs "$prefix" 'assay assay-demo assay-enclave assay-executor assay-holder assay-replica assay-signer assay-sim assayd'
check 'the daemon comes with its enclave and the programs of services' programs "$work/daemon" \
    'assay-enclave assay-executor assay-holder assay-replica assay-signer assayd'
check 'the command line is one program' programs "$work/command" assay
check 'the simulator too' programs "$work/simulator" assay-sim
roles='assay-transport assay-verifier'
cast='assay-demo-enclave assay-demo-hand assay-enclave-tampered assay-signer-lying assay-stranger assayd-byzantine libclock_shim.so'
check "the daemon's processes and the demo's cast stand apart" \
    test "$(ls "$prefix/libexec/assay" | xargs)" = "$(printf '%s\n' $roles $cast | sort | xargs)"
check 'the daemon comes with its processes' test "$(ls "$work/daemon/libexec/assay" | xargs)" = "$roles"
check 'and comes with the demo alone' test "$(find "$work" -name 'assay*byzantine*' | grep -c -v "$prefix")" = 1
cp "$prefix/libexec/assay/assayd-byzantine" "$prefix/bin/"
check 'a traitor among the programs would be seen' \
    fails programs "$prefix" 'assay assay-demo assay-enclave assay-executor assay-holder assay-replica assay-signer assay-sim assayd'
rm "$prefix/bin/assayd-byzantine"
check 'no test build is beside what was built for users' \
    fails sh -c 'ls "$0" | grep -E "byzantine|tampered|lying|stranger|shim|example"' "$build/bin"
for program in assay assayd assay-sim; do
    check "$program says its version" sh -c '"$0" --version | grep -q "[0-9][.][0-9]"' "$prefix/bin/$program"
done
check 'programs look for libraries where the system does' fails sh -c \
    'for p in "$0"/bin/* "$0"/libexec/assay/*; do readelf -d "$p"; done | grep -E "RPATH|RUNPATH"' "$prefix"
check 'installed programs are hardened' sh "$root/tests/tidy/elf.sh" "$prefix/bin/assayd" \
    "$prefix/bin/assay" "$prefix/bin/assay-enclave" "$prefix/libexec/assay/assay-verifier" \
    "$prefix/libexec/assay/assay-transport"
check 'the demo starts' sh -c '"$0" --help | grep -q "^usage"' "$prefix/bin/assay-demo"

# --- processes of the daemon: found from its own folder, and not executed where others may change them
net=$work/net
check 'a network for it' "$prefix/bin/assay" setup local --dir "$net" --port 0
answers() { # answers STATUS TEXT: what --check-config of a daemon of this prefix does
    "$prefix/bin/assayd" --config "$net/node-1/assayd.yaml" --check-config >"$work/answer" 2>&1
    status=$?
    cat "$work/answer"
    [ $status -eq "$1" ] && grep -q "$2" "$work/answer"
}
check 'the daemon finds its processes' answers 0 'fit to run'
for role in $roles; do
    chmod o+w "$prefix/libexec/assay/$role"
    check "no $role that others may change" answers 2 "libexec/assay/$role: others may change it: mode 0757"
    chmod o-w "$prefix/libexec/assay/$role"
    mv "$prefix/libexec/assay/$role" "$work/"
    check "not without $role" answers 2 "libexec/assay/$role: No such file"
    mv "$work/$role" "$prefix/libexec/assay/"
done

# --- pages
for page in "$root"/docs/man/*.[1-8]; do
    name=${page##*/}
    [ "$name" = assay.1 ] || check "$name is installed" cmp "$page" "$prefix/share/man/man${name##*.}/$name"
done
check 'assay.1 is installed, with its generated part' grep -qx '[.]It Xr assay-status 1' \
    "$prefix/share/man/man1/assay.1"
for command in status setup completion; do
    check "assay-$command.1 is installed" grep -qx "[.]Nm assay-$command" "$prefix/share/man/man1/assay-$command.1"
done
for file in bash-completion/completions/assay zsh/site-functions/_assay fish/vendor_completions.d/assay.fish; do
    check "share/$file is installed" grep -q collateral "$prefix/share/$file"
done
doc=$prefix/share/doc/assay
links_hold() {
    dangling=$(cd "$1" && find . -name '*.md' | while read -r page; do
        grep -oE '\]\([^)# ]+' "$page" | sed 's/^](//' | grep -v ':' | while read -r link; do
            [ -e "${page%/*}/$link" ] || echo "$page: $link"
        done
    done)
    echo "$dangling"
    [ -z "$dangling" ]
}
check 'links of installed pages lead somewhere' links_hold "$doc"
mv "$doc/docs/images" "$work/images"
check 'a picture that is left out would be seen' fails links_hold "$doc"
check 'the page is the one that nodes serve' cmp "$build/web/page/index.html" "$prefix/share/assay/page/index.html"
check 'rules, dashboard and contract come with it' sh -c \
    'cd "$0" && ls monitoring/alerts.yml monitoring/dashboard.json monitoring/prometheus.yml openapi.json haproxy.lua' \
    "$prefix/share/assay"
check 'nobody else may write what is installed' test -z "$(find "$prefix" -perm /022 ! -type l)"

echo "$((checks - failures)) of $checks checks passed"
[ "$failures" -eq 0 ]

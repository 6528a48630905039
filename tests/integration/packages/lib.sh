# tests/integration/packages/lib.sh - checks of the scripts of this folder. Source it with $work set; what needs a
# bare Debian sets $fresh, too: the folder where it is to be.
checks=0 failures=0
check() { # check TEXT COMMAND...
    what=$1
    shift
    checks=$((checks + 1))
    "$@" >"$work/said" 2>&1 && return 0
    failures=$((failures + 1))
    printf 'FAILED: %s\n' "$what" >&2
    sed 's/^/  /' "$work/said" | head -60 >&2
}
fails() { ! "$@"; }
finish() {
    echo "$((checks - failures)) of $checks checks passed"
    [ "$failures" -eq 0 ]
}

# --- a Debian that never heard of Assay. Needs root (chroot) and mmdebstrap; dependencies come from where this
# --- machine's apt gets its packages.
bare_debian() { # bare_debian CACHE: $fresh; CACHE keeps the archive of it, since it takes the longest
    [ "$(id -u)" -eq 0 ] && command -v mmdebstrap >/dev/null || {
        echo "$0: this needs root and mmdebstrap" >&2
        exit 77
    }
    . /etc/os-release
    mkdir -p "$1"
    if [ -z "$(find "$1/$VERSION_CODENAME.tar" -mtime -7 2>/dev/null)" ]; then
        kept=$1
        # The machine's own way to a mirror, a proxy too.
        set --
        for file in /etc/apt/apt.conf.d/*; do
            ! grep -q '^ *Acquire::http' "$file" || set -- "$@" --aptopt="$file"
        done
        cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null | sed '/^ *\(#\|$\)/d' >"$work/list"
        for file in "$work/list" /etc/apt/sources.list.d/*.sources; do
            [ ! -s "$file" ] || set -- "$@" "$file"
        done
        mmdebstrap --quiet --variant=minbase --mode=root "$VERSION_CODENAME" "$work/root.tar" "$@" || exit 1
        mv "$work/root.tar" "$kept/$VERSION_CODENAME.tar"
        set -- "$kept"
    fi
    mkdir "$fresh"
    tar -x -C "$fresh" --numeric-owner -f "$1/$VERSION_CODENAME.tar" || exit 1
    cp /etc/resolv.conf "$fresh/etc/" 2>/dev/null
    # Nobody answers questions there, and installing starts nothing.
    printf 'APT::Get::Assume-Yes "true";\nAPT::Install-Recommends "false";\n' >"$fresh/etc/apt/apt.conf.d/98tests"
    printf '#!/bin/sh\nexit 101\n' >"$fresh/usr/sbin/policy-rc.d"
    chmod 755 "$fresh/usr/sbin/policy-rc.d"
}

# Processes of the root end with the command that started them.
inside() {
    unshare --mount --pid --fork --kill-child --mount-proc="$fresh/proc" \
        chroot "$fresh" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root DEBIAN_FRONTEND=noninteractive "$@"
}

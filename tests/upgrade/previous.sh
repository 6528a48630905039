#!/bin/sh
# tests/upgrade/previous.sh - installed prefix of the previous release, built once and cached.
#
# usage: previous.sh ROOT
#   ROOT  the source tree, a git repository
#
# Prints the prefix: bin/ and libexec/assay/ of one build, since a daemon refuses helper programs of another one.
# ASSAY_PREVIOUS names a tag or commit. Default: the newest tag v* that an ancestor of HEAD has; as long as there is
# none, the commit below. ASSAY_PREVIOUS_CACHE: where prefixes are cached (default ~/.cache/assay/previous).
set -eu
export LC_ALL=C
root=$(cd "$1" && pwd)
FIRST=7aad7ca0eaed3d0c00b11c5e4e5e1be799527bc7 # the last commit with store schema 4 before the first golden data

die() { echo "previous.sh: $*" >&2; exit 1; }
name=${ASSAY_PREVIOUS:-$(git -C "$root" describe --tags --abbrev=0 --match 'v*' HEAD^ 2>/dev/null || echo $FIRST)}
commit=$(git -C "$root" rev-parse --verify --quiet "$name^{commit}") ||
    die "\"$name\" is no commit of $root: fetch it (git fetch --tags), or set ASSAY_PREVIOUS"
cache=${ASSAY_PREVIOUS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/assay/previous}
prefix=$cache/$commit
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
if [ ! -x "$prefix/bin/assayd" ]; then
    echo "Building $name in $cache ..." >&2
    work=$cache/work
    rm -rf "$work" "$prefix.part"
    trap 'rm -rf "$work" "$prefix.part"' EXIT
    mkdir "$work" "$work/source"
    # No worktree: the repository would have to be cleaned after a build that was killed.
    git -C "$root" archive "$commit" | tar -x -C "$work/source"
    [ -n "${CMAKE_C_COMPILER_LAUNCHER-}" ] || ! command -v ccache >/dev/null 2>&1 ||
        export CMAKE_C_COMPILER_LAUNCHER=ccache
    export CCACHE_BASEDIR="$work/source" CCACHE_NOHASHDIR=1
    {
        cmake -G Ninja -S "$work/source" -B "$work/source/build/release" -DCMAKE_BUILD_TYPE=Release \
            -DBUILD_TESTING=OFF -DCMAKE_C_COMPILER=gcc
        cmake --build "$work/source/build/release" -j "${ASSAY_JOBS:-$(nproc)}" \
            --target assay assayd assay-verifier assay-transport assay-enclave
    } >"$cache/build.log" 2>&1 || { tail -n 30 "$cache/build.log" >&2; die "$name does not build: $cache/build.log"; }
    mkdir "$prefix.part"
    cp -r "$work/source/build/release/bin" "$work/source/build/release/libexec" "$prefix.part/"
    strip "$prefix.part"/bin/* "$prefix.part"/libexec/assay/*
    mv "$prefix.part" "$prefix"
fi
echo "$prefix"

#!/bin/sh
# packaging/build.sh - Debian packages of this tree, their SBOM, and nothing outside OUT.
#
# usage: build.sh OUT [--version VERSION] [--built FOLDER]
#   OUT        emptied and filled: *.deb, .changes, .buildinfo, .spdx.json, build.log, src/
#   --version  of the packages; default: that of the project, with date and commit behind it unless the
#              commit is tagged as that release
#   --built    packages of what was built in FOLDER already; default: a build of its own in OUT/src/obj
#
# What git tracks is packed, as it stands in the tree. All times come from SOURCE_DATE_EPOCH, by default the
# time of the commit, so that the same commit gives the same packages in any folder. No compiler cache is used: it may
# have objects of another folder, with other names of files in them.
set -eu
export LC_ALL=C TZ=UTC
unset CMAKE_C_COMPILER_LAUNCHER
export CCACHE_DISABLE=1 # where the compiler itself is a link to the cache

die() { echo "build.sh: $*" >&2; exit 1; }
tree=$(cd "$(dirname "$0")/.." && pwd)
[ $# -ge 1 ] || die 'expected a folder'
out=$1 version='' built=''
shift
while [ $# -gt 0 ]; do
    case $1 in
    --version) version=${2:?} ;;
    --built) built=$(cd "${2:?}" && pwd) ;;
    *) die "unknown argument \"$1\"" ;;
    esac
    shift 2
done
rm -rf "$out"
mkdir -p "$out"
out=$(cd "$out" && pwd)

cd "$tree"
git rev-parse --git-dir >/dev/null 2>&1 || die 'the tree is no git repository: which files belong to it?'
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
release=$(sed -n 's/^project(assay VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
[ -n "$release" ] || die 'CMakeLists.txt names no version'
changed=
[ -z "$(git status --porcelain --untracked-files=no)" ] || changed=.changed
if [ -z "$version" ]; then
    version=$release
    # A snapshot sorts before its release, and by date.
    git tag --points-at HEAD | grep -qx "v$release$changed" ||
        version=$release~git$(date -d "@$SOURCE_DATE_EPOCH" +%Y%m%d%H%M%S).$(git rev-parse --short=8 HEAD)$changed
fi

# --- a copy of what is tracked, with debian/ where Debian's tools look for it
src=$out/src
mkdir "$src"
git ls-files -z | sort -z >"$out/tracked"
git ls-files -zd | sort -z | comm -z -23 "$out/tracked" - | tar -c --null -T - | tar -x -C "$src"
rm "$out/tracked"
cp -r "$src/packaging/debian" "$src/debian"
cat >"$src/debian/changelog" <<END
assay ($version) unstable; urgency=medium

  * What users notice stands in the package assay, CHANGELOG.md.

 -- $(sed -n 's/^Maintainer: //p' "$src/debian/control")  $(date -R -d "@$SOURCE_DATE_EPOCH")
END

# --- packages, and what is in them
echo "Building packages of assay $version ..."
if ! (cd "$src" && ASSAY_BUILT=$built DEB_BUILD_OPTIONS="nocheck parallel=${ASSAY_JOBS:-$(nproc)} ${ASSAY_PACKAGES:-}" \
    dpkg-buildpackage -b -us -uc) >"$out/build.log" 2>&1; then
    tail -n 40 "$out/build.log"
    die "the packages could not be built; all of it is in $out/build.log"
fi
/usr/bin/python3 "$tree/packaging/sbom.py" write "$out" --vendored "$src/web/vendor" \
    --epoch "$SOURCE_DATE_EPOCH" >"$out/assay_$version.spdx.json"
ls "$out"/*.deb

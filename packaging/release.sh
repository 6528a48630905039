#!/bin/sh
# packaging/release.sh - checks that this commit can be released, then makes the source archive, the packages, their
# checksums and the annotated tag. `./dev release` runs it; docs/release.md is the procedure. It never pushes.
#
# usage: release.sh VERSION --checked COMMIT [--dry-run] [--out FOLDER]
#   --checked  the commit with which `./dev test` and `./dev check` passed, as the operator confirms: must be HEAD
#   --dry-run  the checks alone: nothing is built or tagged
#   --out      default: build/dist/VERSION
#
# Prints every check that fails, not the first one alone. Exit status: 0 done, 1 a check failed or a build did, 2 usage.
set -eu
export LC_ALL=C TZ=UTC
bad_usage() { echo "release.sh: $*; see ./dev help release" >&2; exit 2; }
version=${1-} checked='' dry=no out=''
case $version in
[0-9]*.[0-9]*.[0-9]*) ;;
*) bad_usage "expected a version as 1.2.3, found \"$version\"" ;;
esac
case $version in *[!0-9.]* | *.*.*.* | *..* | *.) bad_usage "expected a version as 1.2.3, found \"$version\"" ;; esac
shift
while [ $# -gt 0 ]; do
    case $1 in
    --checked) [ $# -ge 2 ] || bad_usage '--checked needs a commit'; checked=$2; shift ;;
    --out) [ $# -ge 2 ] || bad_usage '--out needs a folder'; out=$2; shift ;;
    --dry-run) dry=yes ;;
    *) bad_usage "unknown argument \"$1\"" ;;
    esac
    shift
done
cd "$(dirname "$0")/.."
git rev-parse --git-dir >/dev/null 2>&1 || { echo 'release.sh: this tree is no git repository' >&2; exit 1; }
tree=$PWD
head=$(git rev-parse HEAD)
series=${version%.*}
tag=v$version
failures=0
wrong() {
    failures=$((failures + 1))
    printf 'release: %s\n' "$*" >&2
}

# --- the commit
[ -z "$(git status --porcelain)" ] ||
    wrong "the tree is not clean: commit or remove these first:
$(git status --porcelain | sed -n '1,10s/^/    /p')"
! git rev-parse --verify --quiet "refs/tags/$tag" >/dev/null ||
    wrong "the tag $tag exists: a release never changes; take the next version"
if [ -z "$checked" ]; then
    wrong "no commit is confirmed: run ./dev test and ./dev check, then add --checked $head"
elif [ "$(git rev-parse --verify --quiet "$checked^{commit}" || true)" != "$head" ]; then
    wrong "--checked $checked is not this commit, $head: the tests that passed were those of another one"
fi

# --- from here on everything is read from the commit: git hides edits of files that are marked assume-unchanged, and
# --- attributes of this copy (.git/info) would change the archive
source=$(mktemp -d)
trap 'rm -rf "$source"' EXIT
trap 'exit 1' INT TERM HUP
golden=tests/golden/$version
set -- CMakeLists.txt CHANGELOG.md bindings cmake packaging tests/bindings/rust docs/library.md engine/store/store_sqlite.h
! git cat-file -e "$head:$golden" 2>/dev/null || set -- "$@" "$golden"
git clone -q --no-checkout --shared "$tree" "$source" && cd "$source" && git checkout -q "$head" -- "$@" ||
    { echo "release.sh: $head could not be checked out in $source" >&2; exit 1; }

# --- the version, wherever it is written
says() { # says FILE FOUND EXPECTED
    [ "$2" = "$3" ] || wrong "$1: expected version $3, found ${2:-none}"
}
says CMakeLists.txt "$(sed -n 's/^project(assay VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)" "$version"
for map in cmake/libassay*.map; do
    says "$map" "$(sed -n 's/^ASSAY_\([0-9.]*\) {.*/\1/p' "$map" | sort -V | tail -n 1)" "$series"
done
says packaging/debian/control \
    "$(sed -n 's/^Package: libassay\(-[a-z]*\)*\([0-9][0-9.]*\)$/\2/p' packaging/debian/control | sort -u)" "$series"
says packaging/debian/rules \
    "$(sed -n 's/.*install_component,libassay[a-z-]*\([0-9.]*\),library.*/\1/p' packaging/debian/rules | sort -u)" "$series"
says bindings/python/assay "$(grep -oh 'libassay[a-z-]*[.]so[.][0-9.]*[0-9]' bindings/python/assay/_library.py |
    sed 's/.*[.]so[.]//' | sort -u)" "$series"
for crate in bindings/rust/Cargo.toml bindings/rust/Cargo.lock tests/bindings/rust/Cargo.lock; do
    says $crate "$(sed -n '/^name = "assay"$/{n;s/^version = "\(.*\)"$/\1/p;}' $crate)" "$version"
done
says docs/library.md "$(sed -n 's/.*SONAME `libassay[.]so[.]\([0-9.]*\)`.*/\1/p' docs/library.md)" "$series"

# --- the changelog: a section with a date, and nothing left for later under Unreleased
section=$(awk -v start="## $version - " 'index($0, start) == 1 { on = 1; next } /^## / { on = 0 } on' CHANGELOG.md)
grep -qE "^## $(printf '%s' "$version" | sed 's/[.]/[.]/g') - [0-9]{4}-[0-9]{2}-[0-9]{2}\$" CHANGELOG.md ||
    wrong "CHANGELOG.md: expected a section \"## $version - YYYY-MM-DD\", found none"
printf '%s\n' "$section" | grep -q '^\* ' || wrong "CHANGELOG.md: the section of $version has no line"
! awk '/^## Unreleased/ { on = 1; next } /^## / { on = 0 } on' CHANGELOG.md | grep -q '^\* ' ||
    wrong "CHANGELOG.md: lines are left under Unreleased: move them into the section of $version"

# --- golden data of this release, written in the schema that it has
schema=$(sed -n 's/^ *ASSAY_STORE_SCHEMA_VERSION = \([0-9]*\),.*/\1/p' engine/store/store_sqlite.h)
if [ ! -f "$golden/network.tar.xz" ] || [ ! -f "$golden/commands" ]; then
    wrong "$golden: no golden data: make them (sh tests/golden/make.sh build/release/bin) and commit them"
else
    # Of SQLite's header: user_version, big endian.
    found=$(tar -xJOf "$golden/network.tar.xz" ./node-1/state/store.sqlite 2>/dev/null |
        dd bs=1 skip=63 count=1 2>/dev/null | od -An -tu1 | tr -d ' ')
    [ "$found" = "$schema" ] || wrong "$golden: expected a store of schema $schema, found ${found:-none}"
fi

[ $failures -eq 0 ] || { echo "release: $failures checks failed: nothing was made" >&2; exit 1; }
if [ $dry = yes ]; then
    echo "release: $version can be released from $head; without --dry-run this makes archive, packages and tag $tag"
    exit 0
fi

# --- archive, packages, checksums: from the commit alone, with its time, whatever the environment says
unset SOURCE_DATE_EPOCH
out=${out:-build/dist/$version}
case $out in /*) ;; *) out=$tree/$out ;; esac
[ ! -e "$out" ] || { echo "release: $out exists: remove it first" >&2; exit 1; }
git checkout -q --force --detach "$head"
mkdir -p "$out"
archive=$out/assay-$version.tar.gz
git archive --format=tar --prefix="assay-$version/" "$head" | gzip -9 -n >"$archive"
built=$out/.packages
sh packaging/build.sh "$built" --version "$version" >/dev/null
mv "$built"/*.deb "$built"/*.changes "$built"/*.buildinfo "$built"/*.spdx.json "$out/"
rm -rf "$built"
(cd "$out" && sha256sum -- *.tar.gz *.deb *.changes *.buildinfo *.spdx.json >SHA256SUMS)

# verbatim: lines that begin with # are headings of the changelog.
git -C "$tree" tag -a "$tag" --cleanup=verbatim -m "assay $version

$section

SHA-256 of the source archive: $(sha256sum "$archive" | cut -d' ' -f1)" "$head"
echo "release: $out has archive, packages and SHA256SUMS; the tag $tag is local. To publish:"
echo "    git push origin $tag"

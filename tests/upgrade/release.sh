#!/bin/sh
# `./dev release` on a scratch clone with an invented version: each thing that is missing is refused, and named; a
# release has an archive that a second run makes again byte for byte, checksums, and an annotated tag that is pushed
# nowhere.
#
# usage: release.sh ROOT
set -u
export LC_ALL=C
root=${1:?}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
checks=0 failures=0
V=9.8.7
export GIT_AUTHOR_NAME=test GIT_AUTHOR_EMAIL=test@example.org
export GIT_COMMITTER_NAME=test GIT_COMMITTER_EMAIL=test@example.org
export GIT_CONFIG_GLOBAL=/dev/null
git -C "$root" rev-parse --git-dir >/dev/null 2>&1 || { echo 'skipped: the tree is no git repository'; exit 77; }

expect() { # expect STATUS TEXT ARGUMENTS OF dev...
    want=$1 text=$2
    shift 2
    checks=$((checks + 1))
    said=$(./dev "$@" 2>&1 </dev/null)
    got=$?
    case $said in *"$text"*) [ $got -ne "$want" ] || return 0 ;; esac
    failures=$((failures + 1))
    printf 'FAILED: ./dev %s: expected status %s and "%s", found %s: %s\n' "$*" "$want" "$text" $got "$said"
}
check() {
    what=$1
    shift
    checks=$((checks + 1))
    "$@" || { failures=$((failures + 1)); echo "FAILED: $what"; }
}
commit() { git add -A && git commit -q -m "$1"; }
try() { expect "$1" "$2" release $V --checked HEAD --dry-run; }

# The scripts as they are in the tree, committed or not; packages of a stand-in.
git clone -q --bare "$root" "$work/origin.git" 2>/dev/null &&
    git clone -q "$work/origin.git" "$work/clone" 2>/dev/null || exit 1
cd "$work/clone" || exit 1
cp "$root/dev" dev
cp "$root/packaging/release.sh" packaging/
cat >packaging/build.sh <<'FAKE'
for name in a.deb a.changes a.buildinfo a.spdx.json; do mkdir -p "$1" && echo "$3" >"$1/$name"; done
cat README.md CHANGELOG.md "$(dirname "$0")/../LICENSE" >>"$1/a.deb"
echo "${SOURCE_DATE_EPOCH-of the commit}" >>"$1/a.changes"
FAKE
git add -A
git diff --cached --quiet || commit 'scripts'

expect 2 'expected a version as 1.2.3' release
expect 2 'expected a version as 1.2.3' release 1.2
expect 2 'expected a version as 1.2.3' release 1.2.3.4
expect 2 'expected a version as 1.2.3' release v1.2.3
expect 2 'unknown argument "--push"' release $V --push
expect 0 'usage: ./dev release' release --help

# Nothing is prepared: all of it is named at once.
try 1 "CMakeLists.txt: expected version $V, found 0."
try 1 "packaging/debian/control: expected version 9.8, found 0."
try 1 "packaging/debian/rules: expected version 9.8"
try 1 "cmake/libassay.map: expected version 9.8"
try 1 "cmake/libassay-policy.map: expected version 9.8"
try 1 "bindings/python/assay: expected version 9.8"
try 1 "bindings/rust/Cargo.toml: expected version $V"
try 1 "tests/bindings/rust/Cargo.lock: expected version $V"
try 1 "docs/library.md: expected version 9.8"
try 1 "CHANGELOG.md: expected a section \"## $V - YYYY-MM-DD\""
try 1 "tests/golden/$V: no golden data"
try 1 'nothing was made'

old=$(sed -n 's/^project(assay VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
series=${old%.*}
sed -i "s/^project(assay VERSION $old/project(assay VERSION $V/" CMakeLists.txt
sed -i "s/^ASSAY_$series {/ASSAY_9.8 {/" cmake/libassay*.map
sed -i "s/\(libassay[a-z-]*\)$series/\19.8/" packaging/debian/control packaging/debian/rules
sed -i "s/\(libassay[a-z-]*[.]so[.]\)$series/\19.8/" bindings/python/assay/_library.py
sed -i "s/^version = \"$old\"/version = \"$V\"/" bindings/rust/Cargo.* tests/bindings/rust/Cargo.lock
sed -i "s/SONAME .libassay.so.$series./SONAME \`libassay.so.9.8\`/" docs/library.md
newest=$(ls -d tests/golden/[0-9]* | sort -V | tail -n 1)
cp -r "$newest" tests/golden/$V
try 1 'the tree is not clean'
commit 'versions'
try 1 'CHANGELOG.md: expected a section'
sed -i "s/^## Unreleased\$/## Unreleased\n\n* left\n\n## $V - 2030-01-02/" CHANGELOG.md
commit 'changelog'
try 1 'lines are left under Unreleased'
sed -i '/^\* left$/d' CHANGELOG.md
sed -i "s/^## $V - 2030-01-02/## $V/" CHANGELOG.md
commit 'changelog'
try 1 'CHANGELOG.md: expected a section' # without a date
sed -i "s/^## $V\$/## $V - 2030-01-02/" CHANGELOG.md
commit 'changelog'
try 0 "$V can be released from $(git rev-parse HEAD)"
check 'a dry run makes nothing' test ! -e build -a -z "$(git tag -l v$V)"

# golden data of another schema than the one of the sources
sed -i 's/ASSAY_STORE_SCHEMA_VERSION = [0-9]*,/ASSAY_STORE_SCHEMA_VERSION = 99,/' engine/store/store_sqlite.h
commit 'schema'
try 1 'expected a store of schema 99, found '
git reset -q --hard HEAD^

expect 1 'no commit is confirmed' release $V --dry-run
expect 1 'is not this commit' release $V --checked HEAD^ --dry-run
expect 1 'is not this commit' release $V --checked none --dry-run
touch untracked
try 1 'untracked'
rm untracked

# the release itself
expect 0 'the tag v9.8.7 is local' release $V --checked HEAD --out "$work/one"
check 'the tag is annotated' test "$(git cat-file -t v$V)" = tag
check 'and of this commit' test "$(git rev-parse "v$V^{commit}")" = "$(git rev-parse HEAD)"
check 'it has the section of the changelog' sh -c "git cat-file tag v$V | grep -q '^\* '"
check 'it was pushed nowhere' test -z "$(git -C "$work/origin.git" tag -l v$V)"
check 'checksums hold' sh -c "cd '$work/one' && sha256sum --quiet -c SHA256SUMS && test \$(wc -l <SHA256SUMS) -eq 5"
check 'the archive has the tree, below its version' sh -c \
    "tar -tzf '$work/one/assay-$V.tar.gz' | grep -qx assay-$V/CMakeLists.txt"
try 1 'the tag v9.8.7 exists'
git cat-file tag v$V | sed '1,/^$/d' >"$work/tag"
check 'the message has the headings of the section' grep -q '^### ' "$work/tag"
git tag -d v$V >/dev/null
# What the commit does not have: edits that git was told not to see, attributes of this copy, a time of the environment.
hidden='README.md CHANGELOG.md LICENSE CMakeLists.txt packaging/build.sh'
# shellcheck disable=SC2086
git update-index --assume-unchanged $hidden
for file in $hidden; do sed -i '1i hidden' "$file"; done
sed -i "s/^## $V - 2030-01-02/&\n\n* hidden/" CHANGELOG.md
echo 'LICENSE export-ignore' >>.git/info/attributes
check 'git shows none of them' test -z "$(git status --porcelain)"
export SOURCE_DATE_EPOCH=1
expect 0 'is local' release $V --checked HEAD --out "$work/two"
unset SOURCE_DATE_EPOCH
git cat-file tag v$V | sed '1,/^$/d' >"$work/again"
check 'the tag says the same' cmp "$work/tag" "$work/again"
check 'the time is that of the commit' grep -qx 'of the commit' "$work/two/a.changes"
check 'a second run makes the same bytes' cmp "$work/one/SHA256SUMS" "$work/two/SHA256SUMS"
git tag -d v$V >/dev/null
expect 1 'exists: remove it first' release $V --checked HEAD --out "$work/two"
check 'and makes no tag' test -z "$(git tag -l v$V)"

echo "$checks checks, $failures failed"
[ $failures -eq 0 ] && [ $checks -gt 30 ]

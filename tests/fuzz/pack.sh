# tests/fuzz/pack.sh - write the archive of a fuzz target's corpus.
#
# usage: sh tests/fuzz/pack.sh FOLDER ARCHIVE [FILE...]
#
# FOLDER has the corpus as configuring a build unpacked it (build/dev/tests/corpus/quote_sgx), ARCHIVE is
# tests/fuzz/corpus/quote/sgx.tar. Each FILE, an input that a fuzzer found, is added first. The same files give the
# same bytes: no time, no owner, one order.
set -eu
[ $# -ge 2 ] || { echo 'usage: pack.sh FOLDER ARCHIVE [FILE...]' >&2; exit 2; }
folder=$1 archive=$2
shift 2
[ -d "$folder" ] || { echo "pack.sh: expected a folder, found \"$folder\"" >&2; exit 2; }
[ $# -eq 0 ] || cp -- "$@" "$folder/"
cd "$folder"
find . -type f | sed 's|^\./||' | LC_ALL=C sort |
    tar --create --format=ustar --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=0644 --no-recursion \
        --files-from=- --file=- >"$OLDPWD/pack.$$"
cd "$OLDPWD"
mv "pack.$$" "$archive"

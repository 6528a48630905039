# tests/fuzz/corpus_test.sh - each fuzz target has one archive of inputs, in the one form that pack.sh writes.
#
# usage: sh tests/fuzz/corpus_test.sh ROOT
set -eu
root=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
failed=0 checks=0
wrong() { printf 'corpus: %s\n' "$1"; failed=$((failed + 1)); }
for archive in "$root"/tests/fuzz/corpus/*/*; do
    checks=$((checks + 1))
    target=${archive#"$root/tests/fuzz/corpus/"}
    target=${target%.tar}
    mkdir -p "$target"
    [ -f "$root/tests/fuzz/${target%/*}/fuzz_${target#*/}.c" ] || wrong "$target: no fuzz target of this name"
    tar -xf "$archive" -C "$target" || { wrong "$target: no archive"; continue; }
    [ -n "$(find "$target" -type f)" ] || wrong "$target: no input"
    sh "$root/tests/fuzz/pack.sh" "$target" again.tar
    cmp -s "$archive" again.tar || wrong "$target: not as tests/fuzz/pack.sh writes it"
done
# One input more changes the archive, and the comparison sees it.
checks=$((checks + 1))
printf 'more' >one-more
sh "$root/tests/fuzz/pack.sh" "$target" more.tar one-more
if cmp -s "$archive" more.tar; then wrong "an input that was added is not seen"; fi
[ -n "$(tar -tf more.tar one-more)" ] || wrong "an input that was added is not in the archive"
printf '%d checks, %d failed\n' $checks $failed
[ $failed -eq 0 ]

#!/bin/sh
# Every scenario of the library holds, gives the figures of its page, and each of its assertions can fail.
#
# usage: library.sh BIN ROOT [NAME]...: these scenarios alone
# With UPDATE=1 the figures in the pages are written anew instead of compared.
. "$(dirname "$0")/lib.sh"
HERE=$(cd "$(dirname "$0")" && pwd)
cd "$WORK" || exit 2

# The part of a page between its fences below "## Reference figures".
figures_of_page() { awk '/^## / { in_part = /^## Reference figures/ } in_part && /^```/ { on = !on; next } on' "$1"; }
put_figures() {
    awk -v file="$2" '/^## / { in_part = /^## Reference figures/ }
        in_part && /^```/ { on = !on; print; if (on) while ((getline line < file) > 0) print line; next }
        !on' "$1" >page.new && cat page.new >"$1"
}

"$SIM" list | sed '/^$/,$d' | awk '{ print $1 }' >listed
check 'there is a library' test -s listed
shift 2
if [ $# -eq 0 ]; then set -- $(cat listed); fi
printf '%s\n' "$@" >names
check "these are of the library: $*" test -z "$(sort names | comm -23 - listed)"
while read -r name; do
    if "$SIM" run "$name" >run 2>said; then :; else wrong "$name: $(cat said)"; fi
    checks=$((checks + 1))
    page=$(find "$ROOT/docs/scenarios" -name "$name.md")
    awk -f "$HERE/figures.awk" run >printed
    if [ -n "${UPDATE:-}" ]; then put_figures "$page" printed; fi
    figures_of_page "$page" >written
    check "$name.md has the figures of the run (UPDATE=1 library.sh writes them anew)" diff written printed
done <names

# failing.txt: NAME | arguments of run | an assertion, as it is printed. All that it lacks is named below. Most of the
# time goes here: a quick run (tests/support/depth.h) takes every third scenario.
if [ "${ASSAY_DEPTH:-}" = quick ] && [ $# -gt 3 ]; then
    awk 'NR % 3 == 1' names >some && mv some names
fi
while IFS='|' read -r name arguments; do
    case $name in
    '' | '#'*) continue ;;
    never*) printf '%s|%s\n' "${name#never }" "$arguments" >>failed; continue ;;
    esac
    name=$(echo $name)
    grep -qx "$name" names || continue
    eval "\"$SIM\" run $name --quiet $arguments" >said 2>&1
    status=$?
    checks=$((checks + 1))
    [ "$status" -eq 1 ] || wrong "$name $arguments: exit status $status, expected 1: $(cat said)"
    sed -n "s/^assertion failed: \(.*\), .*/$name|\1/p" said >>failed
done <"$HERE/failing.txt"
sort -u failed >failed.sorted
while read -r name; do
    "$SIM" show "$name" | sed -n '/^assertions:/,$p' | sed -n "s/^  - \"\(.*\)\"/$name|\1/p"
done <names | sort >asserted
comm -23 asserted failed.sorted >never
check "every assertion fails somewhere in failing.txt; these never do: $(cat never)" test ! -s never
finish

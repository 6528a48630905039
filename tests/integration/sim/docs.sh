#!/bin/sh
# The page, the manual page and the pages of scenarios say what the program says.
. "$(dirname "$0")/lib.sh"
cd "$WORK" || exit 2

between() { sed -n "/^<!-- $1: /,/^<!-- end of $1 -->/p" "$ROOT/docs/simulator.md" | sed '1d;$d'; }

between keys >written
"$SIM" keys >printed
check 'docs/simulator.md has the tables of `assay-sim keys`' diff written printed
page_of() { find "$ROOT/docs/scenarios" -name "$1.md"; }
between library | sed 1,2d >written
"$SIM" list | sed '/^$/,$d' | while read -r name title; do
    page=$(page_of "$name")
    printf '| [`%s`](%s) | %s |\n' "$name" "${page#"$ROOT/docs/"}" "$title"
done >printed
check 'docs/simulator.md has the list of `assay-sim list`' diff written printed

"$SIM" list | sed '/^$/,$d' | awk '{ print $1 }' >names
check 'at least 24 scenarios' test "$(wc -l <names)" -ge 24
while read -r name; do
    page=$(page_of "$name")
    check "$name has its page" test -f "$page"
    for part in '## The attack' '## What is expected' '## Reference figures' '## What to vary'; do
        check "$name.md: $part" grep -q "^$part" "$page"
    done
    # What is to be varied can be varied: each `--set ...` is taken as it is printed.
    sed -n '/^## What to vary/,$p' "$page" | tr '\n' ' ' | tr -s ' ' | tr '`' '\n' | grep '^--set' >variations
    check "$name.md has variations" test -s variations
    while read -r arguments; do
        check "$name.md: $arguments" eval "\"$SIM\" show $name $arguments >effective"
    done <variations
done <names
for page in "$ROOT"/docs/scenarios/*.md "$ROOT"/docs/scenarios/*/*.md; do
    name=${page##*/}
    check "$name is of a scenario" grep -qx "${name%.md}" names
done
awk '/^```/ { if (inside) exit; inside = /yaml$/; next } inside' "$ROOT/docs/simulator.md" >example.yaml
check 'the example of docs/simulator.md holds' "$SIM" run example.yaml --quiet

MAN=$ROOT/docs/man/assay-sim.1
for command in run list show keys sweep report; do
    check "assay-sim.1 has $command" grep -q "^\.It Cm $command" "$MAN"
done
for option in $("$SIM" run --help | grep -oE -- '--[a-z]+' | sort -u | grep -v -- --help); do
    check "assay-sim.1 has $option" grep -q -- "^\.It Fl -${option#--}" "$MAN"
done
for status in $(sed -n 's/^ *ASSAY_SIM_EXIT_[A-Z_]* = \([0-9]*\),.*/\1/p' "$ROOT/apps/sim/commands/command.h"); do
    check "assay-sim.1 has exit status $status" grep -qx "\.It $status" "$MAN"
    check "docs/simulator.md has exit status $status" grep -q "^| $status |" "$ROOT/docs/simulator.md"
done
if command -v groff >/dev/null; then
    said=$(groff -mandoc -Tutf8 -ww "$MAN" 2>&1 >page)
    check "assay-sim.1 formats without a warning: $said" test -z "$said"
fi
finish

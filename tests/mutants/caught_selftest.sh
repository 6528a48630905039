#!/bin/sh
# Tests of build.sh and caught.sh: which planted faults are built, and when one counts as caught.
#
# usage: caught_selftest.sh
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0 checks=0
expect() { # expect WHAT WANTED FOUND
    checks=$((checks + 1))
    [ "$2" = "$3" ] || { echo "$1: expected '$2', found '$3'"; failures=$((failures + 1)); }
}

cat >"$work/cmake" <<'END_CMAKE'
#!/bin/sh
shift 3
echo "$*"
END_CMAKE
# The test that it is given fails; `deep` fails only when all its cases run.
cat >"$work/program" <<'END_PROGRAM'
#!/bin/sh
[ "$1" = deep ] && [ -n "${ASSAY_DEPTH-}" ] || echo "[FAIL] suite::$1: (0.01s)"
exit 1
END_PROGRAM
chmod +x "$work/cmake" "$work/program"
for i in 1 2 3 4 5; do
    echo "fault $i" >"$work/$i.c"
    printf '%d\tp%d\t%s\n' $((i % 3)) $i "$work/$i.c"
done >"$work/list"
build() { XDG_CACHE_HOME=$work/cache ASSAY_DEPTH=quick sh build.sh "$work/cmake" "$work" all "$work/list"; }
caught() { # caught PROGRAM TEST-THAT-FAILS [WANTED]; prints the status
    sh caught.sh "${3-wanted}" "$work/mutants/keys/$1" "$work/program" "$2" >"$work/output" && echo 0 || echo $?
}
first_words() { for i in 1 2 3 4 5; do cut -d ' ' -f 1 "$work/mutants/keys/p$i"; done | sed "s|$work/.*|new|" | tr '\n' ' '; }

expect "all are new" "p1 p2 p3 p4 p5" "$(build | sed 's/.*--target //')"
expect "turn 1" "p1 p4" "$(ASSAY_TURN=1 build | sed 's/.*--target //')"
expect "two new ones in a run" "p1 p2" "$(ASSAY_PLANTED_MOST=2 build | sed 's/.*--target //')"
expect "the others are later" "new new later later later " "$(first_words)"
expect "later is no success" 77 "$(caught p3 wanted)"
expect "caught" 0 "$(caught p1 wanted)"
expect "another test fails" 1 "$(caught p2 other)"
expect "two more" "p2 p3" "$(ASSAY_PLANTED_MOST=2 build | sed 's/.*--target //')"
expect "one was caught" "skip new new later later " "$(first_words)"
expect "caught before" 77 "$(caught p1 other)"
echo changed >>"$work/1.c"
expect "a changed file" "p1 p2 p3 p4 p5" "$(build | sed 's/.*--target //')"
expect "in check all are built" "p1 p2 p3 p4 p5" \
    "$(caught p2 wanted >"$work/ignored"; XDG_CACHE_HOME=$work/cache ASSAY_DEPTH=full sh build.sh "$work/cmake" "$work" all "$work/list" | sed 's/.*--target //')"
expect "caught by a case of a whole run" 0 "$(export ASSAY_DEPTH=quick; caught p2 deep deep)"
expect "another test, in a whole run too" 1 "$(export ASSAY_DEPTH=quick; caught p2 deep other)"

echo "caught_selftest: $checks checks, $failures wrong"
[ $failures -eq 0 ]

# tests/integration/packages/lib.sh - checks of the scripts of this folder. Source it with $work set.
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

# tests/integration/sim/lib.sh - what the scripts of this folder share. Source it first.
#
# usage of a script: SCRIPT BIN ROOT
#   BIN     folder with assay-sim
#   ROOT    the source tree
#
# A check that does not hold says what was expected, and the script goes on; `finish` exits 1 if one did
# not, or if none was made.

set -u
export LC_ALL=C
SIM=$(cd "$1" && pwd)/assay-sim ROOT=$(cd "$2" && pwd)
WORK=$(mktemp -d /tmp/assay-sim-it.XXXXXX)
checks=0
failures=0
trap 'rm -rf "$WORK"' EXIT
trap 'exit 1' INT TERM HUP

[ -x "$SIM" ] || { echo "$SIM is missing" >&2; exit 2; }

wrong() {
    failures=$((failures + 1))
    printf 'FAILED: %s\n' "$*" >&2
}

# check WHAT COMMAND...: the command must succeed.
check() {
    checks=$((checks + 1))
    what=$1
    shift
    "$@" || wrong "$what"
}

# gives STATUS WORD COMMAND...: its exit status, and a word in what it says (both outputs).
gives() {
    checks=$((checks + 1))
    status=$1 word=$2
    shift 2
    said=$("$@" 2>&1)
    found=$?
    [ "$found" -eq "$status" ] || wrong "$*: exit status $found, expected $status: $said"
    case $said in *"$word"*) ;; *) wrong "$*: expected \"$word\" in: $said" ;; esac
}

finish() {
    printf '%d checks, %d failed\n' "$checks" "$failures"
    [ "$checks" -gt 0 ] && [ "$failures" -eq 0 ]
    exit $?
}

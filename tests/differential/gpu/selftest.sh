#!/bin/sh
# tests/differential/gpu/selftest.sh - a run of the comparison with the reference checker of GPU evidence is explained to
# the last case, and one with a planted fault is not: the twin of the program leaves out wrong signatures of reports.
#
# usage: selftest.sh PROGRAM FAULTY_PROGRAM
#
# ASSAY_DEPTH=quick takes 120 cases, otherwise ASSAY_GPU_CASES of them (default 2000). Exit status 77 without the
# genuine reports (ASSAY_VECTORS_GPU) or the Python packages of their checker. A run continues after the batches of an
# earlier one of the same program, and not of another.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
python=python3
for candidate in python3 /usr/bin/python3; do
    "$candidate" -c 'import cryptography, lxml' 2>/dev/null && { python=$candidate; break; }
done
count=${ASSAY_GPU_CASES:-2000}
[ "${ASSAY_DEPTH-}" != quick ] || count=120
log=$(mktemp)
progress=$(mktemp)
trap 'rm -f "$log" "$progress"' EXIT

status=0
"$python" "$here/run.py" --program "$1" --count "$count" --time 500 || status=$?
[ "$status" -ne 77 ] || exit 77
[ "$status" -eq 0 ] || { echo "selftest: the run ended with $status" >&2; exit 1; }

# Each class explains its own disagreement and not the neighbour's.
"$python" "$here/classes_test.py" || { echo "selftest: a class explains too much or too little" >&2; exit 1; }

# Cases that earlier versions did not explain: bytes behind a report next to a manifest that the reference cannot read; a
# root certificate in a manifest whose key is no point; a list of reasons that is full; another OID in a firmware
# identity; a critical extension; two manifests of one version; a switch without a version; two algorithms in one
# certificate; a second certificate of one number.
for case in 3630 4369 11748 12610 20376 21431 22030 23206 27315; do
    "$python" "$here/run.py" --program "$1" --seed 11 --first "$case" --count 1 ||
        { echo "selftest: case $case of seed 11 is not explained" >&2; exit 1; }
done

"$python" "$here/run.py" --program "$1" --count 60 --time 120 --jobs 2 --progress "$progress" >"$log"
truncate -s -9 "$progress" # as an end in the middle of a line leaves it
"$python" "$here/run.py" --program "$1" --count 60 --time 120 --jobs 2 --progress "$progress" >"$log"
grep -q '^30 cases were compared before' "$log" && grep -q '^cases 60,' "$log" ||
    { echo "selftest: the second run did not continue after the complete batch" >&2; cat "$log" >&2; exit 1; }

"$python" "$here/run.py" --program "$2" --count 60 --time 120 --jobs 2 --progress "$progress" >"$log" || status=$?
[ "$status" -eq 1 ] || { echo "selftest: the planted fault ended with $status, not 1" >&2; exit 1; }
grep -q '^unexplained: case [0-9]*, .* signature: reference False, Assay True' "$log" ||
    { echo "selftest: the planted fault was not named" >&2; cat "$log" >&2; exit 1; }
echo "selftest: passed"

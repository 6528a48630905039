#!/bin/sh
# State continuity, a database, shares and tasks by programs beside eleven daemons, told by `assay-demo --story services` and
# checked row by row; and a story in which a promise is broken is told as such.
. "$(dirname "$0")/../lib.sh"
cd "$WORK" || exit 2

expect 2 'expected 11 peers' "$BIN/assay-demo" --story services --peers 7
expect 2 'expected 11 peers' "$BIN/assay-demo" --story services --evidence tpm

# --- the same programs, and a hand and an enclave that can be made to lie
mkdir -p bin libexec/assay
cp "$BIN/assay-demo" bin/
for program in assay assayd assay-enclave assay-replica assay-holder assay-executor; do
    ln -s "$BIN/$program" bin/
done
ln -s "$(realpath "$CAST")/assay-enclave-tampered" libexec/assay/
cat >libexec/assay/assay-demo-hand <<END
#!/bin/sh
real='$(realpath "$CAST")/assay-demo-hand'
case "\$(cat '$WORK/fault') \$1" in
'leak task') cp "\$3/input" "\$3/../peer-1/seen" ;;           # a peer writes down what it should not know
'secret read') "\$real" "\$@"; echo other >"\$3/read"; exit 0 ;; # what is read is not what was dealt
esac
exec "\$real" "\$@"
END
cat >libexec/assay/assay-demo-enclave <<END
#!/bin/sh
real='$(realpath "$CAST")/assay-demo-enclave'
case "\$(cat '$WORK/fault') \$1 \$5" in
'rollback counter 12') echo 'certified 12 0000'; exit 0 ;; # an enclave goes on from yesterday's state
'lost database '*) # a row that was reported is not found again by the next process
    if [ -e "\$4/rows.db" ]; then
        "\$real" "\$@" | sed 's/^found [0-9]*/found 1/'
        exit 0
    fi ;;
'restored database '*) # a database opens with the rows of yesterday
    [ ! -e "\$4/../database-today" ] || { echo 'found 20 commit 22'; exit 0; } ;;
esac
exec "\$real" "\$@"
END
chmod +x libexec/assay/assay-demo-hand libexec/assay/assay-demo-enclave

# broken FAULT CHECK: a short story with that fault fails in that check, and says so
broken() {
    printf '%s' "$1" >fault
    expect 1 'NOT all steps had the expected result' bin/assay-demo --story services --short --headless --json "$1.json" --dir "$1"
    check "$1 is written down" grep -q '"passed": false' "$1.json"
    sed -n '/"checks"/,/"timeline"/p' "$1.json" | tr -d '\n' | sed 's/}/}\n/g' >"$1.checks"
    check "$1 is what failed" sh -c 'grep "\"passed\": false" "$0" | head -1 | grep -qF "$1"' "$1.checks" "$2"
    check 'what did not happen any more stands there, too' grep -q '"measured": "did not happen"' "$1.json"
}
broken rollback 'a state that is rolled back is refused'
if [ "${ASSAY_DEPTH:-}" != quick ]; then # tests/support/depth.h; a network of 35 programs for each
    broken lost 'no row that was reported is lost by a kill'
    broken restored 'a database that its host rolls back does not open'
    broken secret 'the secret is read back equal'
    broken leak 'the input stays private'
fi

# --- a program that ends by itself is told with its last line
rm -f bin/assay-replica
printf '#!/bin/sh\necho "assay-replica: no seat in this life" >&2\nexit 1\n' >bin/assay-replica
chmod +x bin/assay-replica
broken ended 'programs of every service follow their daemons'
check 'it is told with its last line' grep -q 'its log ends: assay-replica: no seat in this life' ended.json

# --- the story
expect 0 'all steps had the expected result' "$BIN/assay-demo" --story services --headless --json services.json --dir whole
case $out in *INSECURE*) ;; *) wrong 'SOFT and not said to be INSECURE' ;; esac
check 'the story is written down' grep -q '"story": "services"' services.json
sed -n '/"checks"/,/"timeline"/p' services.json >checks
passed=$(grep -c '"passed": true' checks)
check "24 things had to happen, found $passed" test "$passed" -ge 24
check 'no one did not' sh -c '! grep -q "\"passed\": false" checks'
check 'with what was expected' test "$(grep -c '"expected"' checks)" -ge 19
check 'and when' test "$(grep -c '"at_ms"' checks)" = "$passed"
check 'beside the figures of others' grep -q 'Narrator-Pro: 8,000/s, 3.58 ms on five machines with SGX' checks
check 'a database is refused with both roots' grep -qE 'root is [0-9a-f]{12}, yesterday.s files have [0-9a-f]{12};' checks
check 'a fenced one commits no row' grep -q 'a further row is an error of SQLite: disk I/O error; the copy' checks
check 'a refusal has its reason' grep -q 'refused task-claim: a signature does not verify' checks
for log in whole/peer-*/*log; do
    case $(cat "$log") in
    *Sanitizer* | *'runtime error'* | *'assertion failed'*) wrong "$log: $(cat "$log")" ;;
    esac
done
check 'nothing of it runs any more' test -z "$(ps -eo args | grep "${WORK##*/}/[a-z]*/[p]eer-")"
finish

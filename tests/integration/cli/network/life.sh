#!/bin/sh
# A year in the life of seven processes, told by `assay-demo --story life` and checked row by row; and a
# year that goes wrong is told as such.
. "$(dirname "$0")/../lib.sh"
cd "$WORK" || exit 2

expect 2 '--story: expected trial, life, services or identity' "$BIN/assay-demo" --story none
expect 2 'expected 7 peers' "$BIN/assay-demo" --story life --peers 9

# --- nobody can be told to join: the row fails, so does the year, and both say so
mkdir -p bin libexec/assay
cp "$BIN/assay-demo" bin/
ln -s "$BIN/assayd" "$BIN/assay-enclave" bin/
for program in assayd-byzantine assay-enclave-tampered libclock_shim.so; do
    ln -s "$(realpath "$CAST")/$program" libexec/assay/
done
cat >bin/assay <<END
#!/bin/sh
[ "\$1 \$2" != 'change draft' ] || exit 6
exec "$ASSAY" "\$@"
END
chmod +x bin/assay
expect 1 'NOT all steps had the expected result' bin/assay-demo --story life --short --headless --json bad.json --dir bad
check 'the failed year is written down' grep -q '"passed": false' bad.json
case $out in *'the command was refused'*) ;; *) wrong "it is not told why: $out" ;; esac
case $out in *'365 days'*) wrong 'a year that broke off has no 365 days' ;; esac
rm -f libexec/assay/libclock_shim.so
expect 1 'dates cannot be set' bin/assay-demo --story life --short --headless --dir dates

# --- a story that is interrupted lists what it did not reach
"$BIN/assay-demo" --headless --json cut.json --dir cut >cut.out 2>&1 &
started="$started $!" demo=$!
check 'the demo starts' until_true 60 grep -q ' page ' cut.out
kill -TERM "$demo"
wait "$demo"
check 'an interrupted demo ends with 1' test $? -eq 1
check 'it says that it was interrupted' grep -q '^interrupted: NOT all steps had the expected result' cut.out
check 'the table has the last chapter' grep -q "^NO *4 a member's replay counts as missing" cut.out
check 'and so has the file' grep -q '"measured": "not reached: the story was interrupted"' cut.json

# --- the year
expect 0 'all steps had the expected result' "$BIN/assay-demo" --story life --short --headless \
    --json life.json --dir life
check 'the year is written down' grep -q '"story": "life"' life.json
passed=$(sed -n '/"checks"/,/"timeline"/p' life.json | grep -c '"passed": true')
check "16 things had to happen, found $passed" test "$passed" -ge 16
case $(sed -n '/"checks"/,/"timeline"/p' life.json) in *'"passed": false'*) wrong 'one did not' ;; esac
case $out in *'365 days'*) ;; *) wrong "no year: $out" ;; esac
for log in life/peer-*/log; do
    case $(cat "$log") in
    *Sanitizer* | *'runtime error'* | *'assertion failed'*) wrong "$log: $(cat "$log")" ;;
    esac
done
finish

#!/bin/sh
# Certificates of a network of seven nodes, by `assay-demo --story identity`, checked row by row; and a story in which a
# promise is broken is reported as such.
. "$(dirname "$0")/../lib.sh"
cd "$WORK" || exit 2
for program in nginx curl openssl; do
    PATH=$PATH:/usr/sbin command -v $program >/dev/null || { echo "$program is not installed"; exit 77; }
done

expect 2 'expected 7 peers' "$BIN/assay-demo" --story identity --peers 8

# --- the same programs, of which one fails a promise
mkdir -p bin libexec/assay
cp "$BIN/assay-demo" bin/
for program in assay assayd assay-enclave assay-signer; do ln -s "$BIN/$program" bin/; done
for program in assay-enclave-tampered assay-signer-lying; do ln -s "$(realpath "$CAST")/$program" libexec/assay/; done
for program in assay-verifier assay-transport; do ln -s "$(realpath "$CAST")/$program" libexec/assay/ 2>/dev/null; done

# broken FAULT CHECK: the short story with that fault fails in that check, and says so
broken() {
    expect 1 'NOT all steps had the expected result' bin/assay-demo --story identity --short --headless --json "$1.json" --dir "$1"
    check "$1 is written down" grep -q '"passed": false' "$1.json"
    sed -n '/"checks"/,/"timeline"/p' "$1.json" | tr -d '\n' | sed 's/}/}\n/g' >"$1.checks"
    check "$1 is what failed" sh -c 'grep "\"passed\": false" "$0" | head -1 | grep -qF "$1"' "$1.checks" "$2"
}
# A holder that ends by itself is reported with its last line.
rm bin/assay-signer
printf '#!/bin/sh\necho "assay-signer: no share in this life" >&2\nexit 1\n' >bin/assay-signer
chmod +x bin/assay-signer
broken ended 'seven holders make one key'
check 'with its last line' grep -q 'its log ends: assay-signer: no share in this life' ended.json
rm bin/assay-signer
ln -s "$BIN/assay-signer" bin/
if [ "${ASSAY_DEPTH:-}" != quick ]; then # tests/support/depth.h; each takes minutes
    # An accepted build in the place of the tampered one: its member is not suspended.
    rm libexec/assay/assay-enclave-tampered
    ln -s "$BIN/assay-enclave" libexec/assay/assay-enclave-tampered
    broken accepted 'nginx refuses a key from the close that suspends its member'
fi

# --- the story
short=--short # its certificate ends by the long form alone
[ "${ASSAY_DEPTH:-}" = quick ] || short=
# shellcheck disable=SC2086
expect 0 'all steps had the expected result' "$BIN/assay-demo" --story identity $short --headless --json identity.json --dir whole
case $out in *INSECURE*) ;; *) wrong 'SOFT and not said to be INSECURE' ;; esac
check 'the story is written down' grep -q '"story": "identity"' identity.json
sed -n '/"checks"/,/"timeline"/p' identity.json >checks
passed=$(grep -c '"passed": true' checks)
wanted=14
[ -z "$short" ] || wanted=13
check "$wanted things had to happen, found $passed" test "$passed" -ge $wanted
check 'no one did not' sh -c '! grep -q "\"passed\": false" checks'
check 'a conviction has its reason' grep -q 'convicted in epoch [0-9]* (signed_wrongly)' checks
check 'a refusal has its epoch' grep -q 'SUSPENDED by the close of epoch [0-9]*, .* refused from epoch [0-9]* on (suspended)' checks
check 'an expiry has its bound' grep -q 's after the suspension, at most 300 s' checks
for log in whole/peer-*/*log whole/hand-*.log; do
    case $(cat "$log") in
    *Sanitizer* | *'runtime error'* | *'assertion failed'*) wrong "$log: $(cat "$log")" ;;
    esac
done
check 'nothing of it runs any more' test -z "$(ps -eo args | grep "${WORK##*/}/[a-z]*/[p]eer-")"
finish

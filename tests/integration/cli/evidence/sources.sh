#!/bin/sh
# Where evidence comes from: what assayd says of sources that are not there, and a node with recorded
# evidence in a network of four: it publishes, and its peers count it as missing.
. "$(dirname "$0")/../lib.sh"
network 4 500 2
sign alpha beta
cd "$WORK" || exit 2

# evidence LINES: node-4 takes its evidence like this.
evidence() {
    sed "/^evidence:/,/^enclave:/{/^  /d;}" node-4/assayd.yaml >node-4/next.yaml
    printf '%s\n' "$1" >section
    sed '/^evidence:/r section' node-4/next.yaml >node-4/assayd.yaml
    rm node-4/next.yaml section
}
verdict() { timeout 20 "$ASSAYD" --config node-4/assayd.yaml --check-config; }

# --- sources that are not there say what to do
expect 0 'fit to run' verdict
evidence '  kind: tsm
  path: /nowhere/report'
expect 2 'tsm: /nowhere/report' verdict
evidence '  kind: gramine
  path: /nowhere/attestation'
expect 2 'gramine: /nowhere/attestation' verdict
evidence '  kind: nsm
  path: /nowhere/nsm'
expect 2 'nsm: /nowhere/nsm' verdict
evidence '  kind: nsm
  path: sample.quote'
expect 2 'sample.quote is no character device' verdict
evidence '  kind: recorded
  path: nothing'
expect 2 'node-4/nothing: No such file or directory' verdict
evidence '  kind: recorded'
expect 2 'evidence.kind: recorded lacks its key "path"' verdict
evidence '  kind: tsm
  tcti: "device:/dev/tpm0"'
expect 2 'evidence.tcti: kind tsm has no such key' verdict
evidence '  kind: sgx'
expect 2 'expected soft, tpm, tsm, gramine, nsm or recorded, found "sgx"' verdict

# --- recorded evidence: genuine, of the right platform, and of another time. A busy machine reads it late.
evidence '  kind: recorded
  path: sample.quote
  deadline_ms: 20000'
expect 0 'fit to run' verdict
case $out in *'no verdict will bind it to fresh report_data'*) ;; *) wrong "no warning: $out" ;; esac
for i in 1 2 3 4; do start $i; done
for i in 1 2 3; do check "node-$i closes epochs" until_true 40 epoch_at_least $i 6; done
known() { # known NUMBER KEY: what node NUMBER knows of node-4
    ask "$1" explain node-4 --json | sed -n "s/^ *\"$2\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" | head -1
}
suspended() { [ "$(known "$1" standing)" = SUSPENDED ]; }
missing() { [ "$(known "$1" own_outcome)" = absent ]; }
for i in 1 2 3; do
    check "node-$i suspends it" until_true 40 suspended $i
    check "node-$i has verified it" test \
        "$(known $i last_reason)" = 'report-data: evidence of something else than this epoch'
    check "node-$i counts it as missing" until_true 10 missing $i
    check "node-$i knows no success" test "$(known $i last_success_epoch)" = 0
    check "node-$i finds no fault with its integrity" test "$(known $i integrity_bp)" = 10000
    check "node-$i sees it less and less" test "$(known $i availability_bp)" -lt 6000
done
expect 0 'order_done' ask 4 timeline
case $(cat node-4/log) in *no_quote*) wrong "it had no quote: $(cat node-4/log)" ;; esac
check 'the others are FULL' test "$(ask 1 nodes | grep -c ' FULL ')" -eq 3

# --- a folder in which nothing is recorded for this epoch: no evidence at all, and the node goes on
kill -TERM "$pid_4"
wait "$pid_4"
check 'SIGTERM ends with exit status 0' test $? -eq 0
mkdir node-4/quotes
evidence '  kind: recorded
  path: quotes'
: >node-4/log
start 4
silent() { grep -q 'event=no_quote status=ASSAY_E_NOT_FOUND reason="recorded: ' node-4/log; }
check 'what is not there is said' until_true 30 silent
reached=$(field 1 status epoch)
check 'the node goes on' until_true 30 epoch_at_least 4 $((reached + 2))

# --- a source that never answers: the end waits as long as the configuration says, not the usual 3 s
kill -TERM "$pid_4"
wait "$pid_4"
mkfifo node-4/fifo
evidence '  kind: recorded
  path: fifo
  deadline_ms: 100
  close_ms: 200'
: >node-4/log
start 4
# Three times: on a busy machine the first may be given up before it is begun, and hang nothing.
late() { [ "$(grep -c 'event=no_quote status=ASSAY_E_TIMEOUT' node-4/log)" -ge 3 ]; }
check 'a quote that does not come is said' until_true 30 late
begun=$(date +%s%N)
kill -TERM "$pid_4"
wait "$pid_4"
check 'a hung quote leaves the exit status alone' test $? -eq 0
check 'the end did not wait longer than it may' test $((($(date +%s%N) - begun) / 1000000)) -lt 2900
check 'and says what it left behind' grep -q 'a quote did not come back' node-4/log

# --- the credential of another node: the cause is said at each peer, and at the node itself, also later
cp node-2/platform.key node-4/swapped.key
evidence '  kind: soft
  credential: swapped.key'
: >node-4/log
start 4
told() { [ "$(known "$1" standing)" = SUSPENDED ] && [ "$(known "$1" integrity_bp)" = 0 ]; }
expected=$("$ASSAY" explain node-4 --socket node-1/admin.sock --json | sed -n 's/^ *"platform_id": "\([0-9a-f]*\)".*/\1/p')
for i in 1 2 3; do check "node-$i finds that its evidence fails" until_true 40 told $i; done
fell=$(known 1 last_attempt_epoch)
check 'epochs later' until_true 30 epoch_at_least 1 $((${fell:-0} + 3))
for i in 1 2 3 4; do
    reason=$(ask $i explain node-4 --json | sed -n 's/^ *"last_reason": "\(.*\)",$/\1/p')
    case $reason in
    "roster-platform: expected $expected, observed "*) ;;
    *) wrong "node-$i says: $reason" ;;
    esac
done
check 'its own log says it' grep -q "event=fail_proven .*reason=\"roster-platform: expected $expected" node-4/log
expect 0 'node-4 proven to fail: roster-platform: expected' ask 4 timeline
kill -TERM "$pid_4"
wait "$pid_4"

for i in 1 2 3; do eval "kill -TERM \$pid_$i"; done
for i in 1 2 3; do
    eval "wait \$pid_$i"
    check "node-$i ends with exit status 0" test $? -eq 0
    case $(cat node-$i/log) in
    *Sanitizer* | *'runtime error'* | *'assertion failed'*) wrong "node-$i: $(cat node-$i/log)" ;;
    esac
done

finish

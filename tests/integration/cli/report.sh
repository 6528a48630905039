#!/bin/sh
# Three daemons on loopback: what `assay report` writes of them, and why it does not.
. "$(dirname "$0")/lib.sh"
network 3 500 2
sign alpha beta
cd "$WORK" || exit 2
for i in 1 2 3; do start $i; done
for i in 1 2 3; do
    check "node-$i closes epochs" until_true 30 epoch_at_least $i 5
done
report() { "$ASSAY" report "$@" --socket node-1/admin.sock; }

# --- the data
expect 0 '"schema": "assay.page"' report --json
printf '%s\n' "$out" >data.json
for part in status nodes history timeline matrix changes policy collateral evidence; do
    check "the data has $part" grep -q "^    \"$part\": {" data.json
done
check 'every member has its evidence in it' test "$(grep -c '"what": "a SOFT quote' data.json)" -eq 3
check 'the measurement matches the policy, three times' test "$(grep -c '"matches": true' data.json)" -eq 3
check 'and no other claim is asked for' test "$(grep -c '"matches"' data.json)" -eq 3
check 'the digest of the policy is the one in force' test \
    "$(grep -c "$(sed -n 's/.*"policy_digest": "\(.*\)",*/\1/p' data.json | head -1)" data.json)" -ge 2
check 'the root has the name that the policy gives it' grep -q '"name": "vendor-1"' data.json
check 'it has the outcomes of every verifier' grep -q '"outcomes": "-PP"' data.json

# --- the page
expect 0 '' report --html page.html
check 'one page, with its data once' test "$(grep -c 'id="data">{' page.html)" -eq 1
check 'the rest is the page that is served' test "$(sed 's/id="data">{.*}</id="data"></' page.html | sha256sum | cut -d' ' -f1)" = \
    "$(curl -sS --unix-socket node-1/admin.http http://localhost/ | sha256sum | cut -d' ' -f1)"
data=$(sed -n 's/.*id="data">\({.*}\)<.script>.*/\1/p' page.html)
check 'nothing in the data ends its element' test "$(printf '%s' "$data" | tr -cd '<>&' | wc -c)" -eq 0

# --- why not
expect 2 'usage: assay report' report
expect 2 'usage: assay report' report --html a --json
expect 2 'usage: assay report' report --json more
expect 2 'usage: assay report' report --json --timeout soon
expect 1 'no/such/folder.html: No such file or directory' report --html no/such/folder.html
expect 3 'does it listen there' report --json --http nowhere.http
expect 2 '107 bytes' report --json --http "$(printf 'a%.0s' $(seq 120))"
expect 3 '127.0.0.1:1: no answer over HTTP: the connection was refused or closed' report --json --http 127.0.0.1:1
case $out in *'does it listen there'*) ;; *) wrong "it does not say what to do: $out" ;; esac
expect 3 'does it listen there' "$ASSAY" report --json --socket nowhere.sock
finish

#!/bin/sh
# Collateral of a whole network: what a genesis has, what may follow it, and what that would do.
. "$(dirname "$0")/../lib.sh"
network 2 500 2
cd "$WORK" || exit 2
root() { # root N: name of the key of vendor N
    openssl x509 -in vendor-$1/root_ca.pem -noout -pubkey | openssl pkey -pubin -outform der | sha256sum | cut -d' ' -f1
}
collateral() { "$ASSAY" collateral "$@"; }
publish() { "$ASSAY" soft collateral "$@"; }

# --- what is in force
expect 0 'complete and verified  yes: ' collateral show genesis
for v in 1 2; do
    case $out in *"root $(root $v)"*) ;; *) wrong "vendor $v is not shown: $out" ;; esac
done
case $out in *'expires first: '*'; now: fresh'*) ;; *) wrong "what expires first is not shown: $out" ;; esac
expect 10 'NOT VALID NOW' collateral show genesis --at 2090-01-01T00:00:00Z
case $out in *'now: ended'*) ;; *) wrong "that it has ended is not shown: $out" ;; esac
expect 0 '"schema": "assay.collateral.set"' collateral show genesis --json
expect 13 'neither a set of collateral nor a genesis' collateral show policy.yaml
expect 5 'nowhere: no such file' collateral compare nowhere genesis
expect 2 'names its roots itself' collateral show genesis --root vendor-1/root_ca.pem
expect 0 'given' collateral show vendor-1 --root vendor-1/root_ca.pem
case $out in *UNTRUSTED* | *EMPTY*) wrong "a fault of nothing: $out" ;; esac
expect 13 'no certificate leads to a pinned root: give the vendor' collateral show vendor-1
case $out in *'not a point'*) wrong "it speaks of keys: $out" ;; esac
case $out in UNTRUSTED*) ;; *) wrong "the cause does not come first: $out" ;; esac
case $out in *MISSING* | *'from Intel'*) wrong "it asks for parts of a CA that is not trusted: $out" ;; esac
expect 13 'the TCB info of Intel, one part of a folder of collateral: give the folder, vendor-1' \
    collateral show vendor-1/tcb_info.json
expect 13 'no certificate leads to the root of --root' collateral show vendor-1 --root vendor-2/root_ca.pem
mkdir nothing
expect 13 'the folder has no collateral' collateral show nothing
case $out in *'complete and verified  no: '*) ;; *) wrong "nothing is complete: $out" ;; esac
case $out in *'there is nothing that is valid'*) ;; *) wrong "nothing is valid: $out" ;; esac
expect 13 '"current": false' collateral show nothing --json

# --- libcurl is loaded by what fetches, and by nothing else
mkdir lib && echo none >lib/libcurl.so.4
expect 0 'complete and verified  yes: ' env LD_LIBRARY_PATH="$WORK/lib" "$ASSAY" collateral show genesis
expect 1 "libcurl: $WORK/lib/libcurl.so.4: file too short" env LD_LIBRARY_PATH="$WORK/lib" "$ASSAY" \
    collateral fetch --fmspc 00606a000000 --ca platform --tee sgx --out fetched

# --- newer, of the same number
expect 0 '' publish vendor-1 --out newer-1
expect 0 'newer: may serve from the next epoch on' collateral pack newer-1 --in-force genesis --out newer.offer
expect 0 'newer: may serve' collateral compare genesis newer.offer
expect 0 '"result": "newer"' collateral compare genesis newer.offer --json
expect 0 "root $(root 1)" collateral show newer.offer
expect 12 'nothing in it is newer' collateral compare newer.offer newer.offer
expect 13 'a number or a date goes back: ' collateral compare newer.offer genesis
expect 12 'nothing in it may follow' collateral pack vendor-1 --in-force genesis --out same.offer
check 'nothing is written that may not follow' test ! -e same.offer
expect 5 'nodir: no such folder' collateral pack nodir --in-force genesis --out none.offer
expect 2 'genesis: is a file, expected a folder' collateral pack genesis --in-force genesis --out none.offer
mkdir empty
expect 12 'nothing in it may follow' collateral pack empty --in-force genesis --out empty.offer

# --- a shorter life, and another root
expect 0 '' publish vendor-1 --out short-1 --days 2
expect 12 'nextUpdate' collateral pack short-1 --in-force genesis --out short.offer
"$ASSAY" soft ca stranger --name 'Vendor 1' >/dev/null
expect 12 'nothing in it may follow' collateral pack stranger --in-force genesis --out strange.offer
expect 0 '' publish vendor-2 --out newer-2
mkdir both
for f in newer-1/*; do cp "$f" both/1-$(basename "$f"); done
for f in newer-2/*; do cp "$f" both/2-$(basename "$f"); done
expect 2 'newer collateral of two roots' collateral pack both --in-force genesis --out both.offer

# --- a recovery: who will fall
expect 0 '' publish vendor-1 --out recovery-1 --evaluation 900 --raise 2
expect 0 'a TCB recovery, evaluation 900 after ' collateral pack recovery-1 --in-force genesis --out recovery.offer
expect 10 'a TCB recovery' collateral compare genesis recovery.offer
expect 13 'tcbEvaluationDataNumber (expected 900, found ' collateral compare recovery.offer newer.offer
expect 10 'drops: PASS up to date becomes PASS out of date' collateral forecast --in-force genesis \
    --offer recovery.offer --evidence node-2/sample.quote --evidence node-1/sample.quote
for text in 'component 1' 'is 1, needs 2' 'node-1/sample.quote: same' \
    '0 suspended, 1 drop, 0 no longer appraisable, 1 stay, 0 rise'; do
    case $out in *"$text"*) ;; *) wrong "the forecast does not say \"$text\": $out" ;; esac
done
expect 10 '"drops": 1' collateral forecast --in-force genesis --offer recovery.offer \
    --evidence node-2/sample.quote --json
case $out in *'"short_by": 1'*) ;; *) wrong "the short version is not in the JSON: $out" ;; esac
sed 's/^kinds:.*/&\nstatuses: [{ status: OutOfDate, accept: refused }]/' policy.yaml >strict.yaml
expect 11 '1 suspended' collateral forecast --in-force genesis --offer recovery.offer --policy strict.yaml \
    --evidence node-2/sample.quote
expect 0 '0 suspended, 0 drop' collateral forecast --in-force genesis --offer newer.offer --evidence node-2/sample.quote
expect 13 '' collateral forecast --in-force genesis --offer recovery.offer --evidence policy.yaml
expect 13 'an offer is of one root' collateral forecast --in-force genesis --offer genesis --evidence node-2/sample.quote

# --- the set that follows, for operators who sign it
expect 0 'a TCB recovery' collateral apply --in-force genesis --offer recovery.offer --out next.set
expect 0 'QE identity of 900' collateral show next.set
for v in 1 2; do
    case $out in *"root $(root $v)"*) ;; *) wrong "vendor $v is not in the set that follows: $out" ;; esac
done
expect 0 'nothing in it is newer' collateral apply --in-force next.set --offer recovery.offer --out again.set
check 'the same offer twice changes nothing' cmp next.set again.set
expect 0 'a number or a date goes back' collateral apply --in-force next.set --offer newer.offer --out back.set
expect 0 'QE identity of 900' collateral show back.set
expect 13 'an offer is of one root' collateral apply --in-force genesis --offer genesis --out x.set
expect 0 'newer: may serve' collateral pack newer-2 --in-force genesis --out second.offer
cp genesis kept.set
expect 13 'not of one root that is in force; nothing is written, second.offer stays in force' \
    collateral apply --in-force second.offer --offer newer.offer --out kept.set
check 'a refused offer changes no file' cmp genesis kept.set
expect 13 'not of one root that is in force' collateral apply --in-force second.offer --offer newer.offer --out x.set --json
check 'a refused offer writes no file' test ! -e x.set
expect 0 '"digest"' collateral apply --in-force genesis --offer newer.offer --out newer.set --json

# --- misuse
for words in 'compare genesis' 'compare genesis genesis genesis' 'pack newer-1 --in-force genesis' \
    'forecast --in-force genesis --offer newer.offer' 'apply --in-force genesis --out x' 'show genesis --pccs x' 'compare genesis newer.offer --out x'; do
    # shellcheck disable=SC2086
    expect 2 'usage: assay collateral' collateral $words
done
expect 2 '--raise: expected 2 to 255' publish vendor-1 --out x --raise 1
expect 2 '--evaluation: expected' publish vendor-1 --out x --evaluation 0
expect 2 '--out DIR is missing: output folder' publish vendor-1
finish

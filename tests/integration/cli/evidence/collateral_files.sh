#!/bin/sh
# What becomes of each file of a folder of collateral: taken, or named with the reason.
. "$(dirname "$0")/../lib.sh"
VECTORS=${ASSAY_VECTORS:-$(cd "$(dirname "$0")/../../../.." && pwd)/../shared/vectors}
cd "$WORK" || exit 2
A=$(printf 'a1%.0s' $(seq 32))
"$ASSAY" soft ca made --name Made >/dev/null
"$ASSAY" soft ca strange --name Strange >/dev/null
"$ASSAY" soft node made node --out platform.key >/dev/null
"$ASSAY" soft quote platform.key --measurement "$A" --report-data "$(printf '0%.0s' $(seq 128))" --out quote
printf 'policy_version: 1\nprofile: development\n' >policy.yaml

verify() {
    "$ASSAY" evidence verify quote --collateral folder --root made/root_ca.pem --policy policy.yaml "$@"
}
fresh() { # the vendor's files under names that say nothing
    rm -rf folder
    mkdir folder
    n=0
    for file in made/*.json made/*.der made/*.pem; do
        n=$((n + 1))
        cp "$file" folder/$n
    done
}
silent() { # nothing is left over
    expect 0 'affirming' verify
    case $out in *note:*) wrong "a note of nothing: $out" ;; esac
}

fresh
silent
# The key of a SOFT vendor lies with its collateral: `assay setup local` leaves it there for `assay soft`.
cp made/ca.key folder/key
silent
cat folder/* >/dev/null
# --- a newer edition keeps the older one out, also when its own time is over (docs/evidence-rules.md 1.6)
"$ASSAY" soft collateral made --out folder-1 --evaluation 1 --days 3000 >/dev/null
"$ASSAY" soft collateral made --out folder-2 --evaluation 2 --raise 9 --days 1 >/dev/null
later=$(date -u -d '+10 days' +%Y-%m-%dT%H:%M:%SZ)
fresh
cp folder-1/* folder/
expect 0 'affirming' verify --at "$later"
cp folder-2/tcb_info.json folder/newer
expect 10 'tcb status' verify
expect 12 'expired' verify --at "$later"
fresh
cp folder-1/* folder/
cp folder-2/qe_identity.json folder/newer
expect 12 'expired' verify --at "$later"
rm -rf folder-1 folder-2
# --- what stands in nobody's way
cp strange/root_ca.pem folder/stray
expect 0 'folder/stray: certificate: leads to no trusted root; give --root' verify
"$ASSAY" soft ca odd --name Odd >/dev/null
cat strange/root_ca.pem odd/root_ca.pem >folder/stray
expect 0 'folder/stray: certificate 2 of 2: leads to no trusted root' verify
case $out in *'folder/stray: certificate 1 of 2: '*) ;; *) wrong "the first one is not named: $out" ;; esac
expect 0 'affirming' verify
fresh
head -c 200 made/root_ca.pem >folder/cut
expect 0 'folder/cut: certificate: input ends inside a field' verify
printf 'hello\n' >folder/text
: >folder/empty
mkdir folder/folder
mkfifo folder/fifo
ln -s nowhere folder/link
expect 0 'folder/text: other bytes: a version or type is not known (ASSAY_E_UNSUPPORTED)' verify
expect 0 'folder/empty: not read: empty' verify
expect 0 'folder/folder: not read: is a directory, expected a regular file' verify
expect 0 'folder/fifo: not read: is a FIFO, expected a regular file' verify
expect 0 'folder/link: not read: a link to nothing' verify
cp strange/tcb_info.json folder/another
expect 0 'folder/another: TCB info: not of use for this evidence' verify
expect 0 'affirming' verify
out=$(verify --json 2>/dev/null)
case $out in *note:*) wrong "notes on standard output: $out" ;; esac

# --- a damaged list may be the one that revokes
fresh
head -c 150 made/pck_crl.der >folder/damaged
expect 12 'collateral-format' verify --json
expect 12 'folder/damaged: revocation list: ' verify
expect 12 'it may be the one that revokes' verify

# --- all certificates in one text, and names that lie
fresh
cat made/*.pem >all
for file in folder/*; do grep -q 'BEGIN CERTIFICATE' "$file" && rm "$file"; done
cp all folder/qe_identity.json
silent
cp made/tcb_info.json folder/root_crl.der
silent
expect 0 'complete and verified  yes: ' "$ASSAY" collateral show folder --root made/root_ca.pem

# --- the list of another authority: not judged, and not complete
fresh
"$ASSAY" soft ca other --name 'Another vendor' >/dev/null
cp other/pck_crl.der folder/pck_crl.der
expect 0 'affirming' verify
show() { "$ASSAY" collateral show folder --root made/root_ca.pem "$@"; }
expect 0 'complete and verified  yes: ' show
case $out in *note:*) wrong "a note of nothing: $out" ;; esac
for name in 'TCB Signing' 'Root CA'; do
    case $out in *"(certificate of SOFT $name"*) ;; *) wrong "the subject of a certificate is not shown: $out" ;; esac
done
expect 0 '"subject": "SOFT TCB Signing' show --json
for file in folder/[0-9]*; do cmp -s "$file" made/pck_crl.der && rm "$file"; done
expect 12 'collateral-missing: collateral is missing (expected pck_crl.der' verify
expect 13 'MISSING                pck_crl.der: the list of ' show
case $out in *'complete and verified  no: '*) ;; *) wrong "it is called complete: $out" ;; esac
expect 13 '"part": "pck_crl.der"' show --json
rm folder/pck_crl.der
expect 13 'MISSING                pck_crl.der: the list of ' show

# --- of several documents: what is shown is one
fresh
"$ASSAY" soft collateral made --out newer --evaluation 2 >/dev/null
cp newer/tcb_info.json folder/another
expect 0 'of several TCB infos or QE identities one is shown' show
case $out in *': TCB info: not used'*) ;; *) wrong "what is left out is not named: $out" ;; esac

# --- documents of a stranger, with a higher number: the vendor's are shown, and the stranger's are named
fresh
"$ASSAY" soft collateral strange --out stranger --evaluation 900 >/dev/null
cp stranger/tcb_info.json folder/theirs
expect 0 'folder/theirs: TCB info: expected a signature by a signer under the root of --root' show
case $out in *'evaluation 900'*) wrong "the document of a stranger is shown: $out" ;; esac
case $out in *'of several TCB infos'*) wrong "a document of a stranger is called a choice: $out" ;; esac
cp stranger/qe_identity.json folder/identity
cp stranger/tcb_signing_chain.pem folder/chain
expect 0 'folder/identity: QE identity: expected a signature by a signer under the root of --root' show
case $out in *FAULT*) wrong "a faulty bundle though the vendor's pieces are here: $out" ;; esac
foreign() { # the documents of others that --json names, as FILE=WHAT
    show --json 2>/dev/null | tr -d '\n ' | sed -n 's/.*"foreign_documents":\[\([^]]*\)\].*/\1/p' |
        sed 's/{"file":"\([^"]*\)","what":"\([^"]*\)"}/\1=\2/g' | tr , '\n' | sort | tr '\n' ' '
}
[ "$(foreign)" = 'identity=QEidentity theirs=TCBinfo ' ] || wrong "documents of others in --json: $(foreign)"
rm folder/theirs folder/identity
[ -z "$(foreign)" ] || wrong "documents of others though there are none: $(foreign)"
cp stranger/tcb_info.json folder/theirs
for file in folder/[0-9]*; do ! cmp -s "$file" made/tcb_info.json || rm "$file"; done
expect 13 'folder/theirs: TCB info: expected a signature by a signer under the root of --root' show
case $out in *FAULT*'TCB info'*) ;; *) wrong "the document of a stranger has no fault: $out" ;; esac

# --- both CAs of Intel's in one folder, at times when the list of one of them is valid
mkdir both
for ca in platform-ca-swhardening processor-ca-config-and-swhardening; do
    for file in "$VECTORS/sgx/sgx-$ca"/*; do [ ! -r "$file" ] || cp "$file" "both/$ca-$(basename "$file")"; done
done
for at in 2025-07-04T10:28:44Z 2025-08-30T05:09:06Z; do
    [ -r both/platform-ca-swhardening-quote.bin ] || break
    expect 10 'complete and verified  yes: ' "$ASSAY" collateral show both --at "$at"
done
finish

#!/bin/sh
# A genesis of several kinds: SOFT nodes beside genuine SEV-SNP ones, whose collateral is recognised by
# its content. Without the genuine reports there is nothing to do.
. "$(dirname "$0")/../lib.sh"
VECTORS=${ASSAY_VECTORS:-$(cd "$(dirname "$0")/../../../.." && pwd)/../shared/vectors}
[ -r "$VECTORS/snp/milan-v2-a/report.bin" ] || { echo 'the genuine reports are not here' >&2; exit 77; }
network 2 500 2
cd "$WORK" || exit 2
for i in 3 4; do
    mkdir node-$i
    "$ASSAY" keys generate node-$i/keys --name node-$i >/dev/null
done
MILAN=$VECTORS/snp/milan-v2-a GENOA=$VECTORS/snp/genoa-v3-paravisor

# --- what operators write
sed -i 's/^kinds: .*/kinds: [soft, snp]/; s/^references:/  - { name: amd-milan, pinned: amd-milan }\n  - { name: amd-genoa, pinned: amd-genoa }\nreferences:/' \
    policy.yaml
sed -i '/^references:/,$d' policy.yaml
mkdir amd milan genoa
cp "$MILAN/vek.der" "$MILAN/ask.pem" "$MILAN/ark.pem" milan/
cp "$GENOA/vek.der" "$GENOA/ask.pem" "$GENOA/ark.pem" genoa/
for p in milan genoa; do for f in $p/*; do cp "$f" amd/$p-$(basename "$f" | tr . _); done; done
chmod 644 amd/* milan/* genoa/*
printf 'nothing of anybody' >amd/README

# --- what `collateral show` says of a folder of AMD's, of a TPM and of Intel's chain alone: never complete
show() { "$ASSAY" collateral show "$@" --at 2025-07-04T10:16:31Z; }
mkdir ark intel tpm
cp "$MILAN/ark.pem" ark/
cp "$VECTORS/tdx/tdx-v4-uptodate/pck_chain.pem" intel/
cp "$VECTORS/tpm/swtpm-p256-ak"/* tpm/
expect 13 'MISSING                ASK or ASVK: none here' show ark
expect 13 'MISSING                VCEK or VLEK: none here' show ark
expect 13 'MISSING                CRL: none here' show milan
case $out in *'VCEK or VLEK: '* | *'ASK or ASVK: '*) wrong "what is here is called missing: $out" ;; esac
case $out in *'complete and verified  no: '*) ;; *) wrong "it is called complete without a CRL: $out" ;; esac
expect 13 'MISSING                tcb_info.json: none' show intel
expect 13 'UNTRUSTED' show tpm
expect 13 'NEEDS                  a quote of a TPM needs ' show tpm
case $out in *tcb_info* | *'this evidence'*) wrong "it is taken for a folder of Intel's, or for evidence: $out" ;; esac
expect 0 'depends on the evidence' "$ASSAY" collateral show tpm --root tpm/ca-root.pem
case $out in *'ca-issuer.pem          given'*) ;; *) wrong "the files are not named: $out" ;; esac
members() { # members COLLATERAL SAMPLE-3 SAMPLE-4: the plan with two SNP members besides
    sed "s/^collateral: .*/collateral: [$1]/; s/^epoch_ms/time: $at\nepoch_ms/" plan.yaml
    printf '  - operator: alpha\n    card: node-3/keys/node.yaml\n    sample: %s\n' "$2"
    printf '  - operator: beta\n    card: node-4/keys/node.yaml\n    sample: %s\n' "$3"
}
created() { # created OUT COLLATERAL SAMPLE-3 SAMPLE-4
    members "$2" "$3" "$4" >plan.kinds.yaml
    "$ASSAY" genesis create plan.kinds.yaml --out "$1"
}
at=$(date -u +%Y-%m-%dT%H:%M:%SZ)

# --- bare reports: the keys of their chips come out of the folder
expect 0 'kinds-0: 4 members' created kinds-0 'vendor-1, vendor-2, milan, genoa' \
    "$MILAN/report.bin" "$GENOA/report.bin"
expect 0 'kinds-1: 4 members' created kinds-1 'vendor-1, vendor-2, amd' "$MILAN/report.bin" "$GENOA/report.bin"
check 'which folder a file stands in makes no difference' cmp kinds-0 kinds-1
expect 0 'snp' "$ASSAY" genesis show kinds-0
check 'two of each kind' test \
    "$(printf '%s\n' "$out" | grep -c '^member .* soft ')$(printf '%s\n' "$out" | grep -c '^member .* snp ')" = 22
cp vendor-1/*.json vendor-1/*.der vendor-1/*.pem amd/
expect 0 'kinds-2: 4 members' created kinds-2 'amd, vendor-2' "$MILAN/report.bin" "$GENOA/report.bin"
check 'parts of two vendors in one folder are two bundles' cmp kinds-0 kinds-2
expect 0 'signed by 1 of 2' "$ASSAY" genesis sign kinds-0 --key alpha.key
expect 0 'signed by 2 of 2' "$ASSAY" genesis sign kinds-0 --key beta.key
mv kinds-0 genesis
expect 0 'fit to run' "$ASSAYD" --config node-1/assayd.yaml --check-config

# --- what does not hold
expect 2 'not genuine under the collateral' created refused 'vendor-1, vendor-2, milan' \
    "$MILAN/report.bin" "$GENOA/report.bin"
rm milan/vek.der
expect 2 'not genuine under the collateral' created refused 'vendor-1, vendor-2, milan, genoa' \
    "$MILAN/report.bin" "$GENOA/report.bin"
cp "$VECTORS/snp/milan-v3/vek.der" milan/ # of another chip
expect 2 'not genuine under the collateral' created refused 'vendor-1, vendor-2, milan, genoa' \
    "$MILAN/report.bin" "$GENOA/report.bin"
cp "$MILAN/vek.der" milan/
expect 2 'the folder milan is named twice' created refused 'vendor-1, vendor-2, milan, milan, genoa' \
    "$MILAN/report.bin" "$GENOA/report.bin"
cp policy.yaml policy.all.yaml
sed -i '/pinned: amd-genoa/d' policy.yaml
expect 2 'nor does anything there lead to a root of the policy' created refused 'vendor-1, vendor-2, milan, genoa' \
    "$MILAN/report.bin" "$GENOA/report.bin"

# --- a registrar of TPMs, whose platforms join later: its list goes along
expect 0 'root_key: "' "$ASSAY" tpm registrar registrar --name 'A registrar'
sed "s/^kinds: .*/kinds: [soft, snp, tpm2]/; s/pinned: amd-genoa }/&\\n  - { name: registrar, $(printf '%s' "$out" |
    sed -n 's/^root_key:/key:/p'), kinds: [tpm2] }/" policy.all.yaml >policy.yaml
expect 0 'kinds-3: 4 members' created kinds-3 'vendor-2, amd, registrar' \
    "$MILAN/report.bin" "$GENOA/report.bin"
# --- its list is renewed from a folder with pieces of all vendors and more editions than a bundle has lists: the newest
# one is offered, and what the other vendors have stays
mkdir editions && cp amd/* editions/ && for i in $(seq 10 69); do
    "$ASSAY" tpm crl registrar --days 40$i >/dev/null && cp registrar/crl.der editions/$i.der || wrong 'no edition'
done
until [ "$(date +%s)" -gt "$(stat -c %Y registrar/crl.der)" ]; do sleep 0.1; done # dates are in seconds
"$ASSAY" tpm crl registrar --days 5000 >/dev/null && cp registrar/crl.der editions/z.der
expect 0 'editions.offer: written' "$ASSAY" collateral pack editions --in-force kinds-3 --out editions.offer
expect 0 '' "$ASSAY" collateral apply --in-force kinds-3 --offer editions.offer --out editions.set
has() { [ "$(od -An -v -tx1 "$1" | tr -d ' \n' | grep -c "$(od -An -v -tx1 "$2" | tr -d ' \n')")" = 1 ]; }
check 'the newest edition is in force' has editions.set editions/z.der
check 'an older one is not' eval '! has editions.set editions/69.der'
pieces() { "$ASSAY" collateral show "$1" --at "$at" | grep -vc 'CRL\|registrar'; }
check 'all other pieces are as they were' test "$(pieces kinds-3)" = "$(pieces editions.set)"
openssl x509 -in amd/milan-ask_pem -outform DER -out ask.der 2>/dev/null || cp amd/milan-ask_pem ask.der
check 'also those of AMD' eval 'has kinds-3 ask.der && has editions.set ask.der'
check 'and of Intel'"'"'s form' eval 'has kinds-3 vendor-2/pck_crl.der && has editions.set vendor-2/pck_crl.der'
rm registrar/crl.der
expect 0 'kinds-4: 4 members' created kinds-4 'vendor-2, amd, registrar' \
    "$MILAN/report.bin" "$GENOA/report.bin"
check 'the list of the registrar was in it' test "$(wc -c <kinds-3)" -gt $(($(wc -c <kinds-4) + 100))
# --- a platform of Arm CCA: a key that the policy pins, and nothing that leads to it
CCA=$VECTORS/cca/cca-token-es384
half() { # half X|Y: a coordinate of the published key, in hexadecimal
    sed -n "s/.*\"$1\"[^\"]*\"\([^\"]*\)\".*/\1/p" "$CCA/cpak-pub.json" | tr '_-' '/+' | base64 -d | od -An -v -tx1 |
        tr -d ' \n'
}
cpak=$(half x)$(half y)
check 'the published key is one of P-384' test ${#cpak} = 192
sed "s/^kinds: .*/kinds: [soft, snp, cca]/; s/.*pinned: amd-genoa }/&\n  - { name: cca-platform, key: $cpak, kinds: [cca] }/" \
    policy.all.yaml >policy.yaml
expect 0 'kinds-5: 4 members' created kinds-5 'vendor-1, vendor-2, milan, genoa' "$CCA/token.cbor" "$MILAN/report.bin"
expect 0 'cca' "$ASSAY" genesis show kinds-5
check 'one of CCA' test "$(printf '%s\n' "$out" | grep -c '^member .* cca ')" = 1
expect 0 'signed by 1 of 2' "$ASSAY" genesis sign kinds-5 --key alpha.key
expect 0 'signed by 2 of 2' "$ASSAY" genesis sign kinds-5 --key beta.key
mv kinds-5 genesis
expect 0 'fit to run' "$ASSAYD" --config node-1/assayd.yaml --check-config
sed -i "s/$cpak/$(sed -n 's/^.*public_key: *"*\([0-9a-f]*\).*/\1/p' plan.yaml | head -n 1)/" policy.yaml # somebody else's
expect 2 'not genuine under the collateral' created refused 'vendor-1, vendor-2, milan, genoa' "$CCA/token.cbor" \
    "$MILAN/report.bin"
check 'a refused plan writes nothing' test ! -e refused

# --- a network for production: software evidence is nothing there, and is taken by name or not at all
cat >policy.yaml <<END
policy_version: 1
profile: production
kinds: [snp]
roots:
  - { name: amd-milan, pinned: amd-milan }
  - { name: amd-genoa, pinned: amd-genoa }
END
members 'milan, genoa' "$MILAN/report.bin" "$GENOA/report.bin" | sed '/card: node-[12]/d' |
    awk '/^  - operator: / { held = $0; next } held != "" && /card:/ { print held; held = "" }
         held != "" { held = ""; next } { print }' >plan.production.yaml
sed -i '/sample: node-[12]/d' plan.production.yaml
expect 0 '2 members' "$ASSAY" genesis create plan.production.yaml --out production
expect 0 'signed by 1 of 2' "$ASSAY" genesis sign production --key alpha.key
expect 0 'signed by 2 of 2' "$ASSAY" genesis sign production --key beta.key
mv production genesis
sed 's/^evidence:/insecure: []\nevidence:/' node-1/assayd.yaml >node-3/assayd.yaml
cp node-1/platform.key node-3/
expect 2 'Refused, unless the list insecure names it: insecure: [software-evidence]' \
    "$ASSAYD" --config node-3/assayd.yaml --check-config
# Named there it is allowed, and still no evidence of a node that the network knows as SEV-SNP.
expect 2 'which this node has in the network: its evidence would fail hard' \
    "$ASSAYD" --config node-3/assayd.yaml --check-config --set 'insecure=[software-evidence]'

finish

#!/bin/sh
# Results for others: attestation results in both families, checked by somebody else's cryptography;
# the page for people; the forecast. Evidence is SOFT, and genuine where the vectors are.
. "$(dirname "$0")/../lib.sh"
ROOT=$(cd "$(dirname "$0")/../../../.." && pwd)
VECTORS=${ASSAY_VECTORS:-$ROOT/../shared/vectors}
cd "$WORK" || exit 2

"$ASSAY" soft ca vendor >vendor.out || exit 2
"$ASSAY" soft node vendor one --out one.key >/dev/null || exit 2
"$ASSAY" soft quote one.key --measurement "$(printf 'ab%.0s' $(seq 32))" \
    --report-data "$(printf '0%.0s' $(seq 128))" --out quote >/dev/null || exit 2
cat >policy.yaml <<END
policy_version: 1
profile: development
kinds: [soft]
roots:
  - name: vendor
    key: $(sed -n 's/^root_key: //p' vendor.out)
    kinds: [soft]
references:
  - field: mrenclave
    state: allowed
    value: "$(printf 'ab%.0s' $(seq 32))"
END
sed 's/abababab"/abababac"/' policy.yaml >other.yaml
"$ASSAY" keys operator signer.key >signer.pub || exit 2
"$ASSAY" keys operator other.key >other.pub || exit 2
verify() { "$ASSAY" evidence verify quote --collateral vendor "$@"; }

# --- collateral is asked for where nothing can be judged without it, and only there
expect 2 'give --collateral DIR' "$ASSAY" evidence verify quote
expect 2 'give --collateral DIR' "$ASSAY" evidence explain quote
expect 2 '"detail"' "$ASSAY" evidence verify quote --json
for archive in nitro cca; do tar -xf "$ROOT/tests/fuzz/corpus/quote/$archive.tar" || exit 2; done
expect 11 'kind        nitro' "$ASSAY" evidence verify document
expect 12 'kind        cca' "$ASSAY" evidence verify debug

# --- made and read, both families
for profile in ietf-04 veraison-2023; do
    expect 0 'verdict     affirming' verify --policy policy.yaml --ear "$profile.jwt" \
        --ear-key signer.key --ear-profile "$profile" --ear-nonce 'nonce of 8 or more'
    expect 0 'status      affirming' "$ASSAY" ear verify "$profile.jwt" --key signer.pub
    expect 0 '"executables": 3' "$ASSAY" ear verify "$profile.jwt" --key signer.pub --json \
        --nonce 'nonce of 8 or more'
    expect 0 "evidence    $(sha256sum quote | cut -d' ' -f1)" "$ASSAY" ear verify "$profile.jwt" --key signer.pub
    expect 0 'about       appraisal of evidence, of no member' "$ASSAY" ear verify "$profile.jwt" --key signer.pub
    expect 4 'an appraisal of evidence, expected the standing' "$ASSAY" ear verify "$profile.jwt" --key signer.pub \
        --node "$(printf 'ab%.0s' $(seq 32))"
    expect 4 'an appraisal of evidence, expected the standing' "$ASSAY" ear verify "$profile.jwt" --key signer.pub \
        --node "$(printf 'a%.0s' $(seq 52))"
    expect 2 'expected a node id' "$ASSAY" ear verify "$profile.jwt" --key signer.pub --node node-2
    expect 4 'another one' "$ASSAY" ear verify "$profile.jwt" --key signer.pub --nonce 'nonce of 8'
    expect 4 'not by this key' "$ASSAY" ear verify "$profile.jwt" --key other.pub
    expect 4 'later than the time' "$ASSAY" ear verify "$profile.jwt" --key signer.pub \
        --at 2020-01-01T00:00:00Z
    expect 4 'expired' "$ASSAY" ear verify "$profile.jwt" --key signer.pub --at 2090-01-01T00:00:00Z
done
expect 11 'contraindicated' verify --policy other.yaml --ear bad.jwt --ear-key signer.key

# --- a result ends when its policy stops accepting the evidence (results.md): every bound of a policy
now=$(date +%s)
day() { date -u -d "@$1" +%Y-%m-%dT%H:%M:%SZ; }
# ends_at POLICY SECONDS: `exp` of the token, `expires` of the verdict and the page say so.
ends_at() {
    expect 0 "\"expires\": \"$(day "$2")\"" verify --policy "$1" --at "$(day "$now")" --json
    expect 0 'verdict     affirming' verify --policy "$1" --at "$(day "$now")" --ear end.jwt --ear-key signer.key
    expect 0 "\"exp\": $2" "$ASSAY" ear verify end.jwt --key signer.pub --at "$(day "$now")" --json
    expect 4 'expired' "$ASSAY" ear verify end.jwt --key signer.pub --at "$(day "$2")"
    expect 0 "what this rests on ends at $(day "$2")" "$ASSAY" evidence explain quote --collateral vendor \
        --policy "$1" --at "$(day "$now")"
}
sed "s/abababab\"/&\n    not_after: $(day $((now + 300)))/" policy.yaml >window.yaml
ends_at window.yaml $((now + 300))
{ cat policy.yaml; printf '  - field: mrenclave\n    state: denied\n    value: "%s"\n    not_before: %s\n' \
    "$(printf 'ab%.0s' $(seq 32))" "$(day $((now + 400)))"; } >denial.yaml
ends_at denial.yaml $((now + 399))
issued=$(date -u -d "$(sed -n 's/.*"issueDate":"\([^"]*\)".*/\1/p' vendor/tcb_info.json)" +%s)
{ cat policy.yaml; echo 'collateral_age_max_s: 172800'; } >age.yaml
ends_at age.yaml $((issued + 172800))
{ cat policy.yaml; echo 'statuses: [{ status: UpToDate, accept: affirming, grace_s: 172801 }]'; } >grace.yaml
ends_at grace.yaml $((issued + 172801))
{ cat window.yaml; echo 'collateral_age_max_s: 172800'; } >least.yaml
ends_at least.yaml $((now + 300))

expect 11 'executables' "$ASSAY" ear verify bad.jwt --key signer.pub
verify --policy policy.yaml --ear - --ear-key signer.key >printed.jwt 2>/dev/null
expect 0 'status      affirming' "$ASSAY" ear verify printed.jwt --key signer.pub
check 'a token alone is printed' test "$(wc -l <printed.jwt)" -eq 1
check 'a token is read from standard input' \
    sh -c '"$0" ear verify - --key signer.pub <printed.jwt >/dev/null' "$ASSAY"
expect 13 'is a policy, expected a signed attestation result' "$ASSAY" ear verify policy.yaml --key signer.pub
expect 2 'is a policy, expected a public key on P-256' "$ASSAY" ear verify printed.jwt --key policy.yaml
expect 2 'needs --ear-key' verify --ear x.jwt
expect 2 'belong to --ear' verify --ear-key signer.key
expect 2 '--ear-profile: expected one of ietf-04, veraison-2023' verify --ear x.jwt --ear-key signer.key --ear-profile ear
expect 2 '8 to 88' verify --ear x.jwt --ear-key signer.key --ear-nonce short
expect 5 '--ear-key none: no such file' verify --policy policy.yaml --ear x.jwt --ear-key none
expect 2 '--ear-key vendor: is a directory, expected a regular file' verify --policy policy.yaml --ear x.jwt --ear-key vendor
expect 2 '--ear-key policy.yaml: is a policy, expected an operator key' \
    verify --policy policy.yaml --ear x.jwt --ear-key policy.yaml
chmod 644 other.key
expect 2 'found mode 0644 (chmod 600)' verify --policy policy.yaml --ear x.jwt --ear-key other.key
chmod 600 other.key
check 'nothing is written without a key' test ! -e x.jwt
expect 2 'usage: assay ear' "$ASSAY" ear
expect 0 'usage: assay ear' "$ASSAY" ear --help

# --- another implementation: Node.js where it is, and the openssl command
hex=$(sed 's/[^"]*"\([0-9a-f]*\)".*/\1/' signer.pub)
raw() { perl -e 'print pack("H*", shift)' "$1"; } # perl is part of every Debian, xxd is not
raw "3059301306072a8648ce3d020106082a8648ce3d03010703420004$hex" >signer.der
expect 0 'status      affirming' "$ASSAY" ear verify ietf-04.jwt --key signer.der
# --- CBOR, and records of the wrapper
form() { verify --policy policy.yaml --ear "$1" --ear-key signer.key --ear-form "$2" --ear-nonce 'nonce of 8 or more'; }
if command -v openssl >/dev/null && command -v python3 >/dev/null; then
    peer() { python3 "$ROOT/tests/integration/cli/evidence/ear_cbor.py" "$@" signer.der; }
    for f in cwt cmw-cbor cmw-json; do
        expect 0 'verdict     affirming' form "$f.out" $f
        expect 0 'verdict     affirming' form "$f.out" $f # once more, over the first one
    done
    expect 0 'tag:ietf.org,2026:rats/ear#04 status 2' peer cwt cwt.out
    expect 0 'tag:ietf.org,2026:rats/ear#04 status 2' peer cmw-cbor cmw-cbor.out
    form - cwt >cwt.text 2>/dev/null
    expect 0 'status 2' peer cwt-text cwt.text
    peer cmw-json cmw-json.out >wrapped.jwt
    expect 0 'status      affirming' "$ASSAY" ear verify wrapped.jwt --key signer.pub --nonce 'nonce of 8 or more'
    "$ASSAY" keys operator fourth.key >fourth.pub || exit 2
    verify --policy policy.yaml --ear fourth.out --ear-key fourth.key --ear-form cwt >/dev/null 2>&1
    expect 1 '' peer cwt fourth.out
fi
# --- CBOR web tokens are read as JSON web tokens are: by their bytes, with the same outputs and refusals
expect 0 'verdict     affirming' form read.cwt cwt
form - cwt 2>/dev/null | grep . >read.text
for token in read.cwt read.text; do
    expect 0 'status      affirming' "$ASSAY" ear verify $token --key signer.pub
    expect 0 '"executables": 3' "$ASSAY" ear verify $token --key signer.pub --json --nonce 'nonce of 8 or more'
    expect 4 'another one' "$ASSAY" ear verify $token --key signer.pub --nonce 'nonce of 8'
    expect 4 'not by this key' "$ASSAY" ear verify $token --key other.pub
    expect 4 'later than the time' "$ASSAY" ear verify $token --key signer.pub --at 2020-01-01T00:00:00Z
    expect 4 'expired' "$ASSAY" ear verify $token --key signer.pub --at 2090-01-01T00:00:00Z
done
check 'a token in CBOR is read from standard input' \
    sh -c '"$0" ear verify - --key signer.pub <read.cwt >/dev/null' "$ASSAY"
expect 11 'verdict     contraindicated' verify --policy other.yaml --ear bad.cwt --ear-key signer.key --ear-form cwt
expect 11 'executables' "$ASSAY" ear verify bad.cwt --key signer.pub
# The same verdict as JSON and as CBOR gives the same document, but for the profile's own encoding.
at=$(date -u +%Y-%m-%dT%H:%M:%SZ)
for f in jwt cwt; do
    verify --policy policy.yaml --at "$at" --ear same.$f --ear-key signer.key --ear-form $f >/dev/null 2>&1
    "$ASSAY" ear verify same.$f --key signer.pub --json >same.$f.json || wrong "no result of same.$f"
done
check 'both encodings are printed alike' cmp same.jwt.json same.cwt.json
head -c 100 read.cwt >cut.cwt
expect 13 'no CBOR web token' "$ASSAY" ear verify cut.cwt --key signer.pub
form wrapped.cwt cmw-cbor >/dev/null 2>&1
expect 13 'no CBOR web token' "$ASSAY" ear verify wrapped.cwt --key signer.pub
expect 2 'profile veraison-2023 has no CBOR; expected ietf-04' verify --ear x.cwt --ear-key signer.key --ear-form cwt \
    --ear-profile veraison-2023
expect 2 'expected at most 64 characters in CBOR, found 70' verify --ear x.cwt --ear-key signer.key --ear-form cwt \
    --ear-nonce "$(printf '%070d' 0)"
expect 2 'belong to --ear' verify --ear-form cwt
expect 2 '--ear-form: expected one of jwt, cwt, cmw-json, cmw-cbor' verify --ear x.cwt --ear-key signer.key --ear-form cbor
check 'nothing is written in a form that was refused' test ! -e x.cwt

if command -v node >/dev/null; then
    for token in ietf-04 veraison-2023 bad; do
        expect 0 'verified cpu0' node "$ROOT/tests/integration/cli/evidence/ear_peer.js" $token.jwt signer.der
    done
    sed 's/^\(..........\)./\1Q/' ietf-04.jwt >broken.jwt
    expect 1 '' node "$ROOT/tests/integration/cli/evidence/ear_peer.js" broken.jwt signer.der
    "$ASSAY" keys operator third.key >third.pub
    expect 1 'signature' node "$ROOT/tests/integration/cli/evidence/ear_peer.js" printed.jwt third.pub
fi
if command -v openssl >/dev/null; then
    tr -d '\n' <ietf-04.jwt | sed 's/\.[^.]*$//' >signed
    sed 's/.*\.//' ietf-04.jwt | tr -d '\n' | tr '_-' '/+' >sig64
    printf '==' >>sig64
    rs=$(base64 -d sig64 | od -An -v -tx1 | tr -d ' \n')
    # DER from r|s: an integer whose top bit is set takes a zero before it, none loses its zeros.
    integer() {
        i=$1
        while [ "${i#00}" != "$i" ]; do i=${i#00}; done
        case $i in [89a-f]*) i=00$i ;; esac
        printf '02%02x%s' $((${#i} / 2)) "$i"
    }
    body=$(integer "$(printf %s "$rs" | cut -c1-64)")$(integer "$(printf %s "$rs" | cut -c65-128)")
    raw "$(printf '30%02x%s' $((${#body} / 2)) "$body")" >sig.der
    expect 0 'Verified OK' openssl dgst -sha256 -verify signer.der -keyform DER -signature sig.der signed
fi

# --- texts of a verifier, and the challenge that it signed, are no commands to the terminal (command-line.md 1)
if command -v openssl >/dev/null; then
    openssl ecparam -name prime256v1 -genkey -noout -out hostile.pem 2>/dev/null
    openssl ec -in hostile.pem -pubout -outform DER -out hostile.der 2>/dev/null
    perl -MMIME::Base64=decode_base64url,encode_base64url -e '
        my ($header, $claims) = split /[.]/, <STDIN>;
        $claims = decode_base64url($claims);
        $claims =~ s/nonce of 8 or more/\\u001b[2Jnonce\\u009b2J/ or die;
        $claims =~ s/"developer":"/$&\\u001b]0;a\\u0007/ or die;
        $claims =~ s/"build":"/$&\\u001b[31m/ or die;
        $claims =~ s/"cpu0":/"\\u001bcpu0":/ or die;
        print $header, ".", encode_base64url($claims)' <ietf-04.jwt >hostile.signed || exit 2
    openssl dgst -sha256 -sign hostile.pem -out hostile.sig hostile.signed
    perl -MMIME::Base64=encode_base64url -e '
        local $/; my ($all, $raw) = (unpack("H*", <STDIN>), "");
        $all = substr $all, 4; # the sequence
        for (1, 2) {
            my $len = 2 * hex substr $all, 2, 2;
            $raw .= substr("0" x 64 . substr($all, 4, $len), -64);
            $all = substr $all, 4 + $len;
        }
        print ".", encode_base64url(pack "H*", $raw), "\n"' <hostile.sig >hostile.end
    cat hostile.signed hostile.end >hostile.jwt
    expect 0 'nonce       ?[2Jnonce??2J' "$ASSAY" ear verify hostile.jwt --key hostile.der
    "$ASSAY" ear verify hostile.jwt --key hostile.der >hostile.out
    check 'no escapes of an attestation result' test -z "$(tr -d -c '\033\007\302\233' <hostile.out)"
fi

# --- for people
expect 0 'the attestation key signed the quote' "$ASSAY" evidence explain quote --collateral vendor \
    --policy policy.yaml
expect 11 'Deploy a build whose measurement is allowed' "$ASSAY" evidence explain quote \
    --collateral vendor --policy other.yaml
expect 11 '"fix": "Deploy a build' verify --policy other.yaml --json
expect 0 'TCB levels' "$ASSAY" evidence explain quote --collateral vendor --policy policy.yaml
case $out in *'it satisfies the policy'*'already at the best level'*) ;; *) wrong "what is missing? $out" ;; esac

# --- forecast: a genuine platform before and after a recovery
before=$VECTORS/sgx/sgx-tcb-recovery-before
if [ -d "$before" ]; then
    forecast() {
        "$ASSAY" tcb forecast "$before/quote.bin" --collateral "$before" \
            --against "$VECTORS/sgx/sgx-tcb-recovery-after" --at 2024-07-01T06:11:26Z "$@"
    }
    expect 10 'needs 14 (short by 2)' forecast
    expect 10 'announced: evaluation number 17' forecast
    expect 10 '"type": "Early Microcode Update"' forecast --json
fi
expect 0 'no security version is short' "$ASSAY" tcb forecast quote --collateral vendor --against vendor \
    --policy policy.yaml
mkdir empty
expect 2 'no TCB info' "$ASSAY" tcb forecast quote --collateral vendor --against empty --policy policy.yaml
expect 2 'usage: assay tcb' "$ASSAY" tcb forecast quote --collateral vendor
finish

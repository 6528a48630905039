#!/bin/sh
# Certificates and wrappers with evidence as a user verifies them. The certificates are made by openssl, so that no code
# of this tree writes what is read here; the evidence is SOFT.
. "$(dirname "$0")/../lib.sh"
command -v openssl >/dev/null || { echo 'openssl is not installed' >&2; exit 77; }
cd "$WORK" || exit 2
"$ASSAY" soft ca vendor --name Vendor >vendor.out || exit 2
"$ASSAY" soft node vendor one --out one.key >/dev/null || exit 2
printf '%s\n' 'policy_version: 1' 'profile: development' 'roots:' \
    "  - { name: soft, key: $(sed -n 's/^root_key: //p' vendor.out), kinds: [soft] }" >policy.yaml

hex() { od -An -v -tx1 | tr -d ' \n'; }
unhex() { for byte in $(sed 's/../& /g'); do printf "\\$(printf %o "0x$byte")"; done; }
# bytes FILE: the head of a CBOR byte string of its length, then its bytes
bytes() { printf '59%04x' "$(wc -c <"$1")"; hex <"$1"; }
quote() { # HASH OUT: zeros follow the hash
    data=$(printf '%s%0128d' "$1" 0 | cut -c1-128)
    "$ASSAY" soft quote one.key --measurement "$(printf 'ab%.0s' $(seq 32))" --report-data "$data" --out "$2" >/dev/null
}
key() { openssl ecparam -name "$2" -genkey -noout -out "$1.key" && openssl pkey -in "$1.key" -pubout -out "$1.pub" &&
        openssl pkey -in "$1.key" -pubout -outform DER -out "$1.spki"; }
certificate() { # NAME OID VALUE: self-signed, by NAME.key
    printf '%s\n' '[req]' 'distinguished_name=dn' '[dn]' '[ext]' "$2=DER:$3" >"$1.conf"
    openssl req -x509 -new -key "$1.key" -subj "/CN=$1" -days 2 -config "$1.conf" -extensions ext -out "$1.pem" || exit 2
}
verify() { file=$1; shift; "$ASSAY" evidence verify "$file" --collateral vendor --policy policy.yaml "$@"; }
hash() { openssl dgst -"$1" -r "$2" | cut -d' ' -f1; }

# --- Gramine's form
key gramine secp384r1 && key thief secp384r1 || exit 2
quote "$(hash sha256 gramine.spki)" gramine.quote
certificate gramine 1.2.840.113741.1337.6 "$(hex <gramine.quote)"
expect 0 "carrier     gramine, key $(hash sha256 gramine.spki), subject gramine" verify gramine.pem
case $out in *'verdict     affirming'*) ;; *) wrong "the verdict: $out" ;; esac
expect 0 '"form": "gramine"' verify gramine.pem --json
expect 0 "\"key\": \"$(hash sha256 gramine.spki)\"" verify gramine.pem --json --kind auto
openssl x509 -in gramine.pem -outform DER -out gramine.der
expect 0 'carrier     gramine' verify gramine.der
expect 0 'report_data' "$ASSAY" evidence decode gramine.pem
# --- a chain is that of its first certificate
openssl req -x509 -new -key thief.key -subj /CN=bare -days 2 -out bare.pem || exit 2
cat gramine.pem bare.pem >behind.pem && cat bare.pem gramine.pem >before.pem
expect 0 'carrier     gramine' verify behind.pem
expect 13 'expected evidence' verify before.pem
expect 0 '"carrier": null' verify gramine.quote --json

# --- the evidence of one, in the certificate of another
certificate thief 1.2.840.113741.1337.6 "$(hex <gramine.quote)"
expect 11 'certificate-key' verify thief.pem
expect 11 "$(hash sha256 thief.spki)" verify thief.pem
expect 11 'Do not use this key' "$ASSAY" evidence explain thief.pem --collateral vendor --policy policy.yaml
# Without the vendor's collateral nothing else is known, and the key is refused all the same.
mkdir nothing
expect 11 'certificate-key' "$ASSAY" evidence explain thief.pem --collateral nothing --policy policy.yaml
# --- issued by an authority: the key is what counts, and what is not checked is said
openssl req -new -key gramine.key -subj /CN=issued -out issued.csr -config gramine.conf || exit 2
printf '[ext]\n1.2.840.113741.1337.6=DER:%s\n' "$(hex <gramine.quote)" >issued.ext
openssl x509 -req -in issued.csr -CA thief.pem -CAkey thief.key -CAcreateserial -days 2 -extfile issued.ext \
    -extensions ext -out issued.pem 2>/dev/null || exit 2
expect 0 'not checked certificate: another authority issued' verify issued.pem

# --- interoperable RA-TLS: 60000([evidence, << {"pubkey-hash": << [1, hash] >>} >>])
key tls prime256v1 || exit 2
claims="a16b7075626b65792d68617368582482015820$(hash sha256 tls.spki)"
printf '%s' "$claims" | unhex >claims.bin
quote "$(hash sha256 claims.bin)" tls.quote
tagged="d9ea6082$(bytes tls.quote)58$(printf '%02x' "$(wc -c <claims.bin)")$claims"
certificate tls 2.23.133.5.4.9 "$tagged"
expect 0 'carrier     ra-tls' verify tls.pem
key swapped prime256v1 || exit 2
certificate swapped 2.23.133.5.4.9 "$tagged"
expect 11 'the hash of another key' verify swapped.pem

# --- CMW: in its extension, and by itself in both forms
key cmw prime256v1 || exit 2
quote "$(hash sha384 cmw.spki)" cmw.quote
value=$(base64 <cmw.quote | tr -d '\n=' | tr '+/' '-_')
printf '["application/vnd.example.quote","%s",4]' "$value" >cmw.json
len=$(wc -c <cmw.json)
certificate cmw 1.3.6.1.5.5.7.1.35 "0c82$(printf '%04x' "$len")$(hex <cmw.json)"
expect 0 'carrier     cmw, type application/vnd.example.quote, key' verify cmw.pem
expect 0 'carrier     wrapper, type application/vnd.example.quote' verify cmw.json
printf '["application/vnd.example.quote","%s",8]' "$value" >result.json
expect 13 'unsupported' verify result.json
printf '{"a":["x/a","%s"],"b":["x/b","%s"]}' "$value" "$value" >two.json
expect 13 'came twice' verify two.json

# --- a certificate without evidence
openssl req -x509 -new -key cmw.key -subj /CN=plain -days 2 -out plain.pem || exit 2
expect 13 'expected evidence: no extension of it that is known has some' verify plain.pem
finish

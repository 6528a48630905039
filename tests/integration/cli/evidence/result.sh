#!/bin/sh
# Tokens of other verifiers: made with the openssl command, verified by `assay result verify`, and refused when anything
# about them is another's.
. "$(dirname "$0")/../lib.sh"
HERE=$(cd "$(dirname "$0")" && pwd)
cd "$WORK" || exit 2
command -v openssl >/dev/null && command -v python3 >/dev/null || { echo "result.sh: needs openssl and python3"; exit 77; }
python3 "$HERE/result_maker.py" . || exit 2

AZURE=https://sharedeus2.eus2.attest.azure.net
INTEL=https://portal.trustauthority.intel.com
GOOGLE=https://confidentialcomputing.googleapis.com
NVIDIA=https://nras.attestation.nvidia.com
azure() { token=$1; shift; "$ASSAY" result verify "$token" --service azure --issuer $AZURE "$@"; }
google() { "$ASSAY" result verify google.jwt --service google --issuer $GOOGLE --keys rsa.jwks "$@"; }
intel() { "$ASSAY" result verify intel.jwt --service intel --issuer $INTEL "$@"; }
nvidia() { token=$1; shift; "$ASSAY" result verify "$token" --service nvidia --issuer $NVIDIA --keys ec.jwks "$@"; }

# --- each service
expect 0 'statement   affirming' azure azure.jwt --keys rsa.jwks --nonce 5f1c
expect 0 'Assay verified who made it, not the evidence behind it' azure azure.jwt --keys rsa.jwks
expect 0 'not checked freshness' azure azure.jwt --keys rsa.jwks
expect 0 '"runtime-opaque": 2' azure azure.jwt --keys rsa.jwks --json
expect 0 '"what": "evidence"' azure azure.jwt --keys rsa.jwks --json
expect 11 'debug       yes' azure debug.jwt --keys rsa.jwks
expect 12 'statement   nothing' azure nothing.jwt --keys rsa.jwks
expect 0 'attester    GCP_AMD_SEV_SNP' google --audience https://relying.example --nonce 'nonce of ours'
expect 0 '"image_digest": "sha256:11"' google --audience https://relying.example --json
expect 10 'TCB status  OutOfDate' intel --keys intel.jwks --nonce 5f1c
expect 0 'device      GPU-1: GH100 A01 GSP BROM, driver 550.90.07' nvidia nras.json --root root.pem --nonce 9f31
expect 0 'not checked revocation' nvidia nras.json --root root.pem
expect 0 'not checked devices' nvidia overall.jwt
expect 11 'the issuer did not accept the evidence' nvidia failed.json
azure - --keys rsa.jwks <azure.jwt >printed || true
check 'a token is read from standard input' grep -q 'statement   affirming' printed
azure hostile.jwt --keys rsa.jwks >printed || true
check 'control characters of a token do not reach the terminal' sh -c '! grep -q "$(printf "\033")" printed'

# --- another's
expect 4 'forged' azure azure.jwt --keys other.jwks
expect 4 'no-key: the key set has a name twice, or two keys k1' azure azure.jwt --keys twice.jwks
expect 4 'no-key: the key is of another type' azure azure.jwt --keys ec.jwks
expect 4 'no-key: the key is for another use or algorithm' intel --keys rsa.jwks
expect 4 'bad-chain' azure azure.jwt --keys rsa.jwks --root root.pem
expect 4 'bad-chain' nvidia nras.json --root other.pub
expect 4 'other-issuer: iss is another one' "$ASSAY" result verify azure.jwt --service azure --issuer $AZURE/ --keys rsa.jwks
expect 4 'other-audience: no audience was expected; aud is https://relying.example' google
expect 4 'other-audience: aud is another one' google --audience https://another.example
expect 4 'other-nonce' azure azure.jwt --keys rsa.jwks --nonce 5f1d
expect 4 'not-now' azure azure.jwt --keys rsa.jwks --at 2020-01-01T00:00:00Z
expect 4 'not-now' azure azure.jwt --keys rsa.jwks --at 2090-01-01T00:00:00Z
expect 4 'not-bound' nvidia swapped.json
expect 13 'expected alg RS256, found none' azure none.jwt --keys rsa.jwks
expect 13 'expected alg ES384, found RS256' "$ASSAY" result verify azure.jwt --service nvidia --issuer $AZURE --keys rsa.jwks
expect 13 'critical extensions' azure crit.jwt --keys rsa.jwks
expect 13 'expected a token' azure root.pem --keys rsa.jwks

# --- issuers of a policy
mkdir rules && cp rsa.jwks rules && cp ec.jwks rules && cp root.pem rules
head='policy_version: 1
profile: production
token_issuers:'
azure_entry="  - { service: azure, issuer: $AZURE, keys: rsa.jwks, age_max_s: 900 }"
google_entry="  - { service: google, issuer: $GOOGLE, keys: rsa.jwks, audience: https://relying.example }"
nvidia_entry="  - { service: nvidia, issuer: $NVIDIA, keys: ec.jwks, root: root.pem }"
printf '%s\n' "$head" "$google_entry" "$nvidia_entry" "$azure_entry" >rules/all.yaml
printf '%s\n' "$head" "$google_entry" >rules/google.yaml
printf '%s\n' "$head" "  - { service: azure, issuer: $AZURE, keys: rsa.jwks, age_max_s: 0 }" >rules/fresh.yaml
printf 'policy_version: 1\nprofile: production\n' >rules/none.yaml
printf '%s\n' "$head" "  - { service: azure, issuer: $AZURE }" >rules/keyless.yaml
printf '%s\n' "$head" "  - { service: aws, issuer: $AZURE, keys: rsa.jwks }" >rules/aws.yaml
by() { rules=$1; token=$2; shift 2; "$ASSAY" result verify "$token" --policy "rules/$rules.yaml" "$@"; }
expect 0 'statement   affirming' by all azure.jwt --nonce 5f1c
expect 0 'attester    GCP_AMD_SEV_SNP' by all google.jwt
expect 0 'device      GPU-1' by all nras.json --nonce 9f31
expect 4 'other-nonce' by all azure.jwt --nonce 5f1d
expect 4 'other-issuer' by google azure.jwt
expect 4 'not-now: issued longer ago' by fresh azure.jwt --at $(date -u -d '+60 seconds' +%Y-%m-%dT%H:%M:%SZ)
expect 2 'names no issuer: expected token_issuers' by none azure.jwt
# The cause under the issuer that the token came furthest with: one has no such key, one found that the end is missing.
cp other.jwks rules
other_entry="  - { service: azure, issuer: $AZURE, keys: other.jwks }"
printf '%s\n' "$head" "$azure_entry" "$other_entry" >rules/two.yaml
printf '%s\n' "$head" "$other_entry" "$azure_entry" >rules/two_back.yaml
expect 13 'exp is missing' by two endless.jwt
expect 13 'exp is missing' by two_back endless.jwt
# Paths of PATH_MAX bytes from the policy's folder on: none is cut into another file's.
far=$(printf './%.0s' $(seq 2035))
name=$(printf './%.0s' $(seq 20))rsa.jwks
printf '%s\n' "$head" "  - { service: azure, issuer: $AZURE, keys: $name }" >rules/far.yaml
expect 2 "$name: from the policy's folder on this path has more than 4095 bytes: give a shorter one" \
    "$ASSAY" result verify azure.jwt --policy "${far}rules/far.yaml"
expect 0 'statement   affirming' by far azure.jwt
expect 2 'token_issuers[0].keys: expected keys' by keyless azure.jwt
expect 2 'expected azure, google, intel or nvidia' by aws azure.jwt
expect 2 'give either it or --service' by all azure.jwt --audience x
expect 5 'rules/none.jwks: no such file' sh -c "sed 's/rsa.jwks/none.jwks/' rules/google.yaml >rules/lost.yaml; '$ASSAY' result verify azure.jwt --policy rules/lost.yaml"
printf '%s\n' "$head" "$azure_entry" "  - { service: google, issuer: $GOOGLE, keys: gone.jwks }" >rules/second.yaml
expect 5 'rules/gone.jwks: no such file' by second azure.jwt
expect 0 'token_issuers are no part' sh -c "'$ASSAY' policy show rules/all.yaml >shown; '$ASSAY' policy show rules/none.yaml | cmp - shown && echo token_issuers are no part"

# --- usage
expect 2 'give --keys FILE' azure azure.jwt
expect 2 '--service: expected one of azure, google, intel, nvidia' "$ASSAY" result verify azure.jwt --service aws --issuer $AZURE --keys rsa.jwks
expect 2 'give --service and --issuer, or --policy' "$ASSAY" result verify azure.jwt --service azure --keys rsa.jwks
expect 5 '--keys none: no such file' azure azure.jwt --keys none
expect 2 'expected a root certificate' azure azure.jwt --root rsa.jwks
expect 2 'is a key in PEM, expected a root certificate' azure azure.jwt --root other.pem
expect 5 'none: no such file' azure none --keys rsa.jwks
finish

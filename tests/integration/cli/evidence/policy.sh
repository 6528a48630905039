#!/bin/sh
# `assay policy` as an operator types it: lint, show, diff, try, and reference values as CoRIM there and
# back.
. "$(dirname "$0")/../lib.sh"
cd "$WORK" || exit 2

A=33d8736db756ed4997e04ba358d27833188f1932ff7b1d156904d3f560452fbb
B=44d8736db756ed4997e04ba358d27833188f1932ff7b1d156904d3f560452fbb

# policy FILE KIND PROFILE LINES...: a policy file.
policy() {
    file=$1
    printf 'policy_version: 1\nprofile: %s\nkinds: [%s]\n' "$3" "$2" >"$file"
    shift 3
    printf '%s\n' "$@" >>"$file"
}

policy sound.yaml sgx-v3 production 'references:' "  - { field: mrenclave, state: allowed, value: \"$A\" }"
policy vain.yaml sgx-v3 production 'smt: false' 'references:' \
    "  - { field: mrenclave, state: allowed, value: \"$A\" }" \
    "  - { field: mrenclave, state: denied, value: \"$A\" }"
policy odd.yaml sgx-v3 production 'references:' "  - { field: mrenclave, state: retiring, value: \"$A\" }"
policy broken.yaml sgx-v3 production 'service_td: perhaps'

# --- lint
expect 0 'sound.yaml: 0 errors, 0 warnings' "$ASSAY" policy lint sound.yaml
expect 2 'vain.yaml:6:5: error: references[0]: the value is denied' "$ASSAY" policy lint vain.yaml
case $out in *'vain.yaml:4:6: error: smt: a platform rule is set'*) ;; *) wrong "smt: $out" ;; esac
case $out in *'    remove one of the two entries'*) ;; *) wrong "no advice: $out" ;; esac
expect 0 '0 errors, 1 warning' "$ASSAY" policy lint odd.yaml
expect 2 '"lint": "reference-denied"' "$ASSAY" policy lint vain.yaml --json
case $out in *'"line": 6'*) ;; *) wrong "no line: $out" ;; esac
expect 2 'broken.yaml:4:13: service_td: expected refused, warning or affirming, found "perhaps"' \
    "$ASSAY" policy lint broken.yaml
expect 5 '"code": "not_found"' "$ASSAY" policy lint nothing.yaml --json
sed 's/^profile: .*/profile: dev/' sound.yaml >words.yaml
expect 2 ': profile: expected production or development, found "dev"' "$ASSAY" policy lint words.yaml
sed 's/state: allowed/state: alowed/' sound.yaml >words.yaml
expect 2 ': state: expected allowed, retiring or denied, found "alowed"' "$ASSAY" policy lint words.yaml
policy over.yaml sgx-v3 production 'references:' \
    "  - { field: mrenclave, state: allowed, value: \"$A\", not_after: 2026-01-01T00:00:00Z }"
expect 0 '0 errors, 0 warnings' "$ASSAY" policy lint over.yaml --at 2026-01-01T00:00:00Z
expect 2 'field-over' "$ASSAY" policy lint over.yaml --at 2026-01-01T00:00:01Z
expect 2 'is no RFC 3339 time' "$ASSAY" policy lint over.yaml --at tomorrow

# --- show and diff
"$ASSAY" policy show vain.yaml >shown.yaml
expect 0 'smt: false' "$ASSAY" policy show vain.yaml
case $out in *'# digest '*) ;; *) wrong "no digest: $out" ;; esac
expect 0 "$(head -n 1 shown.yaml)" "$ASSAY" policy show shown.yaml
expect 0 'both accept the same' "$ASSAY" policy diff vain.yaml shown.yaml
expect 0 'accepts more  smt: refused -> accepted' "$ASSAY" policy diff vain.yaml sound.yaml
expect 0 '"effect": "looser"' "$ASSAY" policy diff vain.yaml sound.yaml --json
expect 0 '"policy": "policy_version: 1' "$ASSAY" policy show sound.yaml --json

# --- try, on SOFT evidence
"$ASSAY" soft ca vendor --name Vendor >vendor.pub
"$ASSAY" soft node vendor node --out platform.key
"$ASSAY" soft quote platform.key --measurement "$A" --report-data "$(printf '0%.0s' $(seq 128))" --out quote
root=$(sed -n 's/^root_key: //p' vendor.pub)
for name in allowed other; do
    [ $name = allowed ] && value=$A || value=$B
    policy $name.yaml soft development "roots: [{ name: v, key: $root, kinds: [soft] }]" 'references:' \
        "  - { field: mrenclave, state: allowed, value: \"$value\" }"
done
expect 11 'decided by  measurement-unknown' "$ASSAY" policy try other.yaml quote --collateral vendor
expect 0 'no rule refuses it' "$ASSAY" policy try allowed.yaml quote --collateral vendor
case $out in INSECURE*) ;; *) wrong "the profile is not shown: $out" ;; esac
case $out in *'not checked freshness: '*) ;; *) wrong "policy try is silent about freshness: $out" ;; esac
expect 0 '"what": "freshness"' "$ASSAY" policy try allowed.yaml quote --collateral vendor --json
expect 0 'both          not checked: freshness: ' "$ASSAY" policy try allowed.yaml quote --collateral vendor \
    --against allowed.yaml
# What each policy leaves open is its own: a value of another kind, or only a denied one, names no program of this kind.
policy none.yaml soft development "roots: [{ name: v, key: $root, kinds: [soft] }]"
policy kind.yaml soft,snp development "roots: [{ name: v, key: $root, kinds: [soft] }]" 'references:' \
    "  - { field: snp_measurement, state: allowed, value: \"${A}00000000000000000000000000000000\" }"
expect 0 'not checked program: the policy names no program of this kind' "$ASSAY" policy try kind.yaml quote \
    --collateral vendor
expect 0 'first only    not checked: program: the policy has no reference values' "$ASSAY" policy try none.yaml \
    quote --collateral vendor --against kind.yaml
case $out in *'second only   not checked: program: the policy names no program of this kind'*) ;;
*) wrong "the reason of the second policy is missing: $out" ;; esac
expect 0 'second only   measurement-unknown' "$ASSAY" policy try allowed.yaml quote --collateral vendor \
    --against other.yaml
expect 11 'first only    measurement-unknown' "$ASSAY" policy try other.yaml quote --collateral vendor \
    --against allowed.yaml
expect 11 '"against": {' "$ASSAY" policy try other.yaml quote --collateral vendor --against allowed.yaml \
    --json
expect 13 'decided by' "$ASSAY" policy try allowed.yaml vendor.pub --collateral vendor
expect 2 'expected --collateral DIR' "$ASSAY" policy try allowed.yaml quote

# --- reference values there and back
"$ASSAY" keys operator operator.key >operator.pub
"$ASSAY" keys operator stranger.key >stranger.pub
expect 0 '' "$ASSAY" policy export vain.yaml --format corim --key operator.key --issuer 'operator alpha' \
    --id build-7 --out values.corim
expect 0 '# CoRIM "build-7", signed by "operator alpha"' "$ASSAY" policy import values.corim \
    --signer operator.pub
grep references: -A 2 shown.yaml >wanted
"$ASSAY" policy import values.corim --signer operator.pub | grep -v '^#' >found
check 'what was exported is imported' diff wanted found
policy empty.yaml sgx-v3 production 'smt: false'
"$ASSAY" policy import values.corim --signer operator.pub --into empty.yaml >merged.yaml
expect 0 'both accept the same' "$ASSAY" policy diff vain.yaml merged.yaml
"$ASSAY" policy import values.corim --signer operator.pub --into merged.yaml >again.yaml
check 'what is there is not there twice' diff merged.yaml again.yaml
policy weak.yaml tpm2 production 'tpm_weak_banks: warning' 'references:
  - { field: pcr0, state: allowed, value: "0011223344556677889900112233445566778899" }'
expect 2 'found one of SHA-1, which a CoRIM cannot have' "$ASSAY" policy export weak.yaml --format corim --out weak.corim
expect 2 'a signature does not verify' "$ASSAY" policy import values.corim --signer stranger.pub
expect 2 'expected --signer KEY' "$ASSAY" policy import values.corim
# --- runtime policies of Keylime: exact, or refused by name
d1=$(printf '11%.0s' $(seq 32)) d2=$(printf '22%.0s' $(seq 20)) d3=$(printf '33%.0s' $(seq 32))
keylime() { # MEMBER... after those that every policy has
    printf '{"meta": {"version": 1, "generator": 3}, "release": 0, "ima": {"ignored_keyrings": [], "log_hash_alg": "sha1",
        "dm_policy": null}, "verification-keys": "", %s}\n' "$1" >runtime.json
}
import() { "$ASSAY" policy import runtime.json --format keylime "$@"; }
keylime "\"digests\": {\"/usr/bin/a\": [\"$d1\", \"$d2\", \"$d1\"], \"/usr/bin/none\": []},
    \"keyrings\": {\".ima\": [\"$d3\"]}, \"ima-buf\": {\"kexec-cmdline\": [\"$d1\"]}, \"excludes\": [\"boot_aggregate\"]"
import >keylime.yaml || wrong 'a runtime policy is not imported'
sed -n '/^ima_unknown/,$p' keylime.yaml >found
{
    echo 'ima_unknown: refused'
    echo 'events:'
    for e in "/usr/bin/a\", digest: \"$d1" "/usr/bin/a\", digest: \"$d2" ".ima\", digest: \"$d3" \
        "kexec-cmdline\", digest: \"$d1"; do
        echo "  - { state: allowed, file: \"$e\" }"
    done
} >wanted
check 'each name with each digest, and every other file refused' diff wanted found
expect 0 '0 errors' "$ASSAY" policy lint keylime.yaml
import --into keylime.yaml >again.yaml
check 'an import that is repeated adds nothing' diff keylime.yaml again.yaml
file="\"digests\": {\"/a\": [\"$d1\"]}"
refused() { # WORDS MEMBERS: refused, and left out on request
    keylime "$2"
    expect 2 "$1" import
    expect 0 'left out: 1' import --partial
}
refused 'excludes[0] "/tmp/.*": a policy has no patterns' "$file, \"excludes\": [\"/tmp/.*\"]"
refused 'excludes[0] "boot_aggregate.*"' "$file, \"excludes\": [\"boot_aggregate.*\"]"
refused 'digests[0] "boot_aggregate": is no file here' "\"digests\": {\"boot_aggregate\": [\"$d1\"], \"/a\": [\"$d1\"]}"
sed 's/"verification-keys": ""/"verification-keys": "{}"/' runtime.json >keys.json
expect 2 'verification-keys: a policy accepts no signatures' "$ASSAY" policy import keys.json --format keylime
keylime "$file"
sed 's/"ignored_keyrings": \[\]/"ignored_keyrings": ["*"]/' runtime.json >keys.json
expect 2 'ima.ignored_keyrings: a policy ignores no keys' "$ASSAY" policy import keys.json --format keylime
sed 's/"dm_policy": null/"dm_policy": {}/' runtime.json >keys.json
expect 2 'ima.dm_policy: a policy has no rules' "$ASSAY" policy import keys.json --format keylime
for case in 'a list|[1]' 'a text|"x"' 'null|null'; do
    sed -z "s/\"ima\": {[^}]*}/\"ima\": ${case#*|}/" runtime.json >keys.json
    expect 2 "ima: expected an object, found ${case%%|*}" "$ASSAY" policy import keys.json --format keylime
done
sed 's/"version": 1/"version": 2/' runtime.json >keys.json
expect 2 'meta.version: expected 1' "$ASSAY" policy import keys.json --format keylime
for case in 'expected the digest|"digests": {}' 'expected digests of|"digests": {"/a": ["11"]}' \
    'digests[0] "/a"[0]: expected a digest, found a number|"digests": {"/a": [7]}' 'the absolute name of a file|"digests": {"a": []}' \
    'found boot_aggregate|"ima-buf": {"boot_aggregate": []}' \
    'found boot_aggregate|"keyrings": {"boot_aggregate": []}' 'a name that is no path|"keyrings": {"/a": []}' 'a list of digests|"digests": {"/a": {}}' \
    'an object of names|"digests": []' 'no such member|"more": 1' 'signed envelope|"payload": "e30="' \
    "a name of 1 to 95|\"digests\": {\"/$(printf 'a%.0s' $(seq 95))\": []}" 'does not follow its grammar|"digests": {}, "digests": {}'; do
    keylime "${case#*|}"
    expect 2 "${case%%|*}" import
done
keylime "\"digests\": {\"/a\": [$(for i in $(seq 65); do printf '"%064d",' "$i"; done | sed 's/,$//')]}"
expect 2 'digests[0] "/a"[64]: more than 64 digests together' import
# A digest has the length of an algorithm, and digits alone, in lower case: what Keylime compares.
upper=$(printf 'AA%.0s' $(seq 32))
for case in "expected digests of 40 (sha1), 64 (sha256), 96 (sha384) or 128 (sha512) lower-case|${d1}0" \
    "(66 characters)|${d1}00" "lower-case|$upper" "expected 64 digits of sha256, found 40|sha256:$d2" \
    "expected 40 digits of sha1, found 64|sha1:$d1" "digits alone, found|sha256:$d1" "digits alone, found|md5:$d2"; do
    keylime "\"digests\": {\"/b\": [], \"/a\": [\"$d1\", \"${case#*|}\"]}"
    expect 2 "${case%%|*}" import
    case $out in *'digests[1] "/a"[1]: expected '*) ;; *) wrong "no place: $out" ;; esac
done
keylime "$file"
for case in '"md5"|"md5"' '7|a number'; do
    sed "s/\"log_hash_alg\": \"sha1\"/\"log_hash_alg\": ${case%%|*}/" runtime.json >keys.json
    expect 2 "ima.log_hash_alg: expected sha1, sha256, sha384 or sha512, found ${case#*|}" \
        "$ASSAY" policy import keys.json --format keylime
done
# Names that turn the text of a terminal, or command it, or fill it: each message has the index, and ASCII alone.
ascii() { # WORDS MEMBERS
    keylime "$2"
    expect 2 "$1" import
    check "ASCII alone: $1" sh -c '! printf "%s\n" "$0" | LC_ALL=C tr -d "\n" | LC_ALL=C grep -q "[^ -~]"' "$out"
    check "a short message: $1" test "$(printf '%s' "$out" | wc -c)" -lt 600
}
long=$(printf 'a%.0s' $(seq 4000))
ascii 'digests[1] "/a\xe2\x80\xaeb": expected a name of printable ASCII' '"digests": {"/a": [], "/a\u202eb": []}'
ascii 'keyrings[0] "\x1b[2J": expected a name of printable' "$file, \"keyrings\": {\"\\u001b[2J\": []}"
ascii 'ima-buf[0] "\xc2\x9b1m": expected a name' "$file, \"ima-buf\": {\"\\u009b1m\": []}"
ascii 'aaa...": expected a name of 1 to 95 characters, found 4001' "\"digests\": {\"/$long\": []}"
ascii 'policy[6] "\xd8\x9cmore": expected no such member' "$file, \"excludes\": [], \"\\u061cmore\": 1"
ascii 'excludes[0] "\xe2\x81\xa6.*": a policy has no patterns' "$file, \"excludes\": [\"\\u2066.*\"]"
ascii 'aaa...": a policy has no patterns' "$file, \"excludes\": [\"$long\"]"
ascii '"/a"[0]: expected digests' '"digests": {"/a": ["\u202e11"]}'
ascii 'aaa..." (4000 characters)' "\"digests\": {\"/a\": [\"$long\"]}"
keylime "$file, \"excludes\": [\"\\u202e.*\"]"
expect 0 'left out: excludes[0] "\xe2\x80\xae.*"' import --partial
printf '{"meta":\n  {"version": 1,]\n' >keys.json
expect 2 'keys.json:2:' "$ASSAY" policy import keys.json --format keylime
expect 2 'has no --signer' import --signer operator.pub
expect 2 'expected a public key or a certificate' "$ASSAY" policy import values.corim --signer sound.yaml
{ printf '%b' '\0320'; tail -c +2 values.corim; } >bent.corim
expect 2 'COSE_Sign1' "$ASSAY" policy import bent.corim --signer operator.pub
expect 0 '' "$ASSAY" policy export sound.yaml --format corim --out unsigned.corim
expect 2 'COSE_Sign1' "$ASSAY" policy import unsigned.corim --signer operator.pub
"$ASSAY" policy export vain.yaml --format corim --key operator.key --issuer 'operator alpha' --id build-7 \
    >piped.corim
check 'a pipe gets the same manifest' test "$(wc -c <piped.corim)" -eq "$(wc -c <values.corim)"
expect 2 '--format corim is missing' "$ASSAY" policy export vain.yaml
expect 2 'expected --key, too' "$ASSAY" policy export vain.yaml --format corim --issuer x
expect 2 'no reference values' "$ASSAY" policy export empty.yaml --format corim
expect 2 '1 to 79 printable characters' "$ASSAY" policy export vain.yaml --format corim --id "$(printf 'i%.0s' $(seq 80))"

# --- usage
expect 2 'usage: assay policy' "$ASSAY" policy
expect 2 'usage: assay policy' "$ASSAY" policy frobnicate sound.yaml
expect 2 'usage: assay policy' "$ASSAY" policy show sound.yaml --partial
expect 2 'usage: assay policy' "$ASSAY" policy diff sound.yaml
expect 0 'usage: assay policy' "$ASSAY" policy lint --help

finish

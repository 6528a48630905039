#!/bin/sh
# tests/integration/cli/evidence/tpm.sh - `assay tpm` on a software TPM: enrolment in four steps and in one, quotes,
# revocation, and what is refused on the way.
set -u
. "$(dirname "$0")/../lib.sh"
[ -x /usr/bin/swtpm ] && [ -x /usr/bin/swtpm_setup ] || { echo 'swtpm is not installed' >&2; exit 77; }

# software_tpm NAME: one TPM in $WORK/NAME by the maker in $WORK/maker; it listens on $WORK/NAME/tpm.sock.
software_tpm() {
    mkdir -p "$WORK/maker" "$WORK/$1/state"
    printf 'statedir = %s\nsigningkey = %s/signkey.pem\nissuercert = %s/issuercert.pem\ncertserial = %s/serial\n' \
        "$WORK/maker" "$WORK/maker" "$WORK/maker" "$WORK/maker" >"$WORK/$1/localca.conf"
    : >"$WORK/$1/options"
    printf 'create_certs_tool = /usr/bin/swtpm_localca\ncreate_certs_tool_config = %s/localca.conf\n' \
        "$WORK/$1" >"$WORK/$1/setup.conf"
    printf 'create_certs_tool_options = %s/options\n' "$WORK/$1" >>"$WORK/$1/setup.conf"
    swtpm_setup --tpm2 --tpmstate "$WORK/$1/state" --config "$WORK/$1/setup.conf" --create-ek-cert --ecc \
        --overwrite --logfile "$WORK/$1/setup.log" >/dev/null || { cat "$WORK/$1/setup.log" >&2; exit 2; }
    swtpm socket --tpm2 --tpmstate "dir=$WORK/$1/state" --server "type=unixio,path=$WORK/$1/tpm.sock" \
        --ctrl "type=unixio,path=$WORK/$1/tpm.sock.ctrl" --flags startup-clear >/dev/null 2>&1 &
    started="$started $!"
    until_true 5 test -S "$WORK/$1/tpm.sock" || { echo 'swtpm does not start' >&2; exit 2; }
}

cd "$WORK" || exit 2
software_tpm one
software_tpm two
one=swtpm:path=$WORK/one/tpm.sock
two=swtpm:path=$WORK/two/tpm.sock
zeros=$(printf '0%.0s' $(seq 128))

# --- the registrar
expect 0 'root_key: "' "$ASSAY" tpm registrar registrar --name "A registrar"
expect 6 ASSAY_E_DUPLICATE "$ASSAY" tpm registrar registrar
check 'the key of the registrar is its own' [ "$(stat -c %a registrar/registrar.key)" = 600 ]
expect 0 root_key "$ASSAY" tpm registrar stranger

# --- four steps
expect 5 'nothing is stored under handle' "$ASSAY" tpm quote one --report-data "$zeros" --out x --tcti "$one"
expect 0 one/request "$ASSAY" tpm prepare one --tcti "$one"
expect 0 '' "$ASSAY" tpm challenge one/request --tpm-vendors maker --out challenge
check 'the secret of the challenge is the registrar'"'"'s own' [ "$(stat -c %a challenge.secret)" = 600 ]
mkdir nobody
expect 5 ASSAY_E_NOT_FOUND "$ASSAY" tpm challenge one/request --tpm-vendors nobody --out x
cp stranger/root_ca.pem nobody/
expect 4 'the request is refused: no trusted vendor root' "$ASSAY" tpm challenge one/request \
    --tpm-vendors nobody --out x
expect 0 two/request "$ASSAY" tpm prepare two --tcti "$two"
expect 1 'not for this key of this TPM' "$ASSAY" tpm answer challenge --out answer --tcti "$two"
expect 0 '' "$ASSAY" tpm answer challenge --out answer --tcti "$one"
printf '%032d' 0 >guess
chmod 600 guess
expect 4 'the key is not in that TPM' "$ASSAY" tpm issue challenge.secret guess --registrar registrar --out x
expect 0 one/ak.pem "$ASSAY" tpm issue challenge.secret answer --registrar registrar --out one/ak.pem
expect 2 ASSAY_E_RANGE "$ASSAY" tpm issue challenge.secret answer --registrar registrar --out x --days 7300
# An answer is of use with the secret of its challenge alone: neither is replaced, nor is what is no certificate.
cp challenge challenge.first && cp challenge.secret secret.first
expect 6 'challenge.secret: the secret of a TPM challenge is there' "$ASSAY" tpm challenge one/request --tpm-vendors maker \
    --out challenge
check 'the challenge is as it was' cmp -s challenge challenge.first
check 'its secret as well' cmp -s challenge.secret secret.first
cp registrar/registrar.key other.secret
expect 6 'the key of a TPM registrar is there' "$ASSAY" tpm challenge one/request --tpm-vendors maker --out other
check 'a key beside --out is as it was' cmp -s registrar/registrar.key other.secret
check 'and there is no challenge without its secret' test ! -e other
expect 6 'the key of a TPM registrar is there' "$ASSAY" tpm issue challenge.secret answer --registrar registrar \
    --out other.secret
check 'a key is not replaced by a certificate' cmp -s registrar/registrar.key other.secret

# --- evidence
expect 0 'pcr23: "' "$ASSAY" tpm measure --program "$BIN/assay-enclave" --tcti "$one"
pcr=$(printf '%s' "$out" | sed 's/.*"\(.*\)".*/\1/')
expect 0 '' "$ASSAY" tpm quote one --report-data "$zeros" --out quote --tcti "$one"
now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
expect 0 "\"pcr23\": \"$pcr\"" "$ASSAY" evidence verify quote --collateral registrar \
    --root registrar/root_ca.pem --at "$now" --json
expect 0 '"ak_bound_ok": true' "$ASSAY" evidence verify quote --collateral registrar \
    --root registrar/root_ca.pem --at "$now" --json
expect 12 chain-missing "$ASSAY" evidence verify quote --collateral stranger --root stranger/root_ca.pem --at "$now"
expect 12 certificate-time "$ASSAY" evidence verify quote --collateral registrar \
    --root registrar/root_ca.pem --at 2020-01-01T00:00:00Z

# --- an event log of what was measured: the program, and nothing in the firmware's PCRs. The digests are
# sha256sum's, the register is the TPM's.
hex_bytes() { for byte in $(printf %s "$1" | sed 's/../& /g'); do printf "\\$(printf %03o "0x$byte")"; done; }
log_of() { # log_of DIGEST: Spec ID Event03 with SHA-256 alone, one EV_IPL of PCR 23
    hex_bytes "0000000003000000$(printf '00%.0s' $(seq 20))21000000"
    printf 'Spec ID Event03\0'
    hex_bytes "0000000000020002010000000b00200000"
    hex_bytes "170000000d000000010000000b00${1}00000000"
}
program=$(sha256sum <"$BIN/assay-enclave" | cut -d ' ' -f 1)
log_of "$program" >ccel
log_of "$(printf 'ab%.0s' $(seq 32))" >altered
for state in required denied; do
    printf 'policy_version: 1\nprofile: production\nevents:\n' >$state.yaml
    printf '  - { state: %s, register: pcr23, digest: "%s" }\n' $state "$program" >>$state.yaml
done
judge() { "$ASSAY" evidence "$@" --collateral registrar --root registrar/root_ca.pem --at "$now"; }
expect 0 'firmware, 1 events, 1 of 1 that extend registers proven' judge verify quote --event-log ccel
expect 0 'pcr23  sha256  matches       1 events' judge explain quote --event-log ccel
expect 11 'proven: event-log-mismatch' judge verify quote --event-log altered
expect 12 event-log-missing judge verify quote --policy required.yaml
expect 0 affirming judge verify quote --policy required.yaml --event-log ccel
expect 11 event-denied judge verify quote --policy denied.yaml --event-log ccel
expect 11 event-log-mismatch judge verify quote --policy denied.yaml --event-log altered

# --- the same for programs
made 'tpm registrar' other root_key -- "$ASSAY" tpm registrar other
mkdir programs
made 'tpm prepare' programs/request -- "$ASSAY" tpm prepare programs --tcti "$two"
made 'tpm challenge' programs/challenge -- "$ASSAY" tpm challenge programs/request --tpm-vendors maker \
    --out programs/challenge
made 'tpm answer' programs/answer -- "$ASSAY" tpm answer programs/challenge --out programs/answer --tcti "$two"
made 'tpm issue' programs/ak.pem -- "$ASSAY" tpm issue programs/challenge.secret programs/answer --registrar other \
    --out programs/ak.pem
made 'tpm enroll' programs/ak.pem -- "$ASSAY" tpm enroll programs --registrar other --tpm-vendors maker --tcti "$two"
made 'tpm measure' - pcr23 -- "$ASSAY" tpm measure --program "$BIN/assay-enclave" --tcti "$two"
made 'tpm quote' programs/quote -- "$ASSAY" tpm quote programs --report-data "$zeros" --out programs/quote --tcti "$two"
made 'tpm crl' other -- "$ASSAY" tpm crl other programs/ak.pem

# --- revocation
expect 0 '' "$ASSAY" tpm crl registrar one/ak.pem
expect 11 certificate-revoked "$ASSAY" evidence verify quote --collateral registrar \
    --root registrar/root_ca.pem --at "$now"
expect 0 '' "$ASSAY" tpm crl registrar
expect 0 'affirming' "$ASSAY" evidence verify quote --collateral registrar --root registrar/root_ca.pem \
    --at "$(date -u +%Y-%m-%dT%H:%M:%SZ)"

# --- one step; the key is a new one, the TPM the same platform
platform=$("$ASSAY" evidence verify quote --collateral registrar --root registrar/root_ca.pem --at "$now" --json |
    sed -n 's/.*"platform_id": "\(.*\)".*/\1/p')
cp one/ak.pem old.pem
expect 0 one/ak.pem "$ASSAY" tpm enroll one --registrar registrar --tpm-vendors maker --tcti "$one"
expect 0 '' "$ASSAY" tpm quote one --report-data "$zeros" --out quote --tcti "$one"
expect 0 "\"platform_id\": \"$platform\"" "$ASSAY" evidence verify quote --collateral registrar \
    --root registrar/root_ca.pem --at "$(date -u +%Y-%m-%dT%H:%M:%SZ)" --json
cp old.pem one/ak.pem # the certificate of a key that is gone
expect 0 '' "$ASSAY" tpm quote one --report-data "$zeros" --out quote --tcti "$one"
expect 12 attestation-key-unproven "$ASSAY" evidence verify quote --collateral registrar \
    --root registrar/root_ca.pem --at "$(date -u +%Y-%m-%dT%H:%M:%SZ)"

# --- misuse
expect 2 'expected a subcommand' "$ASSAY" tpm
expect 2 'is not a subcommand' "$ASSAY" tpm destroy
expect 2 '--days: expected 1 to 7300' "$ASSAY" tpm registrar x --days 0
expect 2 '--registrar DIR is missing' "$ASSAY" tpm enroll
expect 2 '128 hexadecimal digits' "$ASSAY" tpm quote one --report-data 00 --out x
expect 5 'is not there' "$ASSAY" tpm prepare unmade --tcti device:/nowhere
check 'a failed prepare leaves no folder' test ! -e unmade
expect 5 'is not there' "$ASSAY" tpm enroll unmade --registrar registrar --tpm-vendors maker --tcti device:/nowhere
check 'a failed enroll leaves no folder' test ! -e unmade
expect 2 ASSAY_E "$ASSAY" tpm answer one/ak.pem --out x --tcti "$one"
expect 0 usage "$ASSAY" tpm --help
finish

#!/bin/sh
# Devices of a machine whose processor's evidence has several pieces: a paravisor's report with the quote of its TPM, as
# a user puts them together from files; what is missing or of another challenge is named.
. "$(dirname "$0")/../lib.sh"
ROOT=$(cd "$(dirname "$0")/../../../.." && pwd)
DEVICES=$2/make_devices PARAVISOR=$2/make_paravisor
[ -x "$DEVICES" ] && [ -x "$PARAVISOR" ] || { echo 'make_devices or make_paravisor is not built' >&2; exit 77; }
cd "$WORK" || exit 2
AT=2027-01-15T08:00:00Z
CHALLENGE=$(printf '5a%.0s' $(seq 64))
value() { sed -n "s/^$1: //p" "$2"; }
mkdir -p chains known && "$DEVICES" . $CHALLENGE >made || exit 2

step() {
    "$ASSAY" evidence compose --report-data $CHALLENGE --device gpu0.bin --device gpu1.bin --device switch0.bin \
        --collateral chains "$@"
}
expect 0 'qualifying data of a TPM  ' step
data=$(printf '%s\n' "$out" | sed -n 's/^report data to quote *//p')
qualifying=$(printf '%s\n' "$out" | sed -n 's/^qualifying data of a TPM *//p')

policy() { # FILE KIND ROOT
    printf '%s\n' 'policy_version: 1' 'profile: production' 'gpu_count_min: 2' 'switch_count_max: 4' 'devices_packed: true' 'roots:' \
        "  - { name: processors, key: $3, kinds: [$2] }" \
        "  - { name: devices, key: $(value devices made), kinds: [nvidia-gpu, nvidia-switch] }" \
        "  - { name: manifests, key: $(value manifests made), kinds: [nvidia-gpu, nvidia-switch] }" >"$1"
}
make() { # DIR snp|tdx|svsm REPORT_DATA
    kind=paravisor-vtpm-$2
    [ "$2" != svsm ] || kind=paravisor-vtpm-snp
    mkdir -p "$1/pieces" && "$PARAVISOR" "$@" >"$1/made" && policy "$1.yaml" "$kind" "$(value root "$1/made")"
}
make svsm svsm "$data" && cp svsm.yaml unnamed.yaml &&
    printf '%s\n' 'references:' "  - { field: snp_measurement, state: allowed, value: \"$(value measurement svsm/made)\" }" \
        >>svsm.yaml && make snp snp "$data" && make tdx tdx "$data" && make other snp $CHALLENGE || exit 2
compose() { step --quote "$1/report.bin" --pieces "$1/pieces" --out "$1.bin"; }
verify() { # NAME OPTION...
    name=$1
    shift
    "$ASSAY" evidence verify $name.bin --collateral known --policy $name.yaml --at $AT --report-data $CHALLENGE "$@"
}

# --- a chip with a paravisor: the challenge is answered, and the devices are its own
expect 0 'evidence  snp.bin' compose snp
expect 10 'gpu 1 (GH100, serial 0bb9): warning, driver 570.10.01' verify snp
case $out in *'switch 0 (LS10, serial 03e9): warning'*) ;; *) wrong "the switch is missing: $out" ;; esac
expect 10 '"kind": "paravisor-vtpm-snp"' verify snp --json
# --- a service module (SVSM): report, nonce and manifest in one file
expect 0 'evidence  svsm.bin' compose svsm
expect 10 'gpu 1 (GH100, serial 0bb9): warning, driver 570.10.01' verify svsm
cp svsm.bin unnamed.bin
expect 12 'a reference value of the SVSM: its measurement or its key' verify unnamed
expect 0 '"svsm_manifest_version": 0' "$ASSAY" evidence decode svsm.bin --json
expect 0 '"svsm_nonce": "5ec1' "$ASSAY" evidence decode svsm.bin --json
# As docs/evidence.md has it for a reader: its policy, with the keys and the measurement of this chip.
sed -n '/^## Virtual TPM of an SVSM/,/^## Packages/p' "$ROOT/docs/evidence.md" | sed -n '/^```yaml/,/^```$/p' | grep -v '^```' |
    sed "s/pinned: amd-milan/key: $(value root svsm/made)/; s/REGISTRAR/$(value manifests made)/
        s/MEASUREMENT/$(value measurement svsm/made)/" >documented.yaml
documented() { "$ASSAY" evidence verify "$1/report.bin" --collateral svsm/pieces --policy "$2" --at $AT; }
expect 10 'revocation-unknown' documented svsm documented.yaml
grep -v snp_measurement documented.yaml | grep -v '^references' >nameless.yaml
expect 12 attestation-key-unproven documented svsm nameless.yaml
mkdir bent && cp -r svsm/pieces bent/ && cp svsm.yaml bent.yaml
# One byte of the nonce: the report binds another.
{ head -c 1184 svsm/report.bin; printf '\001'; tail -c +1186 svsm/report.bin; } >bent/report.bin
expect 11 runtime-data documented bent documented.yaml
expect 0 '' compose bent
expect 11 'runtime-data' verify bent
# --- a trust domain with one: its quote comes along, and is judged with the collateral of its platform alone
expect 0 'evidence  tdx.bin' compose tdx
expect 12 'gpu 1 (GH100, serial 0bb9)' verify tdx

# --- what does not fit is named
expect 2 "expected $qualifying, the SHA-256 of the report data" compose other
expect 2 'expected the TPM'"'"'s quote in --pieces, found none' step --quote snp/report.bin --out x.bin
expect 2 'expected --quote with it' step --pieces snp/pieces
mkdir unsigned && cp -r snp/report.bin snp/pieces unsigned/ && rm unsigned/pieces/signature.bin && cp snp.yaml unsigned.yaml
expect 0 '' compose unsigned
expect 12 'evidence-incomplete' verify unsigned
# The same evidence over other devices: the processor does not commit to them.
one() { "$ASSAY" evidence compose --report-data $CHALLENGE --device gpu0.bin --collateral chains "$@"; }
expect 2 'quotes other qualifying data' one --quote snp/report.bin --pieces snp/pieces --out x.bin
finish

#!/bin/sh
# Reports of NVIDIA's devices as a user verifies them: a folder with chain, manifests and OCSP responses, the
# challenge, the answer of the vendor's service. Without the genuine reports there is nothing to do.
. "$(dirname "$0")/../lib.sh"
VECTORS=${ASSAY_VECTORS_GPU:-$(cd "$(dirname "$0")/../../../.." && pwd)/../shared/vectors-gpu}
EXAMPLE=$(cd "$(dirname "$0")/../../../.." && pwd)/examples/evidence/collateral
HOPPER=$VECTORS/hopper-550.90.07-device-ocsp
[ -r "$HOPPER/report.bin" ] || { echo 'the genuine reports are not here' >&2; exit 77; }
cd "$WORK" || exit 2
AT=2025-08-21T12:00:00Z
NONCE=931d8dd0add203ac3d8b4fbde75e115278eefcdceac5b87671a748f32364dfcb
mkdir gpu
cp "$HOPPER"/*.pem "$HOPPER"/*.xml "$HOPPER"/*.der gpu/
chmod 644 gpu/*
verify() { "$ASSAY" evidence verify "$HOPPER/report.bin" --collateral "$1" --at $AT --nonce "$2" --json; }

# --- everything in one folder
expect 10 '"genuine": true' verify gpu $NONCE
expect 10 '"driver_rim_ok": true' verify gpu $NONCE
expect 10 '"driver_version": "550.90.07"' verify gpu $NONCE
expect 11 'challenge' verify gpu "${NONCE%b}c"
expect 12 'ocsp-nonce' "$ASSAY" evidence verify "$HOPPER/report.bin" --collateral gpu --at $AT --ocsp-nonce 0011
expect 2 'expected 1 to 64 bytes' "$ASSAY" evidence verify "$HOPPER/report.bin" --collateral gpu --ocsp-nonce 1

# --- each reason names its certificate, that of a manifest's signer with the manifest, and comes once
at() { "$ASSAY" evidence verify "$HOPPER/report.bin" --collateral "$1" --at "$2" --nonce $NONCE; }
expect 10 'an OCSP response (or CRL) for HCC RIM L4 Signer (driver RIM)' at gpu $AT
expect 12 'OCSP for GH100 A01 GSP BROM valid' at gpu 2025-09-01T00:00:00Z
expect 12 'HCC RIM L4 Signer (VBIOS RIM) valid' at gpu 2026-11-27T00:00:00Z
mkdir early
cp gpu/*.pem gpu/*.xml "$VECTORS"/hopper-550.90.07-rim-ocsp/*.der early/
at early 2024-06-01T00:00:00Z >early.txt 2>/dev/null
expect 0 'OCSP for NVIDIA Reference Value L3 GH100 002 valid 2025-10-24T11:32:21Z to 2025-10-25T11:32:21Z' cat early.txt
expect 1 '' sh -c 'grep ^reason early.txt | sort | uniq -d | grep .'

# --- what a folder has, with its dates: responses and manifests end, too
show() { "$ASSAY" collateral show "$1" --at "$2"; }
expect 0 'valid                  yes' show gpu $AT
expect 0 'OCSP response for GH100 A01 GSP BROM   2025-08-21T06:47:07Z to 2025-08-22T06:47:07Z' show gpu $AT
expect 0 'driver RIM 550.90.07 for GH100         2024-06-01T02:08:29Z to 2026-06-01T02:08:29Z' show gpu $AT
expect 0 'VBIOS RIM 96.00.9F.00.01 for GH100     2024-02-23T23:17:58Z to 2026-02-22T23:17:58Z' show gpu $AT
expect 10 'valid                  no' show gpu 2025-09-01T00:00:00Z

# --- no folder is called complete for every device, and what any report needs is named when it is not there
incomplete() { # incomplete FOLDER TEXT
    expect 13 "$2" show "$1" $AT
    case $out in *'complete and verified  no: '*) ;; *) wrong "$1 is not called incomplete: $out" ;; esac
}
expect 0 'complete and verified  unknown: what is here verifies; whether it is complete depends on the evidence' show gpu $AT
case $out in *'NEEDS                  a report of a GPU needs '*) ;; *) wrong "it does not say what is needed: $out" ;; esac
expect 0 '"sound": null' "$ASSAY" collateral show gpu --at $AT --json
mkdir chain driver others
cp gpu/chain.pem chain/
cp gpu/driver_rim.xml driver/
incomplete chain 'MISSING                driver RIM: none here; from rim.attestation.nvidia.com'
incomplete chain 'MISSING                OCSP or CRL: none here'
incomplete driver 'MISSING                VBIOS RIM: none for GH100'
incomplete driver 'MISSING                device chain: none here'
expect 13 '"sound": false' "$ASSAY" collateral show driver --at $AT --json
cp gpu/chain.pem gpu/driver_rim.xml gpu/*.der others/
cp "$VECTORS/hopper-535.86.09-no-fwid/vbios_rim.xml" others/
expect 10 'depends on the evidence' show others $AT # its signer's time is over
case $out in *' yes: every part'*) wrong "manifests of two devices are called complete: $out" ;; esac
cp "$VECTORS/ls10-96.10.55.00.01/vbios_rim.xml" others/
incomplete others 'MISSING                VBIOS RIM: none for GH100'

# --- a folder of a machine: Intel's documents and those of its devices
mkdir both
cp "$EXAMPLE"/* gpu/* both/
expect 13 'QE identity            evaluation' show both $AT
expect 13 'driver RIM 550.90.07 for GH100         2024-06-01T02:08:29Z to 2026-06-01T02:08:29Z' show both $AT
expect 13 'OCSP response for GH100 A01 GSP BROM   2025-08-21T06:47:07Z to 2025-08-22T06:47:07Z' show both $AT
expect 13 'UNTRUSTED              no certificate leads to a pinned root' show both $AT
expect 13 'valid                  no' show both 2025-09-01T00:00:00Z

# --- the kind may be named, of a switch as of a GPU
LS10=$VECTORS/ls10-96.10.55.00.01
kind() { "$ASSAY" evidence "$1" "$2/report.bin" --kind "$3"; }
for device in nvidia-switch:$LS10 nvidia-gpu:$HOPPER; do
    expect 12 "kind        ${device%%:*}" kind verify "${device#*:}" "${device%%:*}"
    expect 0 "kind                   ${device%%:*}" kind decode "${device#*:}" "${device%%:*}"
done
expect 12 'a measurement report of an NVIDIA NVSwitch' kind explain "$LS10" nvidia-switch
expect 12 'a measurement report of an NVIDIA GPU' kind explain "$HOPPER" nvidia-gpu

# --- a policy
cat >policy.yaml <<END
policy_version: 1
profile: production
gpu_architectures: [blackwell]
gpu_driver_min: "570.0"
END
expect 11 'gpu-architecture' "$ASSAY" evidence verify "$HOPPER/report.bin" --collateral gpu --at $AT --policy policy.yaml
expect 11 'gpu-driver' "$ASSAY" evidence verify "$HOPPER/report.bin" --collateral gpu --at $AT --policy policy.yaml

# --- a manifest as the vendor's service answers
printf '{"id":"NV_GPU_DRIVER_GH100_550.90.07","rim":"%s"}' "$(base64 -w0 gpu/driver_rim.xml)" >gpu/driver_rim.json
rm gpu/driver_rim.xml
expect 10 '"driver_rim_ok": true' verify gpu $NONCE
rm gpu/driver_rim.json
expect 12 'collateral-missing' verify gpu $NONCE

# --- a measurement, and manifests that are not used
measured() { "$ASSAY" evidence verify "$VECTORS/neg-hopper-measurement-bit/report.bin" --collateral early --at $AT; }
expect 11 'differ' measured
mkdir debug
cp gpu/*.pem "$VECTORS"/neg-hopper-rim-sdk-debug-root/*.xml debug/
expect 12 'no trusted RIM root' at debug $AT
head -c 100 "$HOPPER/report.bin" >cut.bin
expect 13 'vbios_rim.xml: reference manifest: not used' "$ASSAY" evidence verify cut.bin --kind nvidia-gpu --collateral early

explained() { "$ASSAY" evidence explain "$HOPPER/report.bin" --collateral gpu --at $AT; }
expect 12 "the device's attestation key signed the report" explained
expect 12 'model         GH100 A01 GSP BROM' explained
expect 12 'driver        550.90.07' explained
expect 12 'VBIOS         96.00.9F.00.01' explained

# --- a report as text; measurements a row each; report data whole, which a reason has no room for
base64 "$HOPPER/report.bin" >report.base64
expect 12 '"driver_version": "550.90.07"' "$ASSAY" evidence verify report.base64 --collateral gpu --at $AT --nonce $NONCE --json
expect 0 '  64                   ' "$ASSAY" evidence decode "$HOPPER/report.bin"
zeros=$(printf '%064d' 0)
expect 11 "report data is $NONCE$zeros" "$ASSAY" evidence verify "$HOPPER/report.bin" --collateral gpu --at $AT --report-data 00

# --- what is missing, and what was edited
cp "$VECTORS/neg-hopper-rim-golden-edited/driver_rim.xml" gpu/
expect 11 'rim-signature' verify gpu $NONCE
mkdir bare
expect 12 'signing-key-missing' verify bare $NONCE
finish

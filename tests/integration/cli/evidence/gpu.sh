#!/bin/sh
# Reports of NVIDIA's devices as a user verifies them: a folder with chain, manifests and OCSP responses, the
# challenge, the answer of the vendor's service. Without the genuine reports there is nothing to do.
. "$(dirname "$0")/../lib.sh"
VECTORS=${ASSAY_VECTORS_GPU:-$(cd "$(dirname "$0")/../../../.." && pwd)/../shared/vectors-gpu}
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

# --- what is missing, and what was edited
cp "$VECTORS/neg-hopper-rim-golden-edited/driver_rim.xml" gpu/
expect 11 'rim-signature' verify gpu $NONCE
mkdir bare
expect 12 'signing-key-missing' verify bare $NONCE
finish

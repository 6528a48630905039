#!/bin/sh
# Forecasts of collateral for a member with devices, from files alone: what an offer changes for the processor leaves its
# devices alone, what of each device expires first is named, and a device whose responses have expired by then fails by
# name.
. "$(dirname "$0")/../lib.sh"
MAKE=$2/make_devices
[ -x "$MAKE" ] || { echo 'make_devices is not built' >&2; exit 77; }
network 2 500 2
cd "$WORK" || exit 2
AT=$(date +%s)
CHALLENGE=$(printf '5a%.0s' $(seq 64))
day() { date -u -d "@$((AT + $1 * 86400))" +%Y-%m-%dT%H:%M:%SZ; }

# --- a member with two GPUs and a switch, in a network whose genesis has their vendor
mkdir -p vendor/chains vendor/known && "$MAKE" vendor $CHALLENGE -1 keys 0 "$AT" >vendor/made || exit 2
value() { sed -n "s/^$1: //p" vendor/made; }
sed -i "/^roots:/a\\
  - { name: gpus, key: $(value devices), kinds: [nvidia-gpu, nvidia-switch] }\\
  - { name: manifests, key: $(value manifests), kinds: [nvidia-gpu, nvidia-switch] }" policy.yaml
sed -i 's|^kinds: \[soft\]|kinds: [soft, nvidia-gpu, nvidia-switch]|' policy.yaml
printf 'gpu_count_max: 8\nswitch_count_max: 4\ndevices_packed: true\n' >>policy.yaml
sed -i 's|^collateral: \[\(.*\)\]|collateral: [\1, vendor/known]|' plan.yaml
expect 0 '2 members' "$ASSAY" genesis create plan.yaml --out genesis
step() {
    "$ASSAY" evidence compose --report-data $CHALLENGE --device vendor/gpu0.bin --device vendor/gpu1.bin \
        --device vendor/switch0.bin --collateral vendor/chains "$@"
}
data=$(step | sed -n 's/^report data to quote *//p')
"$ASSAY" soft quote node-2/platform.key --program "$BIN/assay-enclave" --report-data "$data" --out quote >/dev/null &&
    step --quote quote --out member.bin >/dev/null || exit 2

# --- an offer of the processor's vendor
offer() { # NAME OPTION...
    name=$1
    shift
    "$ASSAY" soft collateral vendor-1 --out "$name" "$@" >/dev/null &&
        "$ASSAY" collateral pack "$name" --in-force genesis --out "$name.offer" >/dev/null
}
offer newer || wrong 'no newer collateral'
offer recovery --evaluation 900 --raise 2 || wrong 'no recovery'
forecast() { # OFFER OPTION...
    of=$1
    shift
    "$ASSAY" collateral forecast --in-force genesis --offer $of.offer --evidence member.bin "$@"
}
expect 0 '0 suspended, 0 drop' forecast newer
case $out in *'gpu 1 (GH100, serial 0bb9): OCSP for GH100 A01 GSP BROM expires at '*) ;; *) wrong "no expiry: $out" ;; esac
case $out in *'switch 0 (LS10, serial 03e9): '*' expires at '*) ;; *) wrong "no expiry of the switch: $out" ;; esac
expect 0 '"expires_first": "OCSP for GH100 A01 GSP BROM"' forecast newer --json
case $out in *'"changes": true'*) wrong "no device changes: $out" ;; esac
expect 10 'drops: ' forecast recovery
case $out in *'gpu '*'(expected'*) wrong "a recovery of the processor changes a device: $out" ;; esac

# --- the day after the device's response has expired
expect 12 'gpu 1 (GH100, serial 0bb9)' forecast newer --then "$(day 11)"
for text in '  gpu 1 (GH100, serial 0bb9): collateral has expired (expected OCSP for GH100 A01 GSP BROM valid ' \
    '  switch 0 (LS10, serial 03e9): collateral has expired (expected revocation list valid ' \
    '0 suspended, 0 drop, 1 no longer appraisable'; do
    case $out in *"$text"*) ;; *) wrong "the forecast does not say \"$text\": $out" ;; esac
done
expect 12 '"rule_then": "collateral-expired"' forecast newer --then "$(day 11)" --json
case $out in *'"changes": false'* | *'"rule_now": "'*) wrong "it passes now, and none does then: $out" ;; esac
# The day before, all of it is as now.
expect 0 '0 no longer appraisable' forecast newer --then "$(day 9)"
finish

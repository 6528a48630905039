#!/bin/sh
# A processor with two GPUs and a switch as a user verifies them: the steps of compose, a verdict, one bad device that
# fails by name and recovers, devices of another challenge, devices that a policy does not accept. SOFT evidence, and
# devices of the tests' own vendor.
. "$(dirname "$0")/../lib.sh"
MAKE=$2/make_devices
[ -x "$MAKE" ] || { echo 'make_devices is not built' >&2; exit 77; }
cd "$WORK" || exit 2
AT=2027-01-15T08:00:00Z
CHALLENGE=$(printf '5a%.0s' $(seq 64))
ELSE=$(printf '5b%.0s' $(seq 64))
make() { # DIR CHALLENGE [INDEX]
    mkdir -p "$1/chains" "$1/known" && "$MAKE" "$@" >"$1/made" && cp vendor/* "$1/known/"
}
value() { sed -n "s/^$1: //p" "$2"; }
"$ASSAY" soft ca vendor --name Vendor >vendor.out || exit 2
"$ASSAY" soft node vendor one --out one.key >/dev/null || exit 2
make good $CHALLENGE && make bad $CHALLENGE 9 && make other $ELSE || exit 2

policy() { # FILE DIR LINE...
    file=$1 from=$2
    shift 2
    printf '%s\n' 'policy_version: 1' 'profile: development' "$@" 'roots:' \
        "  - { name: processors, key: $(value root_key vendor.out), kinds: [soft] }" \
        "  - { name: devices, key: $(value devices "$from/made"), kinds: [nvidia-gpu, nvidia-switch] }" \
        "  - { name: manifests, key: $(value manifests "$from/made"), kinds: [nvidia-gpu, nvidia-switch] }" >"$file"
}
policy good.yaml good 'gpu_count_min: 2' 'switch_count_max: 4' 'devices_packed: true'
policy bad.yaml bad 'gpu_count_min: 2' 'switch_count_max: 4' 'devices_packed: true'

# --- the steps
step() { "$ASSAY" evidence compose --report-data $CHALLENGE "$@"; }
expect 0 "nonce of the devices  $(value nonce good/made)" step
expect 0 "\"nonce\": \"$(value nonce good/made)\"" step --json
compose() { # DIR OUT: the reports of DIR, and a quote of them
    set -- "$1" "$2" --device "$1/switch0.bin" --device "$1/gpu0.bin" --device "$1/gpu1.bin" --collateral "$1/chains"
    from=$1 to=$2
    shift 2
    data=$(step "$@" | sed -n 's/^report data to quote *//p')
    "$ASSAY" soft quote one.key --measurement "$(printf 'ab%.0s' $(seq 32))" --report-data "$data" \
        --out "$from/quote" >/dev/null && step "$@" --quote "$from/quote" --out "$to" >/dev/null
}
compose good good.bin && compose bad bad.bin && compose other other.bin || wrong 'compose fails'

# --- the verdict
verify() { # NAME [OPTION...]
    name=$1
    shift
    "$ASSAY" evidence verify $name.bin --collateral $name/known --policy $name.yaml --at $AT \
        --report-data $CHALLENGE "$@"
}
expect 10 'device      gpu 1 (GH100, serial 0bb9): warning, driver 570.10.01' verify good
case $out in *'switch 0 (LS10, serial 03e9): warning'*) ;; *) wrong "the switch is missing: $out" ;; esac
expect 10 '"product": "GH100"' verify good --json
case $out in *'"mode": "single"'*'"expires_first": "OCSP for GH100 A01 GSP BROM"'*'"mode": null'*) ;; *) wrong "mode or expiry: $out" ;; esac
case $out in *'"expires_first": "gpu 1 (GH100, serial 0bb9): OCSP for GH100 A01 GSP BROM"'*) ;; *) wrong "of the whole: $out" ;; esac
expect 10 'switch 0 (LS10, serial 03e9): warning' "$ASSAY" evidence explain good.bin --collateral good/known \
    --policy good.yaml --at $AT
for text in 'firmware 96.00.9F.00.04, mode single' '    OCSP for GH100 A01 GSP BROM expires first, at ' \
    'first of it: gpu 1 (GH100, serial 0bb9): OCSP for GH100 A01 GSP BROM'; do
    case $out in *"$text"*) ;; *) wrong "explain does not say \"$text\": $out" ;; esac
done

# --- forecasts name the device: a manifest that is missing then, and what expires first
cp -r good/known then
for file in then/*; do grep -q 570.10.01 "$file" && rm "$file"; done
forecast() { # FOLDER OPTION...: of what is announced
    folder=$1
    shift
    "$ASSAY" tcb forecast good.bin --collateral good/known --against "$folder" --policy good.yaml --at $AT "$@"
}
expect 12 'gpu 0 (GH100, serial 07d1): ' forecast then
case $out in *'gpu 1 (GH100, serial 0bb9): OCSP for GH100 A01 GSP BROM expires at 2027-01-15T09:00:00Z'*) ;; *) wrong "no expiry: $out" ;; esac
case $out in *'switch 0 (LS10, serial 03e9): '*'(expected'*) wrong "the switch has its manifest: $out" ;; esac
expect 12 '"rule_then": "collateral-missing"' forecast then --json
expect 10 '"changes": false' forecast good/known --json
case $out in *'"changes": true'*) wrong "nothing changes: $out" ;; esac
expect 11 'gpu 1 (GH100, serial 0bb9): measurement 9 differs from the manifest' verify bad
case $out in *'gpu 0 (GH100, serial 07d1): warning'*) ;; *) wrong "the sound one is not: $out" ;; esac

expect 0 "$(value nonce good/made)" "$ASSAY" evidence decode good.bin
case $out in *'96.10.55.00.01'*) ;; *) wrong "the switch is missing: $out" ;; esac
expect 0 '"driver_version": "570.10.01"' "$ASSAY" evidence decode good.bin --json

# --- devices that answered another challenge, and a quote without those that it commits to
policy other.yaml other 'gpu_count_min: 2' 'switch_count_max: 4' 'devices_packed: true'
expect 11 'gpu 0 (GH100, serial 07d1): another nonce' verify other
# --- compose notes what no policy accepts, and goes on; of a sound set it says nothing
note() { # TEXT OPTION...
    text=$1
    shift
    expect 0 "assay: note: --device $text" step "$@"
}
note "other/gpu0.bin: answers another nonce, expected $(value nonce good/made)" --device other/gpu0.bin --collateral other/chains
note 'good/gpu0.bin: is not signed by a certificate of --collateral' --device good/gpu0.bin --collateral other/chains
note 'good/gpu0.bin: is of the same device as good/gpu0.bin' --device good/gpu0.bin --device good/gpu0.bin --collateral good/chains
expect 0 'report data to quote' step --device good/gpu0.bin --device good/gpu1.bin --device good/switch0.bin --collateral good/chains
case $out in *note:*) wrong "a note about sound devices: $out" ;; esac
cp good/quote plain.bin
mkdir -p plain
cp -r good/known plain/
policy plain.yaml good
expect 11 'challenge' verify plain
policy plain.yaml good 'gpu_count_min: 2'
expect 11 'device-count' verify plain
step --device good/gpu0.bin --collateral good/chains --quote good/quote --out unbound.bin >/dev/null || wrong 'compose fails'
cp -r plain unbound && policy unbound.yaml good 'gpu_count_min: 1' 'devices_packed: true'
expect 11 'device-binding' verify unbound
expect 11 'not commit to the reports of these devices' "$ASSAY" evidence explain unbound.bin --collateral good/known \
    --policy unbound.yaml --at $AT

# --- a policy
policy good.yaml good
expect 13 'the policy accepts none' verify good
policy good.yaml good 'gpu_count_max: 1' 'switch_count_max: 1' 'devices_packed: true'
expect 11 'device-count' verify good
policy good.yaml good 'gpu_count_max: 8' 'switch_count_max: 1' 'devices_packed: true' 'gpu_firmware_min: ["96.00.A0.00.00", "96.10.00.00.00"]'
expect 11 'gpu-firmware' verify good

# --- packed, as members pack them, or plain: one report data, so one quote, and one verdict
all() { step --device good/switch0.bin --device good/gpu0.bin --device good/gpu1.bin --collateral good/chains "$@"; }
size() { wc -c <"$1" | tr -d ' '; }
mkdir -p whole && cp -r good/known whole/
expect 0 "size of the evidence  $(size good.bin) bytes; a network carries 32768" all --quote good/quote --out whole.bin
check 'the evidence of before' cmp good.bin whole.bin
policy whole.yaml good 'gpu_count_min: 2' 'switch_count_max: 4'
expect 13 'packed ones, and the policy accepts none: see devices_packed' verify whole
expect 0 'size of the evidence  ' all --quote good/quote --plain --out whole.bin
check 'packed takes less' test "$(size good.bin)" -lt "$(size whole.bin)"
expect 10 'switch 0 (LS10, serial 03e9): warning' verify whole
all --devices-out set >/dev/null || wrong 'compose fails'
expect 0 "\"device_bytes\": $(size set)," all --json
case $out in *'"evidence_bytes": null'*'"network_bytes_max": 32768'*) ;; *) wrong "no sizes: $out" ;; esac
expect 2 '--plain: expected --quote with it' all --plain

# --- eight GPUs and four switches fit into what a network carries; what does not fit names sizes and limit
mkdir -p full/chains full/known && "$MAKE" full $CHALLENGE -1 full.keys 0 "$(date -d $AT +%s)" 8 4 >full/made &&
    cp vendor/* full/known/ || exit 2
full() { # OPTION...
    for i in 7 6 5 4 3 2 1 0; do set -- --device full/gpu$i.bin "$@"; done
    for i in 3 2 1 0; do set -- --device full/switch$i.bin "$@"; done
    step --collateral full/chains "$@"
}
data=$(full | sed -n 's/^report data to quote *//p')
"$ASSAY" soft quote one.key --measurement "$(printf 'ab%.0s' $(seq 32))" --report-data "$data" --out full/quote >/dev/null
expect 0 'evidence  full.bin' full --quote full/quote --out full.bin
check 'a network carries it' test "$(size full.bin)" -le 32768
policy full.yaml full 'gpu_count_min: 8' 'switch_count_max: 4' 'devices_packed: true'
expect 0 'gpu 7 (GH100, serial 2329): affirming' verify full
expect 0 'evidence  plain-full.bin' full --quote full/quote --plain --out plain-full.bin
check 'plain, no network does' test "$(size plain-full.bin)" -gt 32768

# Reports of 12000 random bytes, which do not pack: three are too long for what a network carries, eight for a set.
mkdir random
for i in 0 1 2 3 4 5 6 7; do
    {
        printf '\021\340\001\377' && head -c 33 /dev/zero
        printf '\021\140\000\000\001\347\056\000\001\001\343\056\000\340\056' && head -c 12000 /dev/urandom
        head -c 130 /dev/zero
    } >random/gpu$i.bin
done
random() { # COUNT OPTION...
    count=$1
    shift
    for i in $(seq 0 $((count - 1))); do set -- --device random/gpu$i.bin "$@"; done
    step --collateral good/chains "$@"
}
expect 0 'size of the devices  ' random 3
sizes=$(printf '%s\n' "$out" | sed -n 's/^size of the devices *\([0-9]*\) bytes, packed \([0-9]*\)$/\1 \2/p')
expect 2 "3 devices take ${sizes#* } bytes packed, the processor's evidence $(size good/quote); expected at most 32768 bytes together" \
    random 3 --quote good/quote --out x.bin
case $out in *'give fewer devices, or --plain'*) ;; *) wrong "no way out: $out" ;; esac
check 'nothing is written' test ! -e x.bin
expect 0 "size of the devices  ${sizes% *} bytes" random 3 --quote good/quote --plain --out plain-random.bin
expect 2 '8 reports take 97456 bytes' random 8
case $out in *'expected at most 98304 bytes together: give fewer devices'*) ;; *) wrong "no limit: $out" ;; esac

# --- devices without a processor, and reports as text
mkdir alone && cp good/known/* alone/ && for i in 4 5 6 7; do cp good/chains/$i.der alone/chain$i.der; done
alone() { "$ASSAY" evidence verify good/gpu1.bin --collateral alone --policy "$1" --at $AT; }
policy good.yaml good 'gpu_count_max: 2'
expect 10 'verdict     warning' alone good.yaml
policy good.yaml good 'gpu_count_min: 1'
expect 11 'a report of a device alone' alone good.yaml
data=$(step --device good/gpu0.bin --collateral good/chains | sed -n 's/^report data to quote *//p')
od -An -v -tx1 good/gpu0.bin | tr -d ' \n' >gpu0.hex && base64 <good/gpu0.bin >gpu0.b64
expect 0 "report data to quote  $data" step --device gpu0.hex --collateral good/chains
expect 0 "report data to quote  $data" step --device gpu0.b64 --collateral good/chains

# --- what cannot be put together
expect 2 'expected --device with them' step --quote good/quote --out x.bin
expect 2 'expected --device with them' step --devices-out x.bin
expect 2 'found one of them' step --device good/gpu0.bin --quote good/quote
expect 2 'its chain has to come along' step --device good/gpu0.bin
expect 2 'expected the report of a GPU or switch' step --device good/quote --collateral good/chains
expect 2 'takes no devices' step --device good/gpu0.bin --collateral good/chains --quote good/gpu1.bin --out x.bin
expect 5 '--collateral nodir: no such folder' step --device good/gpu0.bin --collateral nodir
expect 2 '--collateral gpu0.hex: is a file, expected a folder' step --device good/gpu0.bin --collateral gpu0.hex
expect 2 'expected 1 to 64 bytes' "$ASSAY" evidence compose --report-data xyz
finish

#!/bin/sh
# GPUs of members (docs/protocol.md 3.24): one member attests with the eight GPUs and four switches of its machine, and
# another one with two GPUs, which a program of the operator asks. A GPU or a switch that measures something else lets its member fail with a reason that names it, on every node;
# reports of another member's GPUs do not count; a GPU that answers two members of one epoch is reported by those that verified both, with
# its name and both of theirs, until it answers one alone; a program that fails leaves its member without evidence, and says why.
# What was proven is in the ledger, where an auditor verifies it again.
. "$(dirname "$0")/../lib.sh"
MAKE=$2/make_devices
[ -x "$MAKE" ] || { echo 'make_devices is not built' >&2; exit 77; }
cd "$WORK" || exit 2
network 4 8000 2 # a quote with the answers of twelve devices takes its time on a busy machine

# --- the vendor of the GPUs, and a policy that accepts its devices
AT=$(date +%s)
mkdir -p vendor/chains vendor/known keys
"$MAKE" vendor "$(printf '00%.0s' $(seq 64))" -1 keys 0 "$AT" >vendor/made || { echo 'no devices' >&2; exit 2; }
value() { sed -n "s/^$1: //p" vendor/made; }
sed -i "/^roots:/a\\
  - { name: gpus, key: $(value devices), kinds: [nvidia-gpu, nvidia-switch] }\\
  - { name: manifests, key: $(value manifests), kinds: [nvidia-gpu, nvidia-switch] }" policy.yaml
sed -i 's|^kinds: \[soft\]|kinds: [soft, nvidia-gpu, nvidia-switch]|' policy.yaml
printf 'gpu_count_max: 8\nswitch_count_max: 4\ndevices_packed: true\n' >>policy.yaml
sed -i 's|^collateral: \[\(.*\)\]|collateral: [\1, vendor/known]|' plan.yaml
expect 0 '4 members' "$ASSAY" genesis create plan.yaml --out genesis
sign alpha beta

# --- the programs: what the devices of machine NUMBER answer, or what the file "mode" says
program() { # NUMBER MACHINE GPUS SWITCHES
    given=
    i=0
    while [ $i -lt $3 ]; do given="$given --device \$from/gpu$i.bin" i=$((i + 1)); done
    i=0
    while [ $i -lt $4 ]; do given="$given --device \$from/switch$i.bin" i=$((i + 1)); done
    cat >node-$1/devices.sh <<END
#!/bin/sh
cd '$WORK/node-$1' || exit 1
read -r mode <mode
[ "\$mode" = fails ] && { echo 'the driver is gone' >&2; exit 3; }
index=-1
[ "\$mode" = bad ] && index=9
[ "\$mode" = bad-switch ] && index=switch-9
from=new
machine=$2
[ "\$mode" = cloned ] && machine=0
if [ "\$mode" = moved ]; then
    from=../node-1/last
else
    rm -rf new
    mkdir -p new/chains new/known
    '$MAKE' new "\$1" \$index ../keys \$machine $AT $3 $4 >/dev/null || exit 1
fi
rm -f set
'$ASSAY' evidence compose --report-data "\$1" $given \
    --collateral \$from/chains --devices-out set >/dev/null || exit 1
cat set
[ "\$mode" = moved ] || { rm -rf last && mv new last; }
END
    chmod 700 node-$1/devices.sh
    echo good >node-$1/mode
    sed -i "s|^  credential: platform.key|&\\n  devices: devices.sh\\n  deadline_ms: 60000|" node-$1/assayd.yaml
}
program 1 0 8 4
program 2 1 2 0
for n in 1 2 3 4; do start $n; done

# --- all is well
for n in 1 2 3 4; do check "node-$n closes epochs" until_true 120 epoch_at_least $n 3; done
expect_none() { ! grep -q "$1" "$2"; }
present() { ask "$1" explain "node-$2" --json | grep -q '"present": true'; }
of_member() { ask "$1" explain "node-$2" | grep -q "$3"; }
check 'the member with GPUs is there' until_true 120 present 3 1
check 'and the other one' until_true 120 present 4 2
check 'no quote was too long' expect_none 'event=no_quote' node-1/log

# --- collateral of the processor's vendor that waits: on the day on which it takes effect the lists about the devices have
# expired, and status names each device, with what of it expires first
"$ASSAY" soft collateral vendor-2 --out recovery --evaluation 900 --raise 2 >/dev/null &&
    "$ASSAY" collateral pack recovery --in-force genesis --out recovery.offer >/dev/null || wrong 'no recovery'
expect 0 'it ' ask 3 collateral submit recovery.offer
waits() { ask 3 collateral status --json | grep -q '"phase": "waiting"'; }
check 'a recovery waits' until_true 200 waits
ask 3 collateral status >waiting
for text in '^  node-1: .* becomes unjudged$' '^ *gpu 7 (GH100, serial .*): .* expires at 20' \
    '^ *switch 3 (LS10, serial .*): .* expires at 20' '^ *gpu 0 (GH100, serial .*): collateral has expired (expected '; do
    check "status has $text" grep -q "$text" waiting
done
without() { ! grep -q 'node-4: .*unjudged' waiting; }
check 'a member without devices is not concerned' without
ask 3 collateral status --json >waiting.json
check 'in the document as well' grep -q '"expires_first": "' waiting.json

# --- a policy that demands what no driver is: the forecast names each GPU, and no switch
sed 's/^gpu_count_max: 8/&\ngpu_driver_min: "999"/' policy.yaml >strict.yaml
expect 0 'stricter' ask 3 change draft --out strict --policy strict.yaml --activation +20
expect 11 'gpu 7 (GH100, serial ' ask 3 change simulate strict
case $out in *'node-1 '*'SUSPENDED: gpu-driver: gpu 0 (GH100, serial '*) ;; *) wrong "the reason: $out" ;; esac
case $out in *'switch 0 (LS10'*) wrong "switches have no driver: $out" ;; esac

# --- a program that fails: no evidence for the epoch, instead of evidence without its devices
echo fails >node-1/mode
check 'the reason is logged' until_true 200 grep -q 'event=no_quote.*status 3.*the driver is gone' node-1/log
echo good >node-1/mode
e=$(field 3 status epoch)
check 'it goes on' until_true 200 epoch_at_least 3 $((${e:-0} + 2))
check 'the member with GPUs is back' until_true 200 present 3 1

# --- the last GPU measures something else, then the last switch
echo bad >node-1/mode
for n in 2 3 4; do
    check "node-$n names the GPU" until_true 200 of_member $n 1 'gpu 7 (GH100, serial .*): measurement 9 differs'
done
check 'the member falls' until_true 200 of_member 3 1 '^standing  *SUSPENDED'
# Restarted, it comes back with evidence that passes alone.
echo good >node-1/mode
heals() { present 3 1 && of_member 3 1 '^outcome  *pass'; } # why it fell stays, until it is FULL again
check 'it heals' until_true 200 heals
echo bad-switch >node-1/mode
for n in 2 3 4; do
    check "node-$n names the switch" until_true 200 of_member $n 1 'switch 3 (LS10, serial .*): measurement 9 differs'
done
echo good >node-1/mode
check 'it heals again' until_true 200 heals

# --- GPUs with the keys of the first machine's, which answer the second member's challenge, too
no_warning() { ! grep -q 'event=device_shared' node-1/log node-2/log node-3/log node-4/log; }
check 'no device is in two members' no_warning
echo cloned >node-2/mode
for n in 3 4; do
    check "node-$n names the GPU and the other member" \
        until_true 200 of_member $n 2 'gpu 0 (GH100, serial .*) passed as a device of node-1, too'
    check "and of that one, too" until_true 200 of_member $n 1 'gpu 0 (GH100, serial .*) passed as a device of node-2, too'
    expect 0 '"code": "device_shared"' ask $n status --json
    check 'the event names all of it' \
        grep -q 'event=device_shared .*member=node-[12] other=node-[12] device="gpu 0 (GH100, serial' node-$n/log
done
check 'both pass: no rule of the ledger is about it' of_member 3 2 '^outcome  *pass'
unaware() { ! of_member 3 4 'passed as'; }
check 'nor does a member without GPUs have a warning' unaware
echo good >node-2/mode
for n in 3 4; do
    check "node-$n ends the warning" until_true 200 grep -q 'event=device_shared_ended' node-$n/log
done
alone() { ! of_member $1 2 'passed as a device'; }
check 'and shows it no longer' until_true 200 alone 3

# --- reports of the GPUs of another member, which answered that one's challenge
echo moved >node-2/mode
for n in 3 4; do
    check "node-$n refuses reports that moved" until_true 200 of_member $n 2 'gpu 0 (GH100, serial .*): another nonce'
done
check 'the other member falls' until_true 200 of_member 3 2 '^standing  *SUSPENDED'

# --- the others are not concerned
e=$(field 3 status epoch)
check 'epochs go on' until_true 200 epoch_at_least 3 $((${e:-0} + 2))
check 'a member without GPUs passes' of_member 3 4 '^standing  *FULL'

# --- an auditor verifies the same proofs again, from the ledger alone
for n in 1 2 3 4; do eval "kill -TERM \$pid_$n; wait \$pid_$n"; done
expect 0 'holds ' "$ASSAY" audit verify node-3/state --genesis genesis
case $out in *'evidence       0 '*) wrong "no evidence was verified again: $out" ;; esac
finish

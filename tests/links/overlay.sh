#!/bin/sh
# Neighbours alone (docs/protocol.md 4.12.1) over bad links: fifteen nodes in three regions, 80, 150 and 220 ms (there and
# back) apart, 2 % of all packets lost, each with a few neighbours in place of fourteen links. Epochs of 5 s close
# certified; then links that work in one way only, and every node ended and started again, one after the other. The
# number of members above which it is so is lowered to 8 by the test build of the daemon.
. "$(dirname "$0")/lib.sh"
ASSAYD=$CAST/assayd-byzantine
ASSAY_TEST_OVERLAY=8,4
export ASSAY_TEST_OVERLAY
[ -x "$ASSAYD" ] || { echo "$ASSAYD is missing" >&2; exit 2; }
operators='o1 o2 o3 o4 o5' vendors='1 2 3 4'
east=n1,n2,n3,n4,n5 middle=n6,n7,n8,n9,n10 west=n11,n12,n13,n14,n15
hub <<END
seed 8
$(for n in $(seq 15); do echo "host n$n"; done)
link * * delay 1 loss 2
both $east $middle delay 40 jitter 8
both $middle $west delay 75 jitter 15
both $east $west delay 110 jitter 22
END
linked 15 5000
start_all
for n in 1 8 15; do check "the network begins for node-$n" until_true 60 epoch_at_least $n 3; done

# neighbours: everybody has some, and nobody all.
neighbours() {
    for n in $(seq 15); do ask "$n" status --json | tr -d '\n '; echo; done |
        sed 's/.*"neighbours":{"used":\([a-z]*\),"chosen":\([0-9]*\),"others":\([0-9]*\),"asked":\([0-9]*\).*/\1 \2 \3 \4/' |
        awk '$1 != "true" || $2 + $3 < 2 || $2 + $3 + $4 > 9 { print; bad = 1 } { n += $2 + $3 }
            END { printf "neighbours of a node: %.1f\n", n / NR > "/dev/stderr"; exit bad || NR != 15 }'
}
first=$(field 1 status epoch)
watch 12 'three regions, 2 % loss'
check 'epochs go on' until_true 10 epoch_at_least 1 $((first + 2))
check 'everybody has a few neighbours' neighbours
for n in 1 8 15; do
    check "node-$n: nobody fell" nobody_fell $n
    check "node-$n: all are FULL" all_full $n
done
tell "finality p50 $(($(ask 1 status --json | sed -n 's/^ *"p50_us": \([0-9]*\),/\1/p') / 1000)) ms"

# What its links carry is asked of neighbours alone (docs/command-line.md 5).
doctor() {
    "$ASSAY" doctor net --socket "$WORK/node-1/admin.sock" >"$WORK/said"
    [ $? -ne 11 ] && grep -q "of the neighbours' weight" "$WORK/said" && grep -q ' far  *-' "$WORK/said"
}
check 'doctor net knows of neighbours' until_true 10 doctor
tell "$(grep carry "$WORK/said")"

# Words of one region that get lost on their way to one node: they come through others. Nobody notices.
hub_do link $east n15 cut
hub_do link n6 n1,n2,n3 cut
tell 'east > n15, n6 > n1, n2, n3: cut'
first=$(field 15 status epoch)
watch 12 'one-way cuts'
for n in 1 15; do check "node-$n goes on" until_true 15 epoch_at_least $n $((first + 3)); done
for n in 1 15; do check "node-$n: nobody fell by one-way cuts" nobody_fell $n; done
hub_do link $east n15 heal
hub_do link n6 n1,n2,n3 heal

# Every node anew, one after the other, over the same links.
tell 'rolling restart'
votes() { [ "$(field "$1" status voting)" = true ] && epoch_at_least "$1" "$2"; }
from=$(field 1 status epoch)
for n in $(seq 15); do
    other=$((n % 15 + 1))
    eval "old=\$pid_$n"
    kill -TERM "$old"
    wait "$old"
    check "node-$n ends with exit status 0" test $? -eq 0
    start "$n"
    check "node-$n votes again" until_true 30 votes "$n" "$(field $other status epoch)"
done
last=$(field 1 status epoch)
look 'all started anew'
check 'one more epoch' until_true 20 epoch_at_least 1 $((last + 1))
ask 1 export --format jsonl --since "$from" --until "$last" >"$WORK/rows"
check 'no epoch is lost' sh -c '! grep -q "\"certified\":false" "$0"' "$WORK/rows"
check 'all epochs are there' test "$(grep -c . "$WORK/rows")" -ge $(((last - from) * 15))
check 'no integrity is touched' sh -c '! grep -v -q "\"integrity_bp\":10000" "$0"' "$WORK/rows"
check 'nobody is suspended' sh -c '! grep -q "\"standing\":\"SUSPENDED\"" "$0"' "$WORK/rows"
tell "epochs $from to $last, 15 restarts; lowest availability $(sed 's/.*"availability_bp":\([0-9]*\).*/\1/' "$WORK/rows" |
    sort -n | head -1) bp"
for code in peer_banned peer_excluded; do
    check "$code is in no log" sh -c '! grep -l "$0" "$@"' $code "$WORK"/node-*/log
done
sane
over
finish

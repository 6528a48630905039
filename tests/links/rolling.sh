#!/bin/sh
# Every node of a network ends as it is asked to, one after the other, and starts again as another build: peers are
# told and say so at once, builds run mixed, no epoch is lost, nobody falls below FULL by more than an absence.
. "$(dirname "$0")/../integration/cli/lib.sh"
NEXT=$TOOLS/assayd-next
network 5 2000 2
sign alpha beta
cd "$WORK" || exit 2
now=$("$ASSAYD" --version) next=$("$NEXT" --version)
check 'two builds' test "$now" != "$next"
for n in 1 2 3 4 5; do start $n; done
for n in 1 2 3 4 5; do check "node-$n closes epochs" until_true 40 epoch_at_least $n 3; done
first=$(field 1 status epoch)
votes() { [ "$(field "$1" status voting)" = true ] && epoch_at_least "$1" "$2"; }

for n in 1 2 3 4 5; do
    other=$((n % 5 + 1))
    eval "old=\$pid_$n"
    kill -TERM "$old"
    said() { ask $other status | grep -q "^unreachable    .*node-$n (ended .* announced)"; }
    check "node-$other knows at once that node-$n ended" until_true 2 said
    wait "$old"
    check "node-$n ends with exit status 0" test $? -eq 0
    check "node-$other tells" grep -q "event=peer_stopped .*peer=node-$n" node-$other/log
    ASSAYD=$NEXT
    start $n
    check "node-$n votes again, mixed with the build before" until_true 20 votes $n "$(field $other status epoch)"
    check "node-$other closes an epoch with it" until_true 10 epoch_at_least $other $(($(field $other status epoch) + 1))
    check "node-$other receives from it again" until_true 5 sh -c '! "$@" | grep -q "^unreachable"' sh "$ASSAY" status \
        --socket node-$other/admin.sock
done
last=$(field 1 status epoch)
check 'one more epoch' until_true 20 epoch_at_least 1 $((last + 1))
for n in 1 5; do
    ask $n export --format jsonl --since "$first" --until "$last" >rows
    check "node-$n has them all" test "$(grep -c . rows)" -ge $(((last - first) * 5))
    check "node-$n: no epoch is lost" sh -c '! grep -q "\"certified\":false" rows'
    check "node-$n: no integrity is touched" sh -c '! grep -v -q "\"integrity_bp\":10000" rows'
    check "node-$n: nobody is suspended" sh -c '! grep -q "\"standing\":\"SUSPENDED\"" rows'
done
echo "epochs $first to $last: $(grep -c '"name":"node-1"' rows) certified, 5 restarts; lowest availability" \
    "$(sed 's/.*"availability_bp":\([0-9]*\).*/\1/' rows | sort -n | head -1) bp"
for n in 1 2 3 4 5; do
    case $(cat node-$n/log) in
    *event=equivocation_noticed* | *event=offence_proven* | *event=fail_proven* | *event=state_root_mismatch*)
        wrong "node-$n: $(grep -E 'equivocation|offence|fail_proven|mismatch' node-$n/log)" ;;
    esac
done
finish

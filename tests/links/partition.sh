#!/bin/sh
# Ten nodes of equal weight. 60/40: neither side has more than two thirds, so nothing is final, every score is held
# (docs/protocol.md 4.11), and both go on when it heals. 70/30: the larger side goes on, the smaller one catches up
# (5.19, 5.20). Who was
# cut off is absent (7.9), and nobody is called guilty.
. "$(dirname "$0")/lib.sh"
hub <<'END'
seed 2
host n1
host n2
host n3
host n4
host n5
host n6
host n7
host n8
host n9
host n10
link * * delay 15 jitter 3
END
linked 10 2000
start_all
check 'the network begins' until_true 40 epoch_at_least 1 3
check 'for all of them' until_true 20 epoch_at_least 10 3

hub_do both n1,n2,n3,n4,n5,n6 n7,n8,n9,n10 cut
tell '60/40: cut'
sleep 3 # what was under way
stands=$(field 1 status epoch) other=$(field 10 status epoch)
watch 7 '60/40'
check '60 %: no epoch ends' test "$(field 1 status epoch)" -le $((stands + 1))
check '40 %: no epoch ends' test "$(field 10 status epoch)" -le $((other + 1))
expect 0 'STOPPED' ask 1 status
hub_do both n1,n2,n3,n4,n5,n6 n7,n8,n9,n10 heal
tell '60/40: healed'
check '60/40: the epochs go on' until_true 30 epoch_at_least 1 $((stands + 2))
check '60/40: on the other side, too' until_true 30 epoch_at_least 10 $((stands + 2))
look healed
for n in 1 10; do check "node-$n: nobody fell by 60/40" nobody_fell $n; done

hub_do both n1,n2,n3,n4,n5,n6,n7 n8,n9,n10 cut
tell '70/30: cut'
before=$(field 1 status epoch)
sleep 2
stands=$(field 10 status epoch)
check '70 %: the epochs go on' until_true 30 epoch_at_least 1 $((before + 3))
look '70/30'
check '30 %: no epoch ends' test "$(field 10 status epoch)" -le $((stands + 1))
hub_do both n1,n2,n3,n4,n5,n6,n7 n8,n9,n10 heal
tell '70/30: healed'
reached=$(field 1 status epoch)
for n in 8 9 10; do check "node-$n catches up" until_true 30 epoch_at_least $n $((reached + 1)); done
votes() { [ "$(field "$1" status voting)" = true ]; }
for n in 8 9 10; do check "node-$n votes again" until_true 20 votes $n; done
look healed
# Three epochs away is SUSPENDED, until attested again often enough: for absence, and for it alone.
for n in 1 10; do check "node-$n: absence alone, and of those three" only_absent $n node-8 node-9 node-10; done
tell "$(ask 1 nodes | awk 'NR > 1 { printf "%s %s  ", $2, $3 }')"
sane
over
finish

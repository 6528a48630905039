#!/bin/sh
# Seven nodes in three regions, 80, 150 and 220 ms (there and back) apart, 2 % of all packets lost: epochs of 4 s
# close certified, and nobody falls (docs/protocol.md 4.1 to 4.4, 5.9: delta = T/16 = 250 ms is more than one way).
. "$(dirname "$0")/lib.sh"
hub <<'END'
seed 1
host n1
host n2
host n3
host n4
host n5
host n6
host n7
link * * delay 1 loss 2
both n1,n2,n3 n4,n5 delay 40 jitter 8
both n4,n5 n6,n7 delay 75 jitter 15
both n1,n2,n3 n6,n7 delay 110 jitter 22
END
linked 7 4000
start_all
check 'the network begins' until_true 40 epoch_at_least 1 2
first=$(field 1 status epoch)
watch "${3:-22}" 'three regions, 2 % loss'
last=$(field 1 status epoch)
check 'epochs go on' test "$last" -ge $((first + ${3:-22} / 6))
for n in 1 4 6; do
    check "node-$n: nobody fell" nobody_fell $n
    check "node-$n: all are FULL" all_full $n
done
tell "$(ask 1 status | grep finality)"
sane
over
finish

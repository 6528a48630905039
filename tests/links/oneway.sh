#!/bin/sh
# Links that work in one way only, narrow ones, packets that come twice. What n1 says to n2 gets lost: others pass it
# on (docs/protocol.md 4.1.1), and nobody falls. What n5 says gets lost wherever it goes: it is absent to everybody
# (4.3.1), and hears how the others go on; when its words arrive again it is present.
. "$(dirname "$0")/lib.sh"
hub <<'END'
seed 3
host n1
host n2
host n3
host n4
host n5
link * * delay 10 jitter 4 duplicate 1
link n3 * rate 2000
END
linked 5 2000
start_all
check 'the network begins' until_true 40 epoch_at_least 5 3

hub_do link n1 n2 cut
tell 'n1 > n2: cut'
from=$(field 1 status epoch)
watch 9 'n1 > n2 cut'
for n in 1 2; do check "node-$n goes on" until_true 12 epoch_at_least $n $((from + 4)); done
for n in 1 2 3; do check "node-$n: nobody fell" nobody_fell $n; done
check 'all are FULL' all_full 3
hub_do link n1 n2 heal

hub_do link n5 '*' cut
tell 'n5 > all: cut'
from=$(field 1 status epoch)
missed() { ask 1 status | grep -q 'unreachable    .*node-5'; }
check 'n5 is missed' until_true 20 missed
check 'the others go on' until_true 20 epoch_at_least 1 $((from + 3))
look 'n5 > all cut'
hub_do link n5 '*' heal
tell 'n5 > all: healed'
heard() { ! missed; }
check 'n5 is heard of' until_true 20 heard
reached=$(field 1 status epoch)
check 'and goes on with the others' until_true 20 epoch_at_least 5 $((reached + 1))
check 'absence alone, and of n5' only_absent 1 node-5
sane
over
finish

#!/bin/sh
# IPv4 over links that carry packets of 1280 bytes and say so to whoever sends larger ones (path MTU); then one that
# drops them without a word. Quotes of 4 KiB and proposals are larger than any packet. IPv6 has ipv6.sh.
. "$(dirname "$0")/lib.sh"
hub <<'END'
seed 9
host n1
host n2
host n3
host n4
link * * delay 20 jitter 5 mtu 1280
END
linked 4 2000
start_all
check 'the network begins' until_true 40 epoch_at_least 4 3
from=$(field 1 status epoch)
watch 6 'IPv4, path MTU 1280'
check 'epochs go on' until_true 10 epoch_at_least 4 $((from + 3))
check 'all are FULL' all_full 1
check 'nobody fell' nobody_fell 1

hub_do both n1 n4 mtu 1000 silent
tell 'n1 - n4: nothing larger than 1000 bytes, without a word'
from=$(field 1 status epoch)
watch 6 'n1 - n4 a black hole'
for n in 1 4; do check "node-$n goes on" until_true 15 epoch_at_least $n $((from + 3)); done
check 'nobody is suspended' sh -c '! grep -q "standing_changed.*SUSPENDED" "$@"' sh "$WORK"/node-*/log
hub_do both n1 n4 clear delay 20
sane
over
finish

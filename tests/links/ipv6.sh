#!/bin/sh
# IPv6 alone, over links that carry packets of 1280 bytes and say so (path MTU), then of 1300 without a word for what
# is larger; 150 ms there and back. Quotes of 4 KiB and proposals are larger than any packet.
. "$(dirname "$0")/lib.sh"
family=6
hub <<'END'
seed 4
host n1
host n2
host n3
host n4
link * * delay 75 jitter 5 mtu 1280
END
linked 4 3000
start_all
check 'the network begins' until_true 40 epoch_at_least 4 3
from=$(field 1 status epoch)
watch 9 'IPv6, path MTU 1280'
check 'epochs go on' until_true 10 epoch_at_least 4 $((from + 3))
check 'all are FULL' all_full 1
check 'nobody fell' nobody_fell 1

# One link loses what is larger without a word: TCP alone would try for ever, the others pass on what matters.
hub_do both n1 n4 mtu 1000 silent
tell 'n1 - n4: nothing larger than 1000 bytes, without a word'
from=$(field 1 status epoch)
watch 9 'n1 - n4 a black hole'
for n in 1 4; do check "node-$n goes on" until_true 15 epoch_at_least $n $((from + 3)); done
check 'nobody is suspended' sh -c '! grep -q "standing_changed.*SUSPENDED" "$@"' sh "$WORK"/node-*/log
hub_do both n1 n4 clear delay 75
sane
over
finish

#!/bin/sh
# The name service is gone under way (no name known, a server that does not answer), and one node starts just then:
# those who are connected go on, whoever starts waits, and comes in when names are back.
. "$(dirname "$0")/lib.sh"
unshare -m true 2>/dev/null || { echo 'no mount namespaces here'; exit 77; }
family=name
hub <<'END'
seed 6
host n1
host n2
host n3
host n4
link * * delay 10 jitter 2
END
names() { # names END-OF-N3
    printf '127.0.0.1 localhost\n10.77.0.1 node-1.test\n10.77.0.2 node-2.test\n10.77.0.%s node-3.test\n10.77.0.4 node-4.test\n' \
        "$1" >"$WORK/hosts"
}
names 3
echo 'nameserver 10.77.0.200' >"$WORK/resolv" # nobody: what no file knows is asked of it in vain
linked 4 2000
start_all
check 'the network begins' until_true 40 epoch_at_least 4 3

printf '127.0.0.1 localhost\n' >"$WORK/hosts"
tell 'names are gone'
kill -TERM "$pid_2"
wait "$pid_2"
start 2
from=$(field 1 status epoch)
watch 6 'no names'
for n in 1 3 4; do check "node-$n goes on without names" until_true 20 epoch_at_least $n $((from + 3)); done
names 3
tell 'names are back'
check 'who started without names comes in' until_true 60 epoch_at_least 2 $((from + 4))
votes() { [ "$(field 2 status voting)" = true ]; }
check 'and votes' until_true 30 votes
check 'absence alone, and of n2' only_absent 1 node-2
sane
over
finish

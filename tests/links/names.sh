#!/bin/sh
# Peers dialled by name. A host's address changes under way, and its name follows: it is found again, nobody starts
# anything anew.
. "$(dirname "$0")/lib.sh"
unshare -m true 2>/dev/null || { echo 'no mount namespaces here'; exit 77; }
family=name
hub <<'END'
seed 5
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

hub_do address n3 33
names 33
tell 'n3: 10.77.0.3 becomes 10.77.0.33'
from=$(field 1 status epoch)
heard() { ! ask 1 status | grep -q 'unreachable    .*node-3' && epoch_at_least 3 $((from + 5)); }
watch 6 'n3 has moved'
check 'n3 is found at its new address' until_true 40 heard
check 'and goes on with the others' until_true 20 epoch_at_least 3 $(($(field 1 status epoch) + 1))
look 'n3 found'

check 'absence alone, and of n3' only_absent 1 node-3
sane
over
finish

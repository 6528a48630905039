#!/bin/sh
# What nodes tell by HTTP, held against docs/openapi.json: a node alone, then its network.
root=$(cd "$(dirname "$0")/../../.." && pwd)
. "$root/tests/integration/cli/lib.sh"
contract() {
    /usr/bin/python3 "$root/tests/integration/http/contract.py" "$WORK/node-1/admin.http" "$root/docs/openapi.json" \
        "$root/net/http" "$1"
}
# With services: what is told of them is held as well.
services=$(printf '  groups: [{ name: state, size: 3 }]\n  shares: { clusters: 1, slots: 4 }\n  tasks: { balances: [{ account: "%064d", amount: 9223372036854775807 }] }' 7)
network 4 1000 2
sign alpha beta
start 1
check 'HTTP listens beside the admin socket' until_true 20 test -S "$WORK/node-1/admin.http"
check 'for its owner alone' test "$(stat -c %a "$WORK/node-1/admin.http")" = 600
expect 0 'checks hold' contract alone
echo "$out"
for i in 2 3 4; do start $i; done
check 'node-1 closes epochs' until_true 40 epoch_at_least 1 5
expect 0 'checks hold' contract network
echo "$out"
kill "$pid_1"
check 'node-1 ends' until_true 10 ended "$pid_1"
check 'its HTTP socket is gone' test ! -e "$WORK/node-1/admin.http"
finish

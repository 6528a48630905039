#!/bin/sh
# Requests that mean two things, and names of others: refused by a real daemon on an address of this machine.
root=$(cd "$(dirname "$0")/../../.." && pwd)
. "$root/tests/integration/cli/lib.sh"
cd "$WORK" || exit 2
network 2 1000 2
sign alpha beta
"$TOOLS/free_port" 1 >http_port
port=$(cat http_port)
sed -i "s/^  admin: admin.sock/&\n  http: 127.0.0.1:$port/" node-1/assayd.yaml
start 1
start 2
check 'HTTP answers' until_true 20 curl -s -m 5 -o answer "http://127.0.0.1:$port/livez"
check 'epochs close' until_true 40 epoch_at_least 1 2
expect 0 'checks hold' /usr/bin/python3 "$root/tests/integration/http/strict.py" "127.0.0.1:$port"
echo "$out"
finish

#!/bin/sh
# Programs of two of four nodes register a key in each epoch and withdraw others (docs/identity.md 3.4.1, 6.6): no holder's
# shares count as gone at any close, the key of another program stays active throughout, and a reserved name is refused.
root=$(cd "$(dirname "$0")/../../../.." && pwd)
. "$root/tests/integration/cli/lib.sh"
cd "$WORK" || exit 2
for program in curl openssl; do command -v $program >/dev/null || { echo "$program is not installed"; exit 77; }; done
http=$("$TOOLS/free_port" 1)
epoch_ms=2000
expect 0 'trust domain assay.test' "$ASSAY" setup local --dir net --identity --port 0 --epoch-ms $epoch_ms --http-port "$http"
[ -f net/genesis ] || finish
other=4294967294 # a user that nothing runs as
for n in 1 2 3 4; do
    printf 'http: { local_role: service }\n' >>net/node-$n/assayd.yaml
    sed -i "s/^enclave:/&\\n  key_users: [ reserved=$other ]/" net/node-$n/assayd.yaml
done
SIGNER=$(dirname "$ASSAYD")/assay-signer
for n in 1 2 3 4; do
    "$SIGNER" --config net/node-$n/signer.yaml 2>>net/node-$n/signer.log </dev/null &
    started="$started $!"
    "$ASSAYD" --config net/node-$n/assayd.yaml 2>>net/node-$n/log </dev/null &
    started="$started $!"
done
ca() { curl -s -m 5 "http://127.0.0.1:$http/v1/ca"; }
indices() { ca | sed -n 's/.*"indices":\([0-9]*\),"blocking.*/\1/p'; }
all_live() { # On a slow machine a key may be of three holders.
    t=$(indices) && [ "${t:-0}" -ge 3 ] && ca | grep -q "\"live\":$t,\"few_epochs\":0"
}
check 'holders have a key' until_true 180 all_live
count=$(indices)
get() { # get NAME MORE...
    name=$1
    shift
    "$ASSAY" identity fetch --dir "$name" --key "$name" --enclave net/node-1/service.sock --checkpoint net/node-1/checkpoint \
        --http "127.0.0.1:$http" --accept-insecure "$@"
}
expect 0 '' get api --wait 60
openssl pkey -in api/key.pem -pubout -outform DER -out api.der
expect 0 "not active 0, fewest live $count, lost 0, number 1" \
    /usr/bin/python3 "$root/tests/integration/cli/services/other_keys.py" "$ASSAY" net "127.0.0.1:$http" $epoch_ms 12 api.der
check 'keys were registered on both nodes' sh -c 'echo "$0" | grep -q "registered 1[0-2] and 1[0-2]"' "$out"
case $(get reserved --wait 0 2>&1) in *'ASSAY_E_STRANGER'*) ;; *) wrong "a reserved name: $(get reserved --wait 0 2>&1)" ;; esac
check 'the reserved name is not registered' sh -c '! "$0" -c "
import socket; s = socket.socket(socket.AF_UNIX); s.connect(\"net/node-1/service.sock\"); s.sendall(b\"key list\n\")
print(s.recv(8192).decode())" | grep -q reserved' /usr/bin/python3
finish

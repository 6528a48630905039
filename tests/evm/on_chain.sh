# tests/evm/on_chain.sh - a network of daemons, a chain of its own, the contracts on it, and an executor's files.
# Source it behind tests/integration/cli/lib.sh, with $here set to this folder.

sh "$here/run.sh" --install || exit 1
ANVIL=${ASSAY_EVM_MODULES:-$here/../../build/evm/node_modules}/@foundry-rs/anvil-linux-amd64/bin/anvil
[ -x "$ANVIL" ] || { echo "no $ANVIL" >&2; exit 1; }
cd "$WORK" || exit 2

# chain NAME FORK: a node of a chain on a port that it says itself. Sets $url.
chain() {
    name=$1
    : >"$name.log"
    HOME=$WORK "$ANVIL" --host 127.0.0.1 --port 0 --hardfork "$2" --block-time 1 >"$name.log" 2>&1 </dev/null &
    started="$started $!"
    listens() { url=$(sed -n 's/^Listening on //p' "$name.log") && [ -n "$url" ]; }
    until_true 30 listens || { echo "$name does not start: $(cat "$name.log")" >&2; exit 1; }
    url=http://$url
}
# rpc METHOD PARAMS: one question to $url; its result, or its error, on stdout.
rpc() {
    /usr/bin/python3 - "$url" "$1" "$2" <<'END'
import json, sys, urllib.request
question = {"jsonrpc": "2.0", "id": 1, "method": sys.argv[2], "params": json.loads(sys.argv[3])}
request = urllib.request.Request(sys.argv[1], json.dumps(question).encode(), {"Content-Type": "application/json"})
answer = json.load(urllib.request.urlopen(request))
print(json.dumps(answer["result"]) if "result" in answer else json.dumps(answer["error"]))
END
}
wei() { # of an account
    rpc eth_getBalance "[\"$1\", \"latest\"]" | /usr/bin/python3 -c 'import json, sys; print(int(json.load(sys.stdin), 16))'
}
member() { printf '%s\n' "$out" | sed -n "s/^ *\"$1\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" | head -1; }
# A price a step of 0.001 ether is five times the gas of a claim.
config() { # FILE KEY LINE...: anchor.yaml with these instead
    file=$1 key=$2
    shift 2
    {
        printf 'anchor_version: 1\nrpc: %s\nchain: 31337\nkey: %s\nmax_fee: 50\ntip: 1\n' "$url" "$key"
        printf 'confirmations: 6\ncontract: "%s"\ntasks: "%s"\nprice: 1000000\nmargin_s: 40\n' "$contract" "$tasks"
        for line in "$@"; do echo "$line"; done
    } >"$file"
}
none=0x0000000000000000000000000000000000000001
contract=$none tasks=$none

# --- accounts that anvil has money for: who pays, and who is paid
printf '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80\n' >payer.key
printf '0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d\n' >paid.key
chmod 600 payer.key paid.key
payee=0x70997970c51812dc3a010c7d01b50e0d17dc79c8
chain new osaka

# --- a network
expect 0 'services:' "$ASSAY" setup local --dir net --services --port 0 --epoch-ms 2000
for n in 1 2 3 4; do
    "$ASSAYD" --config net/node-$n/assayd.yaml 2>>net/node-$n/log </dev/null &
    started="$started $!"
done
closes() { e=$("$ASSAY" status --socket net/node-1/admin.sock --json | sed -n 's/^ *"epoch": \([0-9]*\),*$/\1/p' | head -1) &&
    [ "${e:-0}" -ge 4 ]; }
check 'epochs close' until_true 60 closes

# --- contracts
config evm.yaml payer.key
expect 0 '"verb": "anchor deploy"' "$ASSAY" anchor deploy --config evm.yaml --json --socket net/node-1/admin.sock \
    --confirmations 1
contract=$(member contract)
config evm.yaml payer.key
sed -i 's/^confirmations: 6/confirmations: 1/' evm.yaml
expect 0 '"verb": "task deploy"' "$ASSAY" task deploy --evm evm.yaml --json
tasks=$(member tasks)
config evm.yaml payer.key


# --- an executor's files; `executor` starts it
code=$(sha256sum "$BIN/assay-enclave" | cut -d' ' -f1 | /usr/bin/python3 -c \
    'import hashlib, sys; print(hashlib.sha256(bytes.fromhex(sys.stdin.read())).hexdigest())')
head -c 32 /dev/urandom >net/node-2/vault.key
chmod 600 net/node-2/vault.key
"$TOOLS/free_port" 1 >ports
printf 'service_version: 1\ndaemon: admin.svcs\nlisten: 127.0.0.1:%s\nstore: executor.store\nkey: vault.key\n' \
    "$(cat ports)" >net/node-2/executor.yaml
printf 'code: "%s"\nprice: 9\naccount: "%064d"\nevm: ../../paid.yaml\n' "$code" 7 >>net/node-2/executor.yaml
executor() {
    "$BIN/assay-executor" --config net/node-2/executor.yaml 2>>executor.log </dev/null &
    executor=$!
    started="$started $executor"
}

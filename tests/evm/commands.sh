#!/bin/sh
# tests/evm/commands.sh - `assay anchor` over daemons of a network with services and a real EVM (docs/services.md 8.8).
#
# usage: commands.sh BIN TOOLS (those of tests/integration/cli/lib.sh)
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../integration/cli/lib.sh"
sh "$here/run.sh" --install || exit 1
ANVIL=${ASSAY_EVM_MODULES:-$here/../../build/evm/node_modules}/@foundry-rs/anvil-linux-amd64/bin/anvil
[ -x "$ANVIL" ] || { echo "no $ANVIL" >&2; exit 1; }

network 4 2000 2
cd "$WORK" || exit 2
ask_plain() { ask 1 anchor show --rpc "$url" --contract "$contract" "$@"; }

# chain NAME FORK OPTION...: a node of a chain on a port that it says itself. Sets $url.
chain() {
    name=$1 fork=$2
    shift 2
    : >"$name.log"
    HOME=$WORK "$ANVIL" --host 127.0.0.1 --port 0 --hardfork "$fork" "$@" >"$name.log" 2>&1 </dev/null &
    started="$started $!"
    listens() { url=$(sed -n 's/^Listening on //p' "$name.log") && [ -n "$url" ]; }
    until_true 30 listens || { echo "$name does not start: $(cat "$name.log")" >&2; exit 1; }
    url=http://$url
}
# rpc METHOD PARAMS: one question to $url, its answer on stdout.
rpc() {
    /usr/bin/python3 - "$url" "$1" "$2" <<'END'
import json, sys, urllib.request
question = {"jsonrpc": "2.0", "id": 1, "method": sys.argv[2], "params": json.loads(sys.argv[3])}
request = urllib.request.Request(sys.argv[1], json.dumps(question).encode(), {"Content-Type": "application/json"})
print(json.dumps(json.load(urllib.request.urlopen(request)).get("result")))
END
}
member() { # of the data of the document in $out
    printf '%s\n' "$out" | sed -n "s/^ *\"$1\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" | head -1
}
config() { # KEY VALUE...: anchor.yaml with these instead
    {
        printf 'anchor_version: 1\nrpc: %s\nchain: 31337\nkey: payer.key\nmax_fee: 50\ntip: 1\n' "$url"
        printf 'confirmations: 2\ndaemon: node-1/admin.sock\n'
        while [ $# -gt 0 ]; do
            printf '%s: %s\n' "$1" "$2"
            shift 2
        done
    } >anchor.yaml
}

# --- the first account that anvil has money for
printf '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80\n' >payer.key
chmod 600 payer.key
chain new osaka --block-time 1
config

# --- a network with services
cat >>plan.yaml <<'END'
services:
  groups:
    - name: one
      size: 3
END
"$ASSAY" genesis create plan.yaml --out genesis >/dev/null || exit 2
sign alpha beta
for i in 1 2 3 4; do start $i; done
until_true 90 epoch_at_least 1 3 || { echo "no epoch closes: $(tail -n 5 node-1/log)" >&2; exit 1; }

# --- what is refused before anything is sent
expect 2 '--rpc is missing' "$ASSAY" anchor show --contract 0x5fbdb2315678afecb367f032d93f642f64180aa3
expect 2 '--contract is missing' "$ASSAY" anchor advance --config anchor.yaml
expect 2 '0x and 40' "$ASSAY" anchor show --config anchor.yaml --contract 5fbdb2315678afecb367f032d93f642f64180aa3
expect 2 'the tip is above' "$ASSAY" anchor deploy --config anchor.yaml --tip 51
config max_fees 5
expect 2 'anchor.yaml:9' "$ASSAY" anchor deploy --config anchor.yaml
config max_gas none
expect 2 '21000 to 30000000' "$ASSAY" anchor deploy --config anchor.yaml
config
expect 6 'a node of chain 31337, not of 1' "$ASSAY" anchor deploy --config anchor.yaml --chain 1
expect 3 'http://127.0.0.1:1' "$ASSAY" anchor deploy --config anchor.yaml --rpc http://127.0.0.1:1
chmod 640 payer.key
expect 2 'payer.key' "$ASSAY" anchor deploy --config anchor.yaml
chmod 600 payer.key
expect 5 'no contract at' "$ASSAY" anchor show --config anchor.yaml --contract 0x5fbdb2315678afecb367f032d93f642f64180aa3
contract=$(printf '0x%040d' 1) # one that is no anchor
rpc anvil_setCode "[\"$contract\", \"0x6001\"]" >/dev/null
expect 6 'not that of AssayAnchor' "$ASSAY" anchor show --config anchor.yaml --contract "$contract"
expect 7 'dear' "$ASSAY" anchor deploy --config anchor.yaml --max-fee 0.000000001 --tip 0 --wait 2

# --- deployed, shown, advanced
expect 0 '"verb": "anchor deploy"' "$ASSAY" anchor deploy --config anchor.yaml --json
contract=$(member contract)
first=$(member epoch)
config contract "$contract"
expect 0 "equal to the daemon's state of that epoch" "$ASSAY" anchor show --config anchor.yaml
expect 0 "epoch          $first," "$ASSAY" anchor show --config anchor.yaml --socket node-2/admin.sock
later() { epoch_at_least 1 $(($1 + 2)); }
check 'later epochs' until_true 60 later "$first"
expect 0 '2 of 2 deep' "$ASSAY" anchor advance --config anchor.yaml
expect 0 '"compared": "same"' "$ASSAY" anchor show --config anchor.yaml --json
second=$(member epoch)
check "epoch $second is later than $first" test "$second" -gt "$first"
check 'later epochs' until_true 60 later "$second"
expect 0 '"transactions"' "$ASSAY" anchor advance --config anchor.yaml --json --socket node-3/admin.sock
check 'it names its gas' test "$(member gas)" -gt 21000 -a "$(member gas)" -lt 103543
check 'it is as deep as was asked' test "$(member depth)" -ge 2
third=$(member epoch)
expect 0 "epoch          $third," "$ASSAY" anchor show --config anchor.yaml

# --- beside a proof, without a daemon: of that epoch, of a later one, of another network
of_epoch() { # proofs until one is of the epoch that the contract holds
    "$ASSAY" anchor advance --config anchor.yaml >/dev/null 2>&1
    ask 2 proof node-3 --bare --out bare >/dev/null && ask 2 checkpoint --out here >/dev/null &&
        "$ASSAY" anchor show --config anchor.yaml --proof bare --checkpoint here >said 2>&1
}
sed 's/confirmations: 2/confirmations: 1/' anchor.yaml >fast && mv fast anchor.yaml
check 'a proof of the epoch that the contract holds' until_true 100 of_epoch
check 'it has that anchor' grep -q "the proof's epoch has that anchor" said
check 'later epochs' until_true 60 later "$(field 1 status epoch)"
ask 2 proof node-3 --bare --out bare >/dev/null
ask 2 checkpoint --out here >/dev/null
expect 12 'the proof is of another epoch' "$ASSAY" anchor show --config anchor.yaml --proof bare --checkpoint here
expect 13 'plan.yaml' "$ASSAY" anchor show --config anchor.yaml --proof plan.yaml --checkpoint here
expect 2 'go together' "$ASSAY" anchor show --config anchor.yaml --proof bare

# --- one votes with other keys, and then another: still a way, epoch by epoch or at once
kill -KILL "$pid_4"
wait "$pid_4" 2>/dev/null
expect 0 '' "$ASSAY" keys rotate --config node-4/assayd.yaml
start 4
rekeyed() { ask 1 explain node-4 --json | grep -q '"incarnation": 2'; }
check 'a node has other keys' until_true 90 rekeyed
check 'later epochs' until_true 60 later "$(field 1 status epoch)"
expect 0 'contract ' "$ASSAY" anchor advance --config anchor.yaml
expect 0 'equal to the daemon' "$ASSAY" anchor show --config anchor.yaml

# --- whoever is there already sends nothing
until_true 30 later "$(field 1 status epoch)"
for i in 2 3 4; do eval "kill -KILL \$pid_$i; wait \$pid_$i" 2>/dev/null; done
sleep 2
expect 0 'contract ' "$ASSAY" anchor advance --config anchor.yaml
expect 0 '"transactions": []' "$ASSAY" anchor advance --config anchor.yaml --json
expect 3 'is assayd running' "$ASSAY" anchor advance --config anchor.yaml --socket none.sock

# --- another anchor of the same network that holds what nobody finalised, by a constructor's word
other=$(/usr/bin/python3 - "$here/../../contracts/contract.json" "$out" "$("$ASSAY" anchor show --config anchor.yaml --json)" <<'END'
import json, sys
code = json.load(open(sys.argv[1]))["AssayAnchor"]["bytecode"]
held = json.loads(sys.argv[3])["data"]
word = lambda n: "%064x" % n
print("0x" + code + held["chain_id"] + word(held["era"]) + word(held["epoch"]) + word(held["time_ms"]) + held["voters"] +
      "11" * 32)
END
)
sent=$(rpc eth_sendTransaction "[{\"from\": \"0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266\", \"data\": \"$other\"}]")
receipt() { rpc eth_getTransactionReceipt "[$sent]" | grep -q contractAddress; }
check 'it is there' until_true 10 receipt
forged=$(rpc eth_getTransactionReceipt "[$sent]" | sed -n 's/.*"contractAddress": "\([^"]*\)".*/\1/p')
expect 11 'differs from the daemon' "$ASSAY" anchor show --config anchor.yaml --contract "$forged"

# --- more than a day later; and a chain that cannot verify
rpc evm_increaseTime '[90000]' >/dev/null
rpc evm_mine '[]' >/dev/null
start 2
start 3
start 4
check 'it goes on' until_true 60 later "$(field 1 status epoch)"
expect 4 '"stale"' "$ASSAY" anchor advance --config anchor.yaml
chain old cancun
config contract "$contract"
expect 6 'no ECDSA over P-256' "$ASSAY" anchor deploy --config anchor.yaml

# --- a network without services has no anchors
for i in 1 2 3 4; do eval "kill -KILL \$pid_$i; wait \$pid_$i" 2>/dev/null; done
rm -rf node-* vendor-* genesis plan.yaml policy.yaml alpha.* beta.*
network 4 2000 2
sign alpha beta
for i in 1 2 3 4; do start $i; done
check 'epochs close' until_true 60 epoch_at_least 1 1
chain third osaka --block-time 1
config
expect 5 'has no services' "$ASSAY" anchor deploy --config anchor.yaml
finish

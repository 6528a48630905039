#!/bin/sh
# The command line over HTTPS: three nodes, three roles, every command that reads, and what must not be trusted.
root=$(cd "$(dirname "$0")/../../.." && pwd)
. "$root/tests/integration/cli/lib.sh"
. "$root/tests/integration/http/authority.sh"
cd "$WORK" || exit 2
export XDG_CONFIG_HOME="$WORK/xdg"
unset ASSAY_CONTEXT ASSAY_SOCKET
services=$(printf '  groups: [{ name: state, size: 3 }]\n  tasks: { balances: [{ account: "%064d", amount: 1000 }] }' 7)
network 3 1000 2
sign alpha beta
"$TOOLS/free_port" 4 >http_ports
port() { sed -n "${1}p" http_ports; }
authority site
authority other
certificate server site serverAuth /CN=server
certificate named site serverAuth /CN=server
certificate viewer site clientAuth /O=Example/CN=vic
certificate auditor site clientAuth /O=Example/OU=Audit/CN=ann
certificate operator site clientAuth /O=Example/CN=olga
certificate twofold site clientAuth /O=Example/OU=Guests/OU=Audit/CN=eve
certificate stranger other clientAuth /O=Example/OU=Audit/CN=ann
# Of the right authority, for another host.
printf 'subjectAltName=DNS:elsewhere.example\nextendedKeyUsage=serverAuth\n' >named.ext
openssl x509 -req -in named.csr -CA site.pem -CAkey site.key -days 2 -extfile named.ext -out named.pem 2>/dev/null
pin=$(openssl x509 -in operator.pem -pubkey -noout | openssl pkey -pubin -outform DER | sha256sum | cut -d' ' -f1)

for i in 1 2 3; do
    sed -i "s/^  admin: admin.sock/&\n  http: 127.0.0.1:$(port $i)/" node-$i/assayd.yaml
    cat >>node-$i/assayd.yaml <<END
http:
  certificate: ../server.pem
  key: ../server.key
  clients: ../site.pem
  roles:
    - { certificate: "$pin", role: operator }
    - { certificate: "O=Example,OU=Audit", role: auditor }
END
done
sed 's/role: auditor/role: root/' node-1/assayd.yaml >node-1/bad.yaml
expect 2 'expected viewer, service, auditor or operator, found "root"' "$ASSAYD" --config node-1/bad.yaml --check-config
sed 's/O=Example,OU=Audit/OU=/' node-1/assayd.yaml >node-1/bad.yaml
expect 2 'http.roles[1]: expected 64 hexadecimal digits' "$ASSAYD" --config node-1/bad.yaml --check-config
sed '/^  certificate:/d; /^  key: .*server/d; /^  clients:/d' node-1/assayd.yaml >node-1/bad.yaml
expect 2 'roles are of client certificates' "$ASSAYD" --config node-1/bad.yaml --check-config
for i in 1 2 3; do start $i; done
check 'node-1 closes epochs' until_true 60 epoch_at_least 1 4
chain=$(field 1 status chain_id)

# --- contexts
add() { # NAME CERTIFICATE ENDPOINT... : of the network's chain
    name=$1 who=$2
    shift 2
    urls=
    for url in "$@"; do urls="$urls --endpoint $url"; done
    # shellcheck disable=SC2086
    "$ASSAY" context add "$name" $urls --ca "${ca:-site.pem}" --certificate "$who.pem" --key "$who.key" \
        --chain-id "${pinned:-$chain}"
}
one=https://127.0.0.1:$(port 1) two=https://127.0.0.1:$(port 2) three=https://127.0.0.1:$(port 3)
dead=https://127.0.0.1:$(port 4)
for who in viewer auditor operator; do expect 0 'added' add $who $who "$one" "$two" "$three"; done
expect 6 'is there already' add viewer viewer "$one"
expect 2 'https://HOST:PORT' add plain viewer http://127.0.0.1:1
expect 2 '"local"' add local viewer "$one"
expect 5 'no such file' add gone nobody "$one"
chmod 644 stranger.key
expect 2 'stranger.key' add loose stranger "$one"
chmod 600 stranger.key
check 'contexts are of their user alone' test "$(stat -c %a xdg/assay/contexts.yaml)" = 600
# The role is that of the client that asks, not of the one before it.
for who in viewer auditor operator viewer; do
    expect 0 "ok, node node-2, role $who" "$ASSAY" context test $who
done
expect 0 '"role": "auditor"' "$ASSAY" context test auditor --json
expect 0 "$one" "$ASSAY" context list
chmod 666 xdg/assay/contexts.yaml
expect 2 'contexts.yaml' "$ASSAY" --context viewer status
chmod 600 xdg/assay/contexts.yaml

# --- every command that reads, by every role, next to what the admin socket says
expect 0 'checks hold' /usr/bin/python3 "$root/tests/integration/http/remote.py" "$ASSAY" "$WORK/node-1/admin.sock"
echo "$out"

# --- what is chosen how
expect 0 'node-1' env ASSAY_CONTEXT=viewer "$ASSAY" nodes
expect 5 'no context is named "x"' env ASSAY_CONTEXT=x "$ASSAY" nodes
expect 0 '' "$ASSAY" context use auditor
expect 0 'epoch' "$ASSAY" export --since 1 --until 1
expect 2 'acts on the machine of the daemon' "$ASSAY" permit --class critical
expect 0 'node-1' "$ASSAY" status --socket node-1/admin.sock
expect 0 '' "$ASSAY" context use local
expect 3 'admin.sock' "$ASSAY" status
expect 2 'exclude each other' "$ASSAY" --context viewer status --socket node-1/admin.sock
expect 2 'acts on the machine of the daemon' "$ASSAY" --context operator enforce hold --reason test
expect 2 'works without a daemon' "$ASSAY" --context viewer policy lint policy.yaml
expect 2 'wants the name of a context' "$ASSAY" --context

# --- what must not be trusted
pinned=$(printf '%064d' 1) add pinned viewer "$one" "$two" >/dev/null
expect 3 "a node of another network: chain $chain, expected the chain $(printf '%064d' 1)" \
    "$ASSAY" --context pinned status
expect 3 'pinned           OTHER CHAIN ' "$ASSAY" fleet --context pinned
case $out in *trying*) wrong "an endpoint of another chain is passed over: $out" ;; esac
ca=other.pem add wrongca viewer "$one" >/dev/null
expect 3 'expected a certificate of this name under the authorities of' "$ASSAY" --context wrongca status
add stranger stranger "$one" >/dev/null
"$ASSAY" --context stranger status >said 2>&1
check "a certificate of another authority is not answered: $(cat said)" test $? -ne 0
expect 0 '' "$ASSAY" context remove stranger
expect 5 'no context is named' "$ASSAY" context remove stranger
case $out in *'assay: assay'*) wrong "a doubled prefix: $out" ;; esac
expect 5 'no context is named "stranger"' "$ASSAY" --context stranger status
expect 5 'no context is named "stranger"' "$ASSAY" fleet --context stranger
# The second unit of a subject gives no role.
add twofold twofold "$one" >/dev/null
expect 2 'needs the role auditor, this client has the role viewer' "$ASSAY" --context twofold export --since 1 --until 1

# --- objects: an operator's alone, and the node's own checks
printf 'no change' >odd.bin
by() { curl -sS -m 10 --cacert site.pem --cert "$1.pem" --key "$1.key" --data-binary @odd.bin -H 'Content-Type: application/octet-stream' "$one/v1/submit?kind=change"; }
expect 0 '"role_required"' by auditor
expect 0 '"code":"conflict"' by operator
"$ASSAY" change draft --parameter epoch_ms=2000 --socket node-1/admin.sock --out change >draft.said 2>&1 || wrong "no draft: $(cat draft.said)"
for o in alpha beta; do "$ASSAY" change sign change --key $o.key >/dev/null 2>&1 || wrong "$o does not sign"; done
expect 2 'needs the role operator' "$ASSAY" --context auditor change submit change
expect 0 '' "$ASSAY" --context operator change submit change
expect 0 'epoch_ms' "$ASSAY" --context auditor change list

# --- fail-over, and several networks
add spare viewer "$dead" "$two" >/dev/null
expect 0 "trying $two" "$ASSAY" --context spare status
expect 8 "ok, node node-2" "$ASSAY" context test spare
add off viewer "$dead" >/dev/null
expect 3 "$dead" "$ASSAY" --context off status
expect 8 'UNREACHABLE' "$ASSAY" fleet --context viewer --context off
expect 0 '3 full' "$ASSAY" fleet --context viewer --context spare
expect 2 'exclude each other' "$ASSAY" fleet --all --context viewer

# --- a server of the right authority whose certificate is for another host
kill "$pid_3"
wait "$pid_3"
sed -i 's/server\.pem/named.pem/; s/server\.key/named.key/' node-3/assayd.yaml
start 3
add third viewer "$three" >/dev/null
check 'node-3 listens again' until_true 30 sh -c "curl -sk -m 5 --cert viewer.pem --key viewer.key $three/livez"
expect 3 'expected a certificate of this name under the authorities of' "$ASSAY" --context third status
finish

#!/bin/sh
# The network as a certificate authority (docs/identity.md): four nodes that `assay setup local --identity` made, with
# their enclaves and holders (assay-signer), make a group key; a program registers a key, and the holders certify it.
# Operators grant names of services by reference values, which certificates and answers have.
# OpenSSL verifies both certificates. One holder is killed, one restarts, an enclave restarts.
root=$(cd "$(dirname "$0")/../../../.." && pwd)
. "$root/tests/integration/cli/lib.sh"
cd "$WORK" || exit 2
http=$("$TOOLS/free_port" 1)
expect 0 'trust domain assay.test' "$ASSAY" setup local --dir net --identity --port 0 --epoch-ms 1500 --http-port "$http"
fetch() { curl -s -m 5 "http://127.0.0.1:$http/$1"; }
[ -f net/genesis ] || finish
sed -i "s/^  http: .*/  http: http.sock/" net/node-3/assayd.yaml
SIGNER=$(dirname "$ASSAYD")/assay-signer
# A configuration that is not fit: the file that is missing, or what it is instead.
expect 0 'fit to run' "$SIGNER" --config net/node-1/signer.yaml --check-config
head -c 31 /dev/urandom >net/node-1/short && chmod 600 net/node-1/short
wrong_signer() { # wrong_signer EDIT TEXT
    sed "$1" net/node-1/signer.yaml >net/node-1/wrong.yaml
    expect 2 "$2" "$SIGNER" --config net/node-1/wrong.yaml --check-config
}
wrong_signer 's/^key:.*/key: none/' 'none: no such file: restore that of the store'
wrong_signer 's/^key:.*/key: short/' 'found 31 bytes, expected 32'
wrong_signer 's/^checkpoint:.*/checkpoint: signer.yaml/' 'signer.yaml: expected a checkpoint'
rm net/node-1/short net/node-1/wrong.yaml
node() { # node NUMBER WORDS...
    number=$1
    shift
    "$ASSAY" "$@" --socket net/node-$number/admin.sock
}
begin() { # begin NUMBER
    "$ASSAYD" --config net/node-$1/assayd.yaml 2>>net/node-$1/log </dev/null &
    started="$started $!"
    eval "daemon_$1=$!"
}
begin_signer() { # begin_signer NUMBER
    "$SIGNER" --config net/node-$1/signer.yaml 2>>net/node-$1/signer.log </dev/null &
    started="$started $!"
    eval "signer_$1=$!"
}

# --- what is wrong is said before anything runs
expect 0 '' "$SIGNER" --config net/node-1/signer.yaml --check-config
sed 's/^checkpoint: .*/checkpoint: genesis.none/' net/node-1/signer.yaml >net/node-1/wrong.yaml
expect 2 'genesis.none: no such file: assay checkpoint --out writes it' "$SIGNER" --config net/node-1/wrong.yaml --check-config
sed '/^enclave:/d' net/node-1/signer.yaml >net/node-1/wrong.yaml
expect 2 'enclave: is missing' "$SIGNER" --config net/node-1/wrong.yaml --check-config
(cat net/node-1/signer.yaml && echo 'shares_at_rest: paper') >net/node-1/wrong.yaml
expect 2 'expected disk or memory' "$SIGNER" --config net/node-1/wrong.yaml --check-config

# --- a key that no holder has
# A holder whose member has no active keys eight epochs after the others (12 s here) has a share at the next reshare, after
# a day (docs/identity.md 3.4). On a machine with other work that happens: then the network is made once more.
said() { grep -q "$2" net/node-$1/signer.log; } # NODE WORDS
all_begin() {
    for n in 1 2 3 4; do begin $n; done
    for n in 1 2 3 4; do begin_signer $n; done
    for n in 1 2 3 4; do until_true 60 said $n 'its key is registered\|its key is active' || return 1; done
    for n in 1 2 3 4; do until_true 90 said $n 'signs for generation 1' || return 1; done
}
all_again() {
    stop_started
    rm -rf net
    "$ASSAY" setup local --dir net --identity --port 0 --epoch-ms 1500 --http-port "$http" >/dev/null &&
        sed -i "s/^  http: .*/  http: http.sock/" net/node-3/assayd.yaml && all_begin
}
check 'each holder has its key registered and a share of generation 1' eval 'all_begin || all_again || all_again'
has_certificate() { test -f net/node-$1/signer/ca-1.pem; }
for n in 1 2 3 4; do check "holder $n has the certificate of the key" until_true 60 has_certificate $n; done
for n in 2 3 4; do check "it is that of holder 1" cmp net/node-1/signer/ca-1.pem net/node-$n/signer/ca-1.pem; done
check 'OpenSSL verifies it' openssl verify -x509_strict -CAfile net/node-1/signer/ca-1.pem net/node-2/signer/ca-1.pem
check 'it says INSECURE, as the policy does' sh -c 'openssl x509 -in net/node-1/signer/ca-1.pem -noout -subject | grep -q INSECURE'

# --- what relying parties read of a node
has() { fetch "$1" | grep -q "$2"; } # PATH PATTERN
check 'the node names key and holders' has v1/ca '"ca_number":1,.*"state":"active",.*"holders":\[{'
check 'its bundle has the certificate' until_true 30 has v1/bundle '"use":"x509-svid"'
fetch v1/bundle >bundle.json
python3 -c '
import base64, json, sys
for key in json.load(open("bundle.json"))["keys"]: sys.stdout.buffer.write(base64.b64decode(key["x5c"][0]))' >bundle.der
check 'which is that of the holders' sh -c 'openssl x509 -inform DER -in bundle.der | cmp - net/node-1/signer/ca-1.pem'
check 'keys of tokens are published' has .well-known/jwks.json '"alg":"EdDSA"'
check 'under another key than certificates' sh -c '! grep -q "$0" bundle.json' "$(fetch .well-known/jwks.json | sed 's/.*"x":"\([^"]*\)".*/\1/')"
check 'and where they are' has .well-known/openid-configuration '"jwks_uri":"https://id.assay.test/.well-known/jwks.json"'

# --- the same for operators, and proven by a relying party that has the genesis and trusts no node
expect 0 'active: 4 of 4 indices live, 3 sign together' node 1 ca show
expect 0 'holder         node-2: 1 index from' "$ASSAY" ca show --http "127.0.0.1:$http"
expect 0 'active: 4 of 4 indices live, 3 sign together, generation 1, certificate until 20' node 1 ca status
expect 0 'without it nothing is signed' node 1 ca show
bundle() { "$ASSAY" ca bundle --http "127.0.0.1:$http" "$@"; }
expect 0 'from the checkpoint: key of epoch' bundle --checkpoint net/genesis --out proven.pem --next proven.checkpoint
check 'which is the certificate of the holders' cmp proven.pem net/node-1/signer/ca-1.pem
expect 0 '"proven": true' bundle --checkpoint proven.checkpoint --format spiffe --out proven.json --json
check 'and the bundle of the node' cmp proven.json bundle.json
fetch .well-known/jwks.json >jwks.json
expect 0 'keys of tokens of assay.test, INSECURE' bundle --checkpoint proven.checkpoint --format jwks --out proven.jwks
check 'and its key set' cmp proven.jwks jwks.json
expect 0 'by the node; --checkpoint verifies' bundle --out shown.pem
check 'which is the same here' cmp shown.pem proven.pem
curl -s -m 5 -H 'Accept: application/vnd.assay.ca-proof+cbor' "http://127.0.0.1:$http/v1/ca/proof" >ca.proof
expect 0 'from the checkpoint' "$ASSAY" ca bundle --checkpoint proven.checkpoint --proof ca.proof --out proven2.pem
check 'of a file, too' cmp proven2.pem proven.pem
/usr/bin/python3 - <<'PYTHON'
proof = open("ca.proof", "rb").read()
key = proof.index(b"\x71assay/identity/v1") + 18 + 1 + 2  # behind the CA number and the head of 32 bytes
open("other.proof", "wb").write(proof[:key + 5] + bytes([proof[key + 5] ^ 1]) + proof[key + 6:])
open("cut.proof", "wb").write(proof[:-1])
PYTHON
expect 4 'not the one whose digest the proven state has' "$ASSAY" ca bundle --checkpoint proven.checkpoint --proof other.proof --out none.pem
expect 13 'cannot be read' "$ASSAY" ca bundle --checkpoint proven.checkpoint --proof cut.proof --out none.pem
# A node leaves the certificate of the number that signs out: what that signs would be refused.
python3 - <<'END'
import subprocess
proof = open("ca.proof", "rb").read()
der = subprocess.run(["openssl", "x509", "-in", "proven2.pem", "-outform", "DER"], check=True, capture_output=True).stdout
shown = b"\x81\x59" + len(der).to_bytes(2, "big") + der
assert proof.endswith(shown) or proof.count(shown) == 1
open("without.proof", "wb").write(proof.replace(shown, b"\x80"))
END
expect 5 'lacks a certificate in date of CA number 1, which is active' "$ASSAY" ca bundle --checkpoint proven.checkpoint \
    --proof without.proof --out none.pem
check 'nothing is written' test ! -e none.pem
expect 4 'not trusted' "$ASSAY" ca bundle --checkpoint proven.checkpoint --proof ca.proof --max-age 1s --at 2030-01-01T00:00:00Z --out none.pem
expect 2 'need --checkpoint' "$ASSAY" ca bundle --proof ca.proof --out none.pem
check 'nothing of these is written' test ! -e none.pem

# --- a workload's key, with three holders of four
kill -KILL "$signer_4"
wait "$signer_4" 2>/dev/null
is_missed() { node 4 ca status | grep -q "^this node's assay-signer is not connected: its 1 index signs nothing"; }
check 'its node reports that' until_true 20 is_missed
expect 10 'is not connected' node 4 ca status
expect 0 'active: 4 of 4 indices live' node 1 ca status
check 'a program registers a key' until_true 30 "$TOOLS/register_key" net/node-1/service.sock api 1
certified() { openssl verify -x509_strict -CAfile net/node-1/signer/ca-1.pem net/node-$1/signer/key-$2.pem; } # NODE NAME
check 'it is certified, without the one that was killed' until_true 60 certified 1 api
check 'with the name of its member alone' \
    sh -c 'openssl x509 -in net/node-1/signer/key-api.pem -noout -ext subjectAltName | grep -q "spiffe://assay.test/node/[a-z2-7]*/api"'

# --- names that operators grant by reference values: `shop` by that of the enclaves here, `web` by another one
value=$(sed -n 's/.*field: mrenclave, .*value: "\([0-9a-f]*\)".*/\1/p' net/policy.yaml)
validity=$(sed -n 's/.*validity: \([0-9]*\).*/\1/p' net/plan.yaml)
cat >names.yaml <<END
plan_version: 1
services:
  identity:
    trust_domain: assay.test
    issuer: https://id.assay.test
    validity: $validity
    insecure: yes
    names:
      - { name: shop, min_standing: full, references: [{ field: mrenclave, value: $value }] }
      - { name: web, references: [{ field: mrenclave, value: $(echo "$value" | tr 0-9a-f 1-9a-f0) }] }
END
expect 0 'name' node 1 change draft --out names --services names.yaml --activation +6
for o in alpha beta gamma delta; do [ ! -f net/$o.key ] || expect 0 '' "$ASSAY" change sign names --key net/$o.key; done
expect 0 '' node 1 change submit names
granting() { grep -q 'event=change_active' net/node-$1/log; }
for n in 1 2 3 4; do check "node-$n has the names" until_true 60 granting $n; done

# --- files of `assay identity fetch`: of its own node over HTTP, of another one, and none of one without a holder
of_status() { node "$1" status --json | sed -n "s/^ *\"$2\": \"\([0-9a-f]*\)\".*/\1/p" | head -1; } # NODE MEMBER
chain=$(of_status 1 chain_id) member=$(of_status 3 node_id)
keep() { # keep DIR WORDS...
    dir=$1
    shift
    "$ASSAY" identity fetch --dir "$dir" --key shop --ca net/node-1/signer/ca-1.pem --chain-id "$chain" "$@"
}
from_3="--enclave net/node-3/service.sock --http net/node-3/http.sock"
expect 0 'spiffe://assay.test/svc/shop' keep tls $from_3 --accept-insecure --wait 120 --hook 'echo >>hooked'
check 'OpenSSL verifies it' openssl verify -x509_strict -CAfile tls/current/ca.pem tls/current/cert.pem
openssl pkey -in tls/current/key.pem -pubout -out shop.pub
check 'the service is its common name' sh -c 'openssl x509 -in tls/current/cert.pem -noout -subject | grep -q "CN *= *shop$"'
check 'and has a name in the domain' sh -c 'openssl x509 -in tls/current/cert.pem -noout -ext subjectAltName | grep -q "DNS:shop.assay.test,"'
check 'it is of the key in the folder' sh -c 'openssl x509 -in tls/current/cert.pem -noout -pubkey | cmp - shop.pub'
check 'the hook was executed' test -f hooked
spiffe() { /usr/bin/python3 -B "$root/tests/integration/identity/spiffe.py" check "$@"; }
expect 0 '1 certificates of the bundle, 2 SVIDs, 0 faults' spiffe bundle.json tls/current/cert.pem net/node-1/signer/key-api.pem
fetch v1/bundle >bundle-2.json
expect 0 ' 0 faults' spiffe bundle-2.json --before bundle.json
expect 11 '--accept-insecure' keep tls $from_3
expect 0 'spiffe://assay.test/svc/shop' keep other --member "$member" --private-key tls/key.pem --socket net/node-1/admin.sock --accept-insecure
check 'of a node of another member' openssl verify -x509_strict -CAfile other/current/ca.pem other/current/cert.pem
spki=$(openssl pkey -in tls/current/key.pem -pubout -outform DER | sha256sum | cut -c 1-64)
authorized() { curl -s -m 5 --unix-socket net/node-3/http.sock -o authorized -w '%{http_code}' "http://localhost/v1/authorize?spki=$spki&service=$1"; }
expect 0 200 authorized shop
expect 0 403 authorized web
check 'it is of no other service' grep -q '"reason":"other_service"' authorized
expect 0 'granted by operators' node 1 keys list node-3
expect 7 'ca_none' keep none --member "$member" --private-key tls/key.pem --socket net/node-4/admin.sock --wait 0

# --- the same without a file of CA certificates: proven from the genesis
prove() { # prove DIR WORDS...
    dir=$1
    shift
    "$ASSAY" identity fetch --dir "$dir" --key shop --member "$member" --private-key tls/key.pem --accept-insecure "$@"
}
expect 0 'now in proven/current' prove proven --checkpoint net/genesis --http net/node-3/http.sock
check 'the CA certificate is that of the holders' cmp proven/current/ca.pem net/node-1/signer/ca-1.pem
check 'OpenSSL verifies the certificate' openssl verify -x509_strict -CAfile proven/current/ca.pem proven/current/cert.pem
check 'the SPIFFE bundle is there' grep -q '"use":"x509-svid"' proven/current/bundle.json
expect 0 "chain_id       $chain" "$ASSAY" checkpoint --file proven/checkpoint
before=$(cat proven/checkpoint | sha256sum)
expect 0 'in proven/current' prove proven --checkpoint net/genesis --socket net/node-1/admin.sock
newer() { prove proven --checkpoint net/genesis --http net/node-3/http.sock >/dev/null && [ "$before" != "$(cat proven/checkpoint | sha256sum)" ]; }
check 'and the newest checkpoint next to it' until_true 30 newer
/usr/bin/python3 -c '
checkpoint = open("proven/checkpoint", "rb").read()
chain = checkpoint.index(b"assay/checkpoint/v1") + 19 + 2
open("other.checkpoint", "wb").write(checkpoint[:chain] + bytes([checkpoint[chain] ^ 1]) + checkpoint[chain + 1:])'
expect 4 'of another chain than the checkpoint' prove none2 --checkpoint other.checkpoint --http net/node-3/http.sock
check 'without which nothing is written' test ! -e none2/current

# --- a token, on the socket of the member's own node
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out jobs.key
register_jobs() { /usr/bin/python3 "$root/tests/integration/http/workload_key.py" net/node-3/service.sock jobs.key jobs a.example; }
check 'a key for tokens is registered' until_true 30 register_jobs
token() { curl -s -m 5 --unix-socket net/node-3/http.sock -o token -w '%{http_code}' "http://localhost/v1/nodes/$1/token?key=jobs&aud=$2"; }
issued() { [ "$(token node-3 a.example)" = 200 ]; }
check 'a token is issued' until_true 90 issued
fetch .well-known/jwks.json >jwks.json
check 'it verifies under a published key' /usr/bin/python3 -c '
import base64, json, subprocess
def bytes_of(text): return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
head, body, signature = open("token").read().split(".")
kid = json.loads(bytes_of(head))["kid"]
key = next(bytes_of(k["x"]) for k in json.load(open("jwks.json"))["keys"] if k["kid"] == kid)
open("token.der", "wb").write(bytes.fromhex("302a300506032b6570032100") + key)
open("token.text", "w").write(head + "." + body)
open("token.sig", "wb").write(bytes_of(signature))
subprocess.run("openssl pkeyutl -verify -pubin -keyform DER -inkey token.der -rawin -in token.text -sigfile token.sig", shell=True, check=True)
assert json.loads(bytes_of(body))["aud"] == "a.example"'
if /usr/bin/python3 -c 'import jwt' 2>/dev/null; then
    by_pyjwt() { /usr/bin/python3 -B "$root/examples/verify_token.py" "http://127.0.0.1:$http/.well-known/jwks.json" "$@" <token; }
    expect 0 '"sub": "spiffe://assay.test/node/' by_pyjwt https://id.assay.test a.example
    expect 1 'Invalid audience' by_pyjwt https://id.assay.test b.example
    expect 1 'Invalid issuer' by_pyjwt https://id.assay.example a.example
else
    echo 'not installed: python3-jwt'
fi
if command -v go >/dev/null 2>&1; then
    check 'examples/verify_token.go builds' env CGO_ENABLED=0 GO111MODULE=off GOCACHE="${GOCACHE:-${BIN%/bin}/identity_go/cache}" \
        go build -o verify_token "$root/examples/verify_token.go"
    by_go() { ./verify_token "http://127.0.0.1:$http/.well-known/jwks.json" "$@" <token; }
    expect 0 'valid: spiffe://assay.test/node/' by_go https://id.assay.test a.example
    expect 1 'the audience is' by_go https://id.assay.test b.example
else
    echo 'not installed: go'
fi
expect 0 403 token node-3 b.example
check 'for no other audience' grep -q '"code":"audience"' token
expect 0 403 token node-1 a.example
check 'and for no other member' grep -q '"code":"other_member"' token

# --- a bridge signs both again with ECDSA, proven from the genesis over a node, or from files
expect 0 'CA "Bridge"' "$ASSAY" bridge init --dir bridge --name Bridge --checkpoint net/genesis --issuer https://bridge.example
renewed() { prove proven --checkpoint net/genesis --http net/node-3/http.sock >/dev/null && cp proven/current/cert.pem fresh.pem; }
check 'a certificate is fetched' until_true 30 renewed
bridge() { "$ASSAY" bridge certificate fresh.pem --dir bridge --out bridged.pem "$@"; }
at_node="--checkpoint net/genesis --http 127.0.0.1:$http"
expect 11 '--accept-insecure' bridge $at_node
check 'what is INSECURE is not signed unasked' test ! -e bridged.pem
expect 0 ', proven' bridge $at_node --accept-insecure --service shop --standing full
check 'OpenSSL verifies what the bridge signed' openssl verify -x509_strict -CAfile bridge/ca.pem bridged.pem
check 'of the key in the folder' sh -c 'openssl x509 -in bridged.pem -noout -pubkey | cmp - shop.pub'
check 'which says INSECURE, too' sh -c 'openssl x509 -in bridged.pem -noout -subject | grep -q "OU *= *INSECURE"'
expect 0 'from the checkpoint' bundle --checkpoint net/genesis --out fresh.ca --next fresh.checkpoint
curl -s -m 5 -H 'Accept: application/vnd.assay.ca-proof+cbor' "http://127.0.0.1:$http/v1/ca/proof" >fresh.proof
for n in 1 3; do expect 0 '' node 1 proof node-$n --out standing-$n.proof; done
in_files="--checkpoint fresh.checkpoint --proof fresh.proof --accept-insecure"
expect 0 ', proven' bridge $in_files --standing-proof standing-3.proof
expect 0 'which the source names' bridge $in_files
rm bridged.pem
expect 11 'of another member' bridge $in_files --standing-proof standing-1.proof
expect 4 'another network' bridge --checkpoint other.checkpoint --proof fresh.proof --accept-insecure
expect 4 'not trusted' bridge $in_files --max-age 1s --at 2030-01-01T00:00:00Z
expect 4 'not the one whose digest' bridge --checkpoint proven.checkpoint --proof other.proof --accept-insecure
check 'nothing of these is written' test ! -e bridged.pem
bridge_token() { "$ASSAY" bridge token token.jwt --dir bridge --out bridged.jwt --accept-insecure "$@"; }
check 'a token is issued' until_true 30 issued
cp token token.jwt
expect 0 ', ES256 by https://bridge.example' bridge_token --audience a.example $at_node
expect 11 'other-audience' bridge_token --audience b.example $at_node
expect 0 '1 key of tokens' "$ASSAY" bridge jwks --dir bridge --out bridge.jwks
bridge_ear() { "$ASSAY" bridge ear standing-3.proof --dir bridge --checkpoint fresh.checkpoint --out ear.jwt "$@"; }
expect 11 '--accept-insecure' bridge_ear --policy net/genesis
expect 11 '--policy FILE' bridge_ear
check 'nothing is signed of an unknown profile' test ! -e ear.jwt
expect 0 ', FULL, ES256 by https://bridge.example' bridge_ear --policy net/genesis --accept-insecure
/usr/bin/python3 -c '
import json
print(json.dumps(json.load(open("bridge.jwks"))["keys"][0]))' >bridge.jwk
expect 0 'affirming' "$ASSAY" ear verify ear.jwt --key bridge.jwk --node "$member"
lifetime_is() { # lifetime_is SECONDS: of ear.jwt, from now on
    /usr/bin/python3 -c '
import base64, json, sys, time
part = open("ear.jwt").read().split(".")[1]
left = json.loads(base64.urlsafe_b64decode(part + "=="))["exp"] - time.time()
sys.exit(not int(sys.argv[1]) - 60 <= left <= int(sys.argv[1]))' "$1"
}
check 'it is valid for an hour' lifetime_is 3600
expect 0 'the trust in the proof until' bridge_ear --policy net/genesis --accept-insecure --validity 600
check 'or shorter' lifetime_is 600
expect 0 '' bridge_ear --policy net/genesis --accept-insecure --validity 86400 --max-age 15m
is_within_the_trust() { ! lifetime_is 3600 && ! lifetime_is 86400; }
check 'never longer than the proof is trusted' is_within_the_trust

# --- the certificate and the token of an epoch are derived from what a node proves of it, without a ledger
by_proofs() { "$ASSAY" ca audit --certificate "$1" --checkpoint net/genesis --http net/node-3/http.sock; }
# Nodes prove their newest epoch, and hand out what was issued for 3 s: two daemons pause, so that none closes meanwhile.
certificate_of() { curl -s -m 5 --unix-socket net/node-3/http.sock -o newest -w '%{http_code}' "http://localhost/v1/nodes/node-3/certificate?key=shop"; }
token_of() { curl -s -m 5 --unix-socket net/node-3/http.sock -o newest -w '%{http_code}' "http://localhost/v1/nodes/node-3/token?key=jobs&aud=a.example"; }
newest() { # newest token_of|certificate_of
    kill -STOP "$daemon_1" "$daemon_2"
    proven=1
    for attempt in 1 2 3 4 5 6 7 8 9 10 11 12; do
        if [ "$($1)" = 200 ] && by_proofs newest >audited 2>/dev/null; then proven=0 && break; fi
        sleep 0.4
    done
    kill -CONT "$daemon_1" "$daemon_2"
    [ $proven -eq 0 ] || sleep 2
    return $proven
}
check 'a token is derived from proofs of its epoch' until_true 40 newest token_of
check 'which says so' grep -q '^legitimate     the ledger derives the text' audited
check 'by the key of its number' grep -q '^signature      by the key of CA number 1' audited
check 'a certificate, too' until_true 40 newest certificate_of
check 'and for which subject' grep -q '^subject        spiffe://assay.test/svc/shop' audited
expect 12 'does not prove its epoch' by_proofs token.jwt
expect 2 'for proofs of a node' "$ASSAY" ca audit --certificate token.jwt
expect 2 'go together' "$ASSAY" ca audit --certificate token.jwt --ledger net/node-3/state

batch() { # batch WORDS...
    "$ASSAY" identity fetch --dir batch --token batch --audience b.example --enclave net/node-3/service.sock --checkpoint net/genesis \
        --accept-insecure "$@"
}
expect 0 'now in batch/token' batch --http net/node-3/http.sock --wait 120 --hook 'echo >>batched'
check 'assay identity fetch keeps one, of a key of its own' sh -c 'cut -d. -f2 batch/token | tr _- /+ | base64 -d 2>/dev/null | grep -q "\"aud\":\"b.example\""'
check 'for its user alone' test "$(stat -c %a batch/token)" = 600
check 'and executes the hook' test -f batched
expect 0 'spiffe://assay.test/node/' batch --socket net/node-3/admin.sock
expect 4 role_required batch --http "127.0.0.1:$http" --wait 0
expect 2 '--audience' "$ASSAY" identity fetch --dir batch --token batch --enclave net/node-3/service.sock --checkpoint net/genesis
expect 2 'and not both' batch --key batch

# --- a holder that was killed comes back with its share; an enclave that restarts gets the holder's key again
lines() { grep -c "$2" net/node-$1/signer.log; }
before=$(lines 4 'signs for generation 1')
begin_signer 4
again() { [ "$(lines 4 'signs for generation 1')" -gt "$before" ]; }
check 'the killed one signs again' until_true 60 again
kill -KILL "$(sed -n 's/.*event=enclave_started.* pid=\([0-9]*\).*/\1/p' net/node-2/log | tail -1)"
before2=$(lines 2 'its key is active')
active_again() { [ "$(lines 2 'its key is active')" -gt "$before2" ]; }
check 'the enclave that restarted has the key of its holder again' until_true 90 active_again
kill -TERM "$signer_1"
wait "$signer_1"
check 'a holder ends on request' test $? -eq 0
check 'and says so' said 1 'stopped on request'
# By libassay-keys, which signs nothing for a network that the program does not mean.
register_web() { "$BIN/../examples/example_register_key" net/node-2/service.sock "$@"; }
check 'another program registers a key' until_true 30 register_web "$chain" web once
expect 1 'another network' register_web "$(printf %064d 0)" web once
expect 1 'withdraw' register_web "$chain" web once
check 'which three of four certify' until_true 90 certified 2 web
check 'with the name of its member, since its evidence has no value of that service' \
    sh -c 'openssl x509 -in net/node-2/signer/key-web.pem -noout -ext subjectAltName | grep -q "spiffe://assay.test/node/[a-z2-7]*/web"'
kill -TERM "$daemon_4"
wait "$daemon_4"
expect 0 'holds ' "$ASSAY" audit verify net/node-4/state --genesis net/genesis

# --- an audit of what a holder signed
expect 0 '' node 2 store save --out net.archive
kill -TERM "$signer_3" "$daemon_3"
wait "$signer_3" "$daemon_3" 2>/dev/null
audit() { # audit JOURNAL WORDS...
    journal=$1
    shift
    "$ASSAY" ca audit --journal "$journal" --ledger net/node-3/state --genesis net/genesis "$@"
}
expect 0 'the ledger gives each of these texts' audit net/node-3/signer
check 'all entries of it' sh -c '"$0" ca audit --journal net/node-3/signer --ledger net/node-3/state --genesis net/genesis --json >audit.json; python3 -c "
import json
data = json.load(open(\"audit.json\"))[\"data\"]
assert data[\"derived\"] == data[\"entries\"] > 2, data"' "$ASSAY"
/usr/bin/python3 "$root/tests/integration/cli/services/journal.py" net/node-3/signer
expect 11 'DAMAGED        journal-1, byte' audit changed
for kind in cut grown empty; do mkdir $kind; cp net/node-3/signer/journal-1 $kind; done
truncate -s -1 cut/journal-1
expect 0 'behind the last entry' audit cut
printf abcde >>grown/journal-1
expect 0 '5 bytes behind the last entry' audit grown
: >empty/journal-1
expect 12 'the journal has no entry' audit empty
expect 11 'another block closed the epoch' audit other_epoch
expect 11 'another generation was in force' audit other_generation
expect 11 'no product of the entry has the text' audit other_text
expect 12 'not audited' audit later_epoch
archived() { "$ASSAY" ca audit --journal "$1" --ledger net.archive --genesis net/genesis; }
expect 12 'proven from genesis' archived net/node-3/signer
expect 11 'another block closed the epoch' archived other_epoch
expect 11 'another block closed the epoch' archived other_block
expect 5 'found none' audit net

# --- an audit of one certificate, and of one token
audited() { "$ASSAY" ca audit --certificate "$1" --ledger net/node-3/state --genesis net/genesis; }
expect 0 'legitimate     the ledger derives the text' audited tls/current/cert.pem
expect 0 'member         node-3, ' audited fresh.pem
expect 0 'subject        spiffe://assay.test/svc/shop' audited fresh.pem
expect 0 'signature      by the key of CA number 1' audited token.jwt
expect 0 '/jobs' audited token.jwt
openssl x509 -in fresh.pem -outform DER -out fresh.der
expect 0 'proven from genesis' audited fresh.der
/usr/bin/python3 - <<'PYTHON'
import base64, json
der = open("fresh.der", "rb").read()
def put(name, at, byte):
    open(name, "wb").write(der[:at] + bytes([byte]) + der[at + 1:])
put("forged.der", len(der) - 1, der[-1] ^ 1)
first = der.index(b"\x17\x0d")
ends = der.index(b"\x17\x0d", first + 15) + 2
put("longer.der", ends + 9, der[ends + 9] ^ 1)  # a minute
point = der.index(bytes.fromhex("034200")) + 30
put("key.der", point, der[point] ^ 1)
name = der.index(b"spiffe://assay.test/svc/shop")
put("name.der", name + 27, ord("q"))
head, claims, signature = open("token.jwt").read().strip().split(".")
body = json.loads(base64.urlsafe_b64decode(claims + "=="))
def write(name, **other):
    text = json.dumps({**body, **other}, separators=(",", ":"), sort_keys=True).encode()
    open(name, "w").write(head + "." + base64.urlsafe_b64encode(text).decode().rstrip("=") + "." + signature)
write("longer.jwt", exp=body["exp"] + 60)
write("other.jwt", aud="b.example")
write("later.jwt", assay={**body["assay"], "epoch": body["assay"]["epoch"] + 100000})
write("block.jwt", assay={**body["assay"], "block_id": "00" * 32})
PYTHON
expect 11 'not by a key that was published' audited forged.der
expect 11 'differs        validity: another one in the ledger' audited longer.der
expect 13 'expected a certificate or a token' audited key.der # its key id is of another key
expect 11 'differs        exp' audited longer.jwt
expect 11 'differs        aud' audited other.jwt
expect 11 'another block closed the epoch' audited block.jwt
expect 12 'does not prove its epoch' audited later.jwt
expect 13 'expected a certificate or a token' audited name.der
expect 13 'expected a certificate or a token' audited net/node-1/signer/ca-1.pem
expect 2 '--journal DIR or --certificate' "$ASSAY" ca audit --ledger net/node-3/state --genesis net/genesis
for n in 1 2 3 4; do
    case $(cat net/node-$n/log) in
    *event=equivocation_noticed* | *event=offence_proven* | *event=fail_proven* | *event=state_root_mismatch* | *event=identity_convicted*)
        wrong "node-$n: $(grep -E 'equivocation|offence|fail_proven|mismatch|convicted' net/node-$n/log)" ;;
    esac
done
finish

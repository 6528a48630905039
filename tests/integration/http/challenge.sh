#!/bin/sh
# Verdicts over HTTPS: proofs, checkpoints and attestation results for a machine without a node, and the verifier as a
# service for clients of Veraison's challenge-response API.
root=$(cd "$(dirname "$0")/../../.." && pwd)
. "$root/tests/integration/cli/lib.sh"
. "$root/tests/integration/http/authority.sh"
cd "$WORK" || exit 2
export XDG_CONFIG_HOME="$WORK/xdg"
unset ASSAY_CONTEXT ASSAY_SOCKET
network 3 2000 2
sign alpha beta
"$TOOLS/free_port" 1 >http_port
port=$(cat http_port)
authority site
certificate server site serverAuth /CN=server
certificate viewer site clientAuth /O=Example/CN=vic
certificate service site clientAuth /O=Example/OU=Programs/CN=portal
certificate other site clientAuth /O=Example/OU=Programs/CN=shop
certificate operator site clientAuth /O=Example/OU=Operators/CN=olga
sed -i "s/^  admin: admin.sock/&\n  http: 127.0.0.1:$port/" node-1/assayd.yaml
cat >>node-1/assayd.yaml <<END
http:
  certificate: ../server.pem
  key: ../server.key
  clients: ../site.pem
  roles:
    - { certificate: "O=Example,OU=Programs", role: service }
    - { certificate: "O=Example,OU=Operators", role: operator }
END
url=https://127.0.0.1:$port
# fetch WHO PATH FILE [OPTION...]: the status, and headers in FILE.head.
fetch() {
    who=$1 path=$2 file=$3
    shift 3
    curl -s -m 20 --cacert site.pem --cert "$who.pem" --key "$who.key" -D "$file.head" -o "$file" -w '%{http_code}' "$@" "$url$path"
}
start 1
# --- before the first close there is nothing to prove, and it is said so
check 'HTTP answers' until_true 20 fetch viewer /livez answer
# DNS rebinding of a browser that has a client certificate: Host is a name of this machine or of the certificate.
expect 0 403 fetch viewer /v1/status answer -H 'Host: evil.example'
expect 0 403 fetch viewer /v1/status answer -H "Host: 127.0.0.1.evil.example:$port"
for host in localhost "[::1]:$port" node-1.example "node-1.example:$port"; do
    expect 0 200 fetch viewer /v1/status answer -H "Host: $host"
done
# A body that is refused is read as far as it may be sent before the answer, so that the answer arrives.
head -c 1000000 /dev/zero >zeros
for _ in 1 2 3 4 5 6 7 8 9 10; do
    expect 0 413 fetch service /challenge-response/v1/newSession answer -H 'Expect:' --data-binary @zeros
done
expect 0 413 fetch service /challenge-response/v1/newSession answer -H 'Expect: 100-continue' --data-binary @zeros
check 'it says why' grep -q '"code":"body_not_allowed"' answer
expect 0 400 fetch operator /v1/submit answer -H 'Content-Type: application/octet-stream' --data-binary x
check 'all kinds of objects' grep -q 'expected change, review, recover, fence or collateral' answer
expect 0 503 fetch viewer /v1/nodes/node-2/proof early
check 'it names the reason' grep -q '"code":"not_closed"' early
for i in 2 3; do start $i; done
check 'node-1 closes epochs' until_true 60 epoch_at_least 1 4

# --- a relying party with curl, a checkpoint, and no node
expect 0 200 fetch viewer /v1/checkpoint checkpoint -H 'Accept: application/vnd.assay.checkpoint+cbor'
check 'its type' grep -qi '^content-type: application/vnd.assay.checkpoint+cbor' checkpoint.head
expect 0 200 fetch viewer /v1/nodes/node-2/proof proof
check 'type of a proof' grep -qi '^content-type: application/vnd.assay.proof+cbor' proof.head
check 'an ETag of the epoch' grep -qi '^etag: W/' proof.head
expect 0 'standing       ' "$ASSAY" proof verify proof --checkpoint checkpoint --node node-2 --policy policy.yaml
expect 4 'about another member' "$ASSAY" proof verify proof --checkpoint checkpoint --node node-3
expect 4 'not trusted' "$ASSAY" proof verify proof --checkpoint checkpoint --at 2099-01-01T00:00:00Z
# A node that shows an old proof, however fresh its answer is, is noticed by its age.
sleep 3
expect 4 'not trusted' "$ASSAY" proof verify proof --checkpoint checkpoint --max-age 1s
# The bytes are those of `assay proof` at the node: of one epoch, tried until both were.
same_bytes() {
    "$ASSAY" proof node-2 --bare --out here.proof --socket node-1/admin.sock >/dev/null &&
        fetch viewer '/v1/nodes/node-2/proof?bare=1' there.proof >/dev/null && cmp -s here.proof there.proof
}
expect 0 400 fetch viewer '/v1/nodes/node-2/proof?bare=1&bare=1' answer
check 'the bytes of assay proof' until_true 20 same_bytes
# The same epoch has the same answer, the next one another.
unchanged() {
    fetch viewer /v1/nodes/node-3/proof first >/dev/null
    tag=$(sed -n 's/^[Ee][Tt][Aa][Gg]: //p' first.head | tr -d '\r')
    [ "$(fetch viewer /v1/nodes/node-3/proof again -H "If-None-Match: $tag")" = 304 ]
}
check 'unchanged within an epoch' until_true 20 unchanged
changed() { [ "$(fetch viewer /v1/nodes/node-3/proof again -H "If-None-Match: $tag")" = 200 ]; }
check 'changed by the next close' until_true 20 changed
fresh_bytes() { fetch viewer /v1/nodes/node-3/proof now.proof >/dev/null; ! cmp -s first now.proof; }
check 'a proof of the next epoch is another' until_true 20 fresh_bytes
expect 0 404 fetch viewer /v1/nodes/nobody/proof answer
expect 0 406 fetch viewer /v1/nodes/node-2/proof answer -H 'Accept: text/html'

# --- the same by the command line, by contexts
chain=$(field 1 status chain_id)
expect 0 'added' "$ASSAY" context add site --endpoint "$url" --ca site.pem --certificate viewer.pem --key viewer.key --chain-id "$chain"
expect 0 '' "$ASSAY" --context site checkpoint --out cp
expect 0 'bytes' "$ASSAY" --context site proof node-2 --out fetched.proof
expect 0 'standing       ' "$ASSAY" proof verify fetched.proof --checkpoint cp --node node-2

# --- attestation results of a standing, signed by the node
expect 0 200 fetch viewer /v1/nodes/node-2/ear ear
check 'their type' grep -qi '^content-type: application/eat+jwt' ear.head
# The two commands of docs/http.md 6, as printed there: the key out of the discovery document, and the id of its node.
documented() { # documented FROM TO: the lines of the page, for this network
    sed -n "/$1/,/$2/p" "$root/docs/http.md" | sed "s|https://192.0.2.1:8443|$url|"
}
# shellcheck disable=SC2034 # the documented lines use it
tls='-s -m 20 --cacert site.pem --cert viewer.pem --key viewer.key'
eval "$(documented '^curl.*veraison.verification |$' '>key.jwk$')"
check 'the key is cut out as documented' grep -q '"crv": "P-256"' key.jwk
id_1=$(eval "$(documented '^python3.*hashlib' "hexdigest...'\$")")
check "its digest is the id of the node: $id_1" test "$id_1" = "$(field 1 status node_id)"
# It is valid for three epochs, which a busy machine may need from one command to the next.
verify_newest() { fetch viewer /v1/nodes/node-2/ear ear >/dev/null && "$ASSAY" ear verify ear "$@"; }
expect 0 'INSECURE' verify_newest --key key.jwk # SOFT evidence
id_2=$(verify_newest --key key.jwk --json | sed -n 's/.*"subject": "\([0-9a-f]*\)".*/\1/p')
check 'of the member' test "$id_2" = "$(field 2 status node_id)"
expect 0 "about       standing of member $id_2" verify_newest --key key.jwk --node "$id_2"
expect 0 "about       standing of member $id_2" verify_newest --key key.jwk --node "$(field 2 status node_id_base32)"
expect 4 'expected that of' verify_newest --key key.jwk --node "$(field 1 status node_id)"
expect 4 'expected that of' verify_newest --key key.jwk --node "$(field 1 status node_id_base32)"
"$ASSAY" keys operator stranger.key >stranger.pub
expect 4 '' "$ASSAY" ear verify ear --key stranger.pub

# --- raw evidence, for operators
expect 0 403 fetch service /v1/nodes/node-2/evidence/bytes answer
has_evidence() { [ "$(fetch operator /v1/nodes/node-2/evidence/bytes raw)" = 200 ]; }
check 'raw evidence' until_true 20 has_evidence
expect 0 'soft' "$ASSAY" evidence decode raw
expect 0 404 fetch operator /v1/nodes/node-1/evidence/bytes answer

# --- the verifier as a service: the commands of the page, one after the other
assay() { "$ASSAY" "$@"; }
documented '^api=' '^assay ear verify result.jwt' |
    sed "s|platform.key|node-2/platform.key|; s|assay-enclave|$BIN/assay-enclave|" >documented.sh
tls='-s -m 20 --cacert site.pem --cert service.pem --key service.key'
out=$(. ./documented.sh 2>&1)
got=$?
check "the commands of the page appraise evidence: $out" test $got = 0 -o $got = 10
case $out in *'about       appraisal of evidence'*) ;; *) wrong "no result for evidence: $out" ;; esac
expect 0 'checks hold' /usr/bin/python3 "$root/tests/integration/http/veraison.py" "$url" "$ASSAY" node-2/platform.key "$BIN/assay-enclave"
echo "$out"
# A result for evidence of anybody has the same key and type as a standing: it is none.
expect 4 'expected the standing of member' "$ASSAY" ear verify result.jwt --key key.jwk --node "$id_2"
check 'its verifier process did not end' sh -c '! grep -q verifier_ended node-1/log'
check 'it attests as before' test "$(field 1 status standing)" = FULL
finish

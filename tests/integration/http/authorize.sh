#!/bin/sh
# Workload keys over HTTP, for relying parties and for auth_request of nginx: who is let in, who is not, and when the
# node cannot tell (docs/http.md 7, whose settings of nginx these are).
root=$(cd "$(dirname "$0")/../../.." && pwd)
. "$root/tests/integration/cli/lib.sh"
nginx=$(command -v nginx || echo /usr/sbin/nginx)
[ -x "$nginx" ] || { echo 'nginx is not installed'; exit 77; }
cd "$WORK" || exit 2
network 4 1500 2
sign alpha beta
"$TOOLS/free_port" 8 >more_ports
port() { sed -n "${1}p" more_ports; }
http=$(port 1) tls=$(port 2) app=$(port 3) lonely=$(port 4)
# listen NODE PORT: this node serves HTTP, and takes local clients for relying parties.
listen() {
    sed -i "s/^  admin: admin.sock/&\n  http: 127.0.0.1:$2/" "node-$1/assayd.yaml"
    printf 'http:\n  local_role: service\n' >>"node-$1/assayd.yaml"
}
# A fifth daemon reaches nobody and is reached by nobody: it is behind all the time, the first server of the proxy.
cp -r node-4 node-5
sed -i "s/gossip: .*/gossip: 127.0.0.1:$(port 5)/; s/address: .*/address: 127.0.0.1:$(port 6)/" node-5/assayd.yaml
listen 1 "$http"
listen 5 "$lonely"
url=http://127.0.0.1:$http
# request QUERY [OPTION...]: the status, the answer in `answer` and `answer.head`.
request() {
    query=$1
    shift
    curl -s -m 20 -D answer.head -o answer -w '%{http_code}' "$@" "$url/v1/authorize$query"
}
reason() { sed -n 's/^[Aa]ssay-[Rr]eason: //p' answer.head | tr -d '\r'; }
# is STATUS REASON QUERY [OPTION...]
is() {
    status=$1 why=$2
    shift 2
    [ "$(request "$@")" = "$status" ] && [ "$(reason)" = "$why" ]
}
client() { # client NAME: a key with a certificate that it signed itself
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.pem" -subj "/CN=$1" \
        -days 2 2>/dev/null
}
client api
client stranger
digest() { openssl x509 -in "$1.pem" -pubkey -noout | openssl pkey -pubin -outform DER | sha256sum | cut -c 1-64; }
base64_of() { grep -v -- '---' "$1.pem" | tr -d '\n'; }
stranger=$(digest stranger)

# --- nginx, with the settings of the page
mkdir nginx www
echo served >www/index.html
cat >nginx.conf <<END
daemon off;
$([ "$(id -u)" != 0 ] || echo 'user root;')
pid $WORK/nginx/pid;
error_log $WORK/nginx/error.log;
events {}
http {
    access_log off;
    client_body_temp_path $WORK/nginx;
    proxy_temp_path $WORK/nginx;
    fastcgi_temp_path $WORK/nginx;
    uwsgi_temp_path $WORK/nginx;
    scgi_temp_path $WORK/nginx;
    upstream app { server 127.0.0.1:$app; }
    server { listen 127.0.0.1:$app; root $WORK/www; location / { add_header Seen-Member \$http_assay_member; } }
$(sed -n '/^upstream assay/,/^}$/p' "$root/docs/http.md" |
        sed "s/127.0.0.1:8080/127.0.0.1:$lonely/; s/127.0.0.1:8081/127.0.0.1:$http/; s/listen 443/listen 127.0.0.1:$tls/
             s|ssl_certificate server.pem|ssl_certificate $WORK/server.pem|; s|_key server.key|_key $WORK/server.key|")
}
END
check 'the page has two nodes' grep -q "^upstream assay .*:$lonely; .*:$http; }" nginx.conf
client server
"$nginx" -e "$WORK/nginx/start.log" -p "$WORK" -c "$WORK/nginx.conf" >nginx/out 2>&1 &
nginx_pid=$!
servers=
# nginx ends its workers: before the folder is removed.
trap 'kill $nginx_pid $servers 2>/dev/null; wait $nginx_pid; stop_all' EXIT
# through WHO [OPTION...]: what nginx answers a client with this certificate, or without one (nobody), in $web_status.
through() {
    who=$1
    shift
    [ "$who" = nobody ] || set -- --cert "$who.pem" --key "$who.key" "$@"
    web_status=$(curl -s -k -m 20 -D web.head -o web -w '%{http_code}' "$@" "https://127.0.0.1:$tls/")
}
undecided_through() { through stranger && [ "$web_status" = 500 ]; }
decided_through() { through "$@" && [ "$web_status" != 500 ]; }
# web_is STATUS WHO [OPTION...]: the first answer that is decided has it. nginx leaves out for 10 s who answered 503.
web_is() {
    want_web=$1
    shift
    until_true 30 decided_through "$@"
    [ "$web_status" = "$want_web" ] || ! echo "nginx: expected $want_web, found $web_status" >&2
}

# --- a node that has heard no quorum cannot tell
start 1
start 5
check 'it answers' until_true 30 is 503 behind "?spki=$stranger"
check 'by a code' grep -q '"code":"undecided"' answer
check 'nginx denies what is not decided' until_true 20 undecided_through
for i in 2 3 4; do start $i; done
check 'node-1 closes epochs' until_true 60 epoch_at_least 1 3

# --- keys that nobody declared, and requests that name none
check 'unknown' until_true 30 is 403 unknown_key "?spki=$stranger"
check 'nothing is cached' grep -qi '^cache-control: no-store' answer.head
check 'no key' is 401 no_key ''
expect 0 400 request "?spki=xyz"
expect 0 400 request "?spki=$stranger&class=root"
expect 0 400 request "?spki=$stranger" -H "X-Assay-Certificate: $(base64_of api)"
expect 0 400 request '' -H "X-Assay-Certificate: $(base64_of api)" -H 'X-Assay-Certificate: x'
check 'nginx, a stranger' web_is 403 stranger
check 'nginx, the key that nobody declared yet' web_is 403 api
check 'nginx, no certificate' web_is 401 nobody

# --- the level that has workload keys
expect 0 'level 6 has them' ask 1 keys list node-2
announced() { [ "$(ask 1 nodes --json | grep -o '"level": *7' | wc -l)" = 4 ]; }
check 'ballots announce level 7' until_true 40 announced
for level in 1 2 3 4 5 6; do
    expect 0 "level: $((level - 1)) -> $level" ask 1 change draft --out level-$level --parameter level=$level --activation +5
    for o in alpha beta; do expect 0 'in all' "$ASSAY" change sign level-$level --key $o.key; done
    expect 0 'offered in every epoch' ask 1 change submit level-$level
    at_level() { [ "$(field 1 status level)" = "$level" ]; }
    check "level $level is in force" until_true 60 at_level
done
check 'it answers as before' until_true 30 is 403 unknown_key "?spki=$stranger"

# --- an enclave registers a key: its daemon declares it, evidence binds it
registered() { api=$(/usr/bin/python3 "$root/tests/integration/http/workload_key.py" node-2/service.sock api.key api); }
check 'a program registers its key' until_true 30 registered
check 'its digest is that of its certificate' test "$api" = "$(digest api)"
check 'the key is active' until_true 60 is 200 active "?spki=$api&class=critical"
member=$(field 2 status node_id)
check 'its member is named' grep -qi "^assay-member: $member" answer.head
check 'by its certificate' until_true 30 is 200 active '' -H "X-Assay-Certificate: $(base64_of api)"
check 'for no other member' until_true 30 is 403 other_member "?spki=$api&node=node-3"
check 'for no other purpose' until_true 30 is 403 other_purpose "?spki=$api&purpose=ssh"
envoy() { # envoy STATUS PREFIX
    [ "$(curl -s -m 20 -o answer -w '%{http_code}' -X POST -d x -H 'Host: app.example' \
        "$url/v1/ext-authz/$2/any/path?q=1" -H "X-Forwarded-Client-Cert: Hash=00;Cert=\"$(tr '\n' ' ' <api.pem |
            sed 's/ $//; s/BEGIN C/BEGIN%20C/; s/END C/END%20C/; s/ /%0A/g; s/=/%3D/g')\"")" = "$1" ]
}
check 'as Envoy requests it' until_true 30 envoy 200 normal
check 'for no service that operators did not grant' until_true 30 envoy 403 normal:api
check 'with the reason' grep -q '"reason":"other_service"' answer
line() { ask 1 "$@" | grep -q "$text"; }
text="^ *tls  *api  *$api  active"
check 'keys list' until_true 30 line keys list node-2
text='1 of 1 active'
check 'explain' until_true 30 line explain node-2
expect 0 'it has declared no keys' ask 1 keys list

# --- certificates of keys (docs/http.md 8): what the ledger supports reaches a holder's process, of which there is none
certificate() { curl -s -m 20 -o answer -w '%{http_code}' "$url/v1/nodes/$1/certificate?key=$2"; }
answers() { [ "$(certificate "$3" "$4")" = "$1" ] && grep -q "\"code\":\"$2\"" answer; }
check 'an active key, and no holder to sign' until_true 30 answers 503 ca_none node-2 api
check 'a name that is not on the ledger' until_true 30 answers 404 not_found node-2 web
check 'a member without keys' until_true 30 answers 404 not_found node-3 api
expect 0 403 curl -s -m 20 -o answer -w '%{http_code}' "$url/v1/nodes/node-1/token?key=api&aud=a.example"
check 'tokens are not for TCP' grep -q '"code":"forbidden"' answer
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out fetch.pem 2>/dev/null
chmod 600 fetch.pem
expect 7 'not_found: ' "$ASSAY" identity fetch --private-key fetch.pem --dir tls --key web --member "$(field 2 status node_id)" --ca server.pem \
    --chain-id "$(field 1 status chain_id)" --http "127.0.0.1:$http" --wait 0

# --- a relying party with curl, a checkpoint, and no node: the key of a TLS peer
get() { # get PATH FILE [OPTION...]: the status, and headers in FILE.head
    path=$1 file=$2
    shift 2
    curl -s -m 20 -D "$file.head" -o "$file" -w '%{http_code}' "$@" "$url$path"
}
# fetched FILE: a checkpoint, then the key proof of node-2 in FILE.
fetched() {
    [ "$(get /v1/checkpoint checkpoint -H 'Accept: application/vnd.assay.checkpoint+cbor')" = 200 ] &&
        [ "$(get /v1/nodes/node-2/keys/proof "$1")" = 200 ]
}
# verify FILE KEY [OPTION...]: of the last five minutes
verify() {
    file=$1 peer=$2
    shift 2
    "$ASSAY" proof verify "$file" --checkpoint checkpoint --key "$peer" --max-age 5m "$@"
}
proven() { fetched keys.proof && verify keys.proof api.pem --node node-2 >proven; }
check 'the key is proven' until_true 60 proven
check 'as an active key' grep -q "^key  *$api: an active TLS key of this member" proven
check 'its type' grep -qi '^content-type: application/vnd.assay.key-proof+cbor' keys.proof.head
check 'it has an ETag of the epoch' grep -qi '^etag: W/' keys.proof.head
tagged() {
    get /v1/nodes/node-2/keys/proof again >/dev/null
    tag=$(sed -n 's/^[Ee][Tt]ag: //p' again.head | tr -d '\r')
    [ "$(get /v1/nodes/node-2/keys/proof again -H "If-None-Match: $tag")" = 304 ]
}
check 'not modified within the epoch' until_true 20 tagged
expect 0 404 get /v1/nodes/node-3/keys/proof none
check 'a member without keys' grep -q 'bound no keys' none
expect 0 406 get /v1/nodes/node-2/keys/proof none -H 'Accept: text/html'
openssl x509 -in api.pem -outform DER -out api.der
openssl x509 -in api.pem -pubkey -noout >api.pub
openssl pkey -pubin -in api.pub -outform DER -out api.spki
for peer in api.der api.pub api.spki; do expect 0 "$api" verify keys.proof $peer --json; done
expect 4 'not in the list' verify keys.proof stranger.pem
expect 4 'another member' verify keys.proof api.pem --node node-3
expect 4 'not trusted: ' verify keys.proof api.pem --at 2099-01-01T00:00:00Z
expect 14 'no-clock' verify keys.proof api.pem --no-clock
expect 13 'expected a certificate' verify keys.proof keys.proof
expect 13 'expected a certificate' verify keys.proof api.key
expect 13 'is a key proof: give --key FILE' "$ASSAY" proof verify keys.proof --checkpoint checkpoint
for i in $(seq 300); do cat api.pem; done >long.pem
expect 13 'a file of at most 65536 bytes' verify keys.proof long.pem
expect 2 'needs --max-age' "$ASSAY" proof verify keys.proof --checkpoint checkpoint --key api.pem
expect 2 'either --keys or --bare' "$ASSAY" proof node-2 --keys --bare --out x
expect 0 200 get /v1/nodes/node-2/proof plain.proof
expect 13 'is a proof, expected a key proof' verify plain.proof api.pem
expect 0 'bytes' ask 1 proof node-2 --keys --out here.keys
expect 0 'an active TLS key' verify here.keys api.pem
# Of a later epoch than the checkpoint: of its own epoch a proof needs no votes, and no byte of them is looked at.
cp keys.proof first.proof
next_proof() { [ "$(get /v1/nodes/node-2/keys/proof keys.proof)" = 200 ] && ! cmp -s first.proof keys.proof; }
check 'a proof of a later epoch' until_true 30 next_proof
expect 0 'an active TLS key' verify keys.proof api.pem --node node-2
# altered AT: the proof with one bit of the byte AT (of 1000) changed is refused.
altered() {
    /usr/bin/python3 -c 'import sys
proof = bytearray(open("keys.proof", "rb").read())
proof[len(proof) * int(sys.argv[1]) // 1000] ^= 1
open("altered", "wb").write(proof)' "$1"
    verify altered api.pem >out 2>&1
    altered_status=$?
    [ $altered_status = 4 ] || [ $altered_status = 13 ] || ! echo "status $altered_status: $(cat out)" >&2
}
for at in 0 3 50 200 350 500 650 800 900 950 999; do check "altered at $at of 1000" altered $at; done

# Inside a handshake: a client over OpenSSL and libassay-standing.
client_program=$TOOLS/../examples/example_peer_key
serve() { # serve NAME PORT OPTION...: a TLS server with this key
    served=$1 served_port=$2
    shift 2
    openssl s_server -accept "127.0.0.1:$served_port" -cert "$served.pem" -key "$served.key" -www "$@" >"$served.log" 2>&1 &
    servers="$servers $!"
    until_true 30 grep -q ACCEPT "$served.log"
}
if [ -x "$client_program" ]; then
    serve api "$(port 7)"
    serve stranger "$(port 8)"
    handshake() { "$client_program" "127.0.0.1:$1" "$2" checkpoint "$3" 300; }
    other_member=$(field 3 status node_id)
    accepted() { handshake "$(port 7)" keys.proof "$member" >handshake; }
    check 'the peer is accepted' until_true 10 accepted
    check 'as a key of the member' grep -q '^accepted: a key of the member, ' handshake
    expect 1 'not in the list' handshake "$(port 8)" keys.proof "$member"
    expect 1 'of another member' handshake "$(port 7)" keys.proof "$other_member"
    expect 1 'refused: ' handshake "$(port 7)" altered "$member"
    old_port=$("$TOOLS/free_port" 1)
    serve api "$old_port" -tls1_2
    speaks_1_2() { openssl s_client -connect "127.0.0.1:$old_port" -tls1_2 </dev/null 2>&1 | grep -q 'Protocol *: TLSv1.2'; }
    check 'a server has TLS 1.2 alone' until_true 10 speaks_1_2
    expect 2 'does not offer TLS 1.3, which this program needs' handshake "$old_port" keys.proof "$member"
fi

# Both sides of a connection, each with the exported proof in its certificate.
next_export() { ask 1 proof node-2 --keys --out node-2.keys >proof.out 2>&1; }
example=$TOOLS/../examples/example_attested_keys
ends_with() { # ends_with STATUS COMMAND...
    wanted_status=$1
    shift
    "$@"
    [ $? -eq "$wanted_status" ]
}
attest() { # attest KEY MEMBER MAX-AGE: both sides have a certificate of this key with the proof; `tls.out` of the client
    printf '%s\n' '[req]' 'distinguished_name = dn' 'prompt = no' 'x509_extensions = ext' '[dn]' 'CN = workload' '[ext]' \
        "1.3.6.1.4.1.32473.17.2 = DER:$(od -An -v -tx1 node-2.keys | tr -d ' \n')" >certificate.conf
    openssl req -x509 -new -config certificate.conf -key "$1.key" -days 1 -out attested.pem 2>/dev/null || return 2
    attested_port=$("$TOOLS/free_port" 1)
    "$example" server "$attested_port" attested.pem "$1.key" checkpoint "$2" "$3" >tls.server 2>&1 &
    attested_pid=$!
    until_true 30 grep -q port tls.server
    "$example" client "$attested_port" attested.pem "$1.key" checkpoint "$2" "$3" >tls.out 2>&1
    attested=$?
    wait $attested_pid
    return $attested
}
if [ -x "$example" ]; then
    fresh_attest() { next_export && attest "$@"; }
    check 'TLS by the exported proof' until_true 30 fresh_attest api "$member" 60
    check 'both sides accepted' grep -q '^connected$' tls.server
    check 'the key of a stranger is refused' ends_with 1 attest stranger "$member" 60
    check 'since it is not listed' grep -q '^refused: the key is not in the list' tls.out
    check 'another member is refused' ends_with 1 attest api "$(field 3 status node_id)" 60
    check 'by its id' grep -q '^refused: it is of another member' tls.out
fi

# --- nginx lets its owner in, by the second node, since the first is behind
check 'nginx lets it in' web_is 200 api
check 'the page is that of the application' grep -q served web
check 'which reads the member' grep -qi "^seen-member: $member" web.head
check 'and no member that the client names' web_is 200 api -H 'Assay-Member: 00'
check 'but the real one' grep -qi "^seen-member: $member" web.head
check 'headers of browsers change nothing' web_is 200 api -H 'Accept: text/html' -H 'Host: app.example' \
    -H 'Origin: https://elsewhere.example' -H 'Cookie: a=b'
check 'nor do those about the page' web_is 304 api -H 'If-None-Match: *'
check 'or a part of it' web_is 206 api -H 'Range: bytes=0-2'
check 'nor does a body: files take none' web_is 405 api -d x
check 'one in chunks, too' web_is 405 api -d x -H 'Transfer-Encoding: chunked'
# Headers that a client sends itself: nginx overwrites them.
for name in X-Assay-Certificate X-Forwarded-Tls-Client-Cert; do
    check "$name of a stranger" web_is 403 stranger -H "$name: $(base64_of api)"
    check "$name of nobody" web_is 401 nobody -H "$name: $(base64_of api)"
done
# Of any length that nginx takes: its request to the node does not have them.
for length in 2000 4000 7000; do
    pad=$(printf "%${length}s" '' | tr ' ' a)
    check "headers of $length bytes" web_is 200 api -H "A: $pad" -H "B: $pad" -H "C: $pad"
    check "a path of $length bytes" web_is 200 api -H "Cookie: a=$pad" --url-query "$pad"
    check "$length bytes of a stranger" web_is 403 stranger -H "A: $pad" -H "B: $pad" -H "C: $pad"
done
check 'a body of a stranger' web_is 403 stranger -d x
check 'nginx still lets the owner in' web_is 200 api

# --- the close that suspends its member ends it
halt() { eval "kill \$pid_$1; wait \$pid_$1"; }
halt 2
denied() { [ "$(request "?spki=$api")" = 403 ]; }
check 'denied' until_true 60 denied
case $(reason) in stale | suspended | below_threshold) ;; *) wrong "reason $(reason)" ;; esac
check 'nginx denies it' web_is 403 api
check 'suspended' until_true 120 is 403 suspended "?spki=$api"
check 'nginx denies a suspended member' web_is 403 api
check 'no certificate for a suspended member' until_true 30 answers 403 below_threshold node-2 api
# The proof says so; one of before counts for as long as --max-age allows.
refused() { fetched late.proof && ! verify late.proof api.pem >late 2>&1 && grep -q 'SUSPENDED: ' late; }
check 'its proof refuses the key' until_true 30 refused
expect 4 'not trusted as a key of node-2, SUSPENDED' verify late.proof api.pem
expect 4 'not trusted: ' "$ASSAY" proof verify keys.proof --checkpoint checkpoint --key api.pem --max-age 1s
says_suspended() {
    fetched late.proof && get /v1/nodes/node-2/proof late.standing >/dev/null
    "$ASSAY" proof verify late.standing --checkpoint checkpoint --node node-2 >late 2>&1
    [ $? = 11 ] && grep -q '^standing  *SUSPENDED' late
}
check 'the proof of its standing says so' until_true 30 says_suspended
if [ -x "$client_program" ]; then
    expect 1 'refused: ' handshake "$(port 7)" late.proof "$member"
    kill $servers
fi

# --- without a quorum the head grows old
halt 3
halt 4
check 'undecided' until_true 60 is 503 head_old "?spki=$stranger"
check 'undecided of the other, too' is 503 head_old "?spki=$api"
check 'nginx denies both' until_true 20 undecided_through
check 'no certificate of a state that is old' until_true 20 answers 503 stale node-2 api
finish

#!/bin/sh
# Rollover of the group key (docs/identity.md 3.15) in a network of four nodes with their holders: operators order it by a
# change; the next number is published before it signs, the old one after it has ceased, and a server keeps a valid
# certificate for clients that have the newest bundle; then operators retire a number at once.
root=$(cd "$(dirname "$0")/../../../.." && pwd)
. "$root/tests/integration/cli/lib.sh"
cd "$WORK" || exit 2
http=$("$TOOLS/free_port" 1)
expect 0 'trust domain assay.test' "$ASSAY" setup local --dir net --identity --port 0 --epoch-ms 1500 --http-port "$http"
[ -f net/genesis ] || finish
for n in 1 2 3 4; do sed -i 's/^  http: .*/  http: http.sock/; /^  http:/!s/^http: .*/http: http.sock/' net/node-$n/assayd.yaml; done
SIGNER=$(dirname "$ASSAYD")/assay-signer
fetch() { curl -s -m 5 --unix-socket "net/node-$first/http.sock" "http://localhost/$1"; }
has() { fetch "$1" | grep -q "$2"; } # PATH PATTERN
node() { # node NUMBER WORDS...
    number=$1
    shift
    "$ASSAY" "$@" --socket net/node-$number/admin.sock
}
begin() { # begin NUMBER
    "$ASSAYD" --config net/node-$1/assayd.yaml 2>>net/node-$1/log </dev/null &
    started="$started $!"
}
begin_signer() { # begin_signer NUMBER
    "$SIGNER" --config net/node-$1/signer.yaml 2>>net/node-$1/signer.log </dev/null &
    started="$started $!"
    eval "signer_$1=$!"
}
for n in 1 2 3 4; do begin_signer $n; done
for n in 1 2 3 4; do begin $n; done
# On a slow machine a key may be active an epoch later than those of the three that begin.
find_holders() {
    holders=$(grep -l 'signs for generation 1' net/node-*/signer.log | sed 's/.*node-\([0-9]*\).*/\1/' | tr '\n' ' ')
    [ "$(echo $holders | wc -w)" -ge 3 ]
}
check 'three holders have a share' until_true 180 find_holders
has_file() { test -f net/node-$1/signer/$2; } # NODE FILE
for n in $holders; do check "holder $n has the certificate of number 1" until_true 60 has_file $n ca-1.pem; done
first=${holders%% *} last=$(echo $holders | sed 's/.* //')
check 'one number is published' has v1/ca '"numbers":\[{"number":1,"state":"active"'
check 'for an hour and twice the validity' sh -c '"$0" genesis show net/genesis --json | grep -q "\"next_epochs\": 2400"' "$ASSAY"

# --- a server's certificate, and the bundle that its clients have
chain=$(node 1 status --json | sed -n 's/^ *"chain_id": "\([0-9a-f]*\)".*/\1/p' | head -1)
cas() { # cas FILE: every certificate of the node's bundle
    fetch v1/bundle | /usr/bin/python3 -c '
import base64, json, sys
bundle = json.load(sys.stdin)
print(bundle["spiffe_sequence"])
with open(sys.argv[1], "w") as out:
    for key in bundle["keys"]:
        text = key["x5c"][0]
        out.write("-----BEGIN CERTIFICATE-----\n")
        out.write("".join(text[i:i + 64] + "\n" for i in range(0, len(text), 64)))
        out.write("-----END CERTIFICATE-----\n")' "$1"
}
count() { grep -c BEGIN "$1"; }
bundle_is() { # bundle_is FILE COUNT: the sequence is in the file FILE.sequence
    cas "$1" >"$1.sequence" 2>/dev/null && [ "$(count "$1")" = "$2" ]
}
rose() { [ "$(cat "$2.sequence")" -gt "$(cat "$1.sequence")" ]; } # rose BEFORE AFTER
check 'the bundle has one certificate' until_true 60 bundle_is first.pem 1
keep() { # keep DIR CAS
    "$ASSAY" identity fetch --dir "$1" --key shop --ca "$2" --chain-id "$chain" --enclave net/node-$last/service.sock \
        --socket net/node-$last/admin.sock --accept-insecure --wait 120
}
expect 0 'spiffe://assay.test/node/' keep tls first.pem
verifies() { openssl verify -x509_strict -CAfile "$1" "$2"; } # CAS CERTIFICATE
check 'its certificate verifies' verifies first.pem tls/current/cert.pem
cp tls/current/cert.pem of-1.pem

# --- operators order a rollover, with the shortest terms
has v1/ca '"insecure":true' && insecure=yes || insecure=no
terms() { # terms FILE WORDS
    printf 'plan_version: 1\nservices:\n  identity: { trust_domain: assay.test, issuer: "https://id.assay.test", validity: 300, insecure: %s, next_epochs: 64, %s }\n' \
        "$insecure" "$2" >"$1"
}
change() { # change NAME WORDS: drafts, signs and submits NAME.yaml
    expect 0 "$2" node 1 change draft --out "$1" --services "$1.yaml" --activation +6
    for key in net/*.key; do "$ASSAY" change sign "$1" --key "$key" >/dev/null 2>&1; done
    expect 0 '' node 1 change submit "$1"
}
terms replace.yaml 'replace: 1'
change replace 'numbers up to 1 are replaced'
for n in $holders; do check "holder $n has the certificate of number 2" until_true 150 has_file $n ca-2.pem; done
check 'number 2 is published, and does not sign' until_true 30 has v1/ca '"number":1,"state":"active".*"number":2,"state":"next"'
for n in $holders; do check "holder $n has that by number 1" until_true 60 has_file $n ca-2-cross.pem; done
check 'number 1 signed a certificate of number 2' verifies net/node-$first/signer/ca-1.pem net/node-$first/signer/ca-2-cross.pem
check 'the bundle has both' until_true 60 bundle_is second.pem 2
check 'its sequence rose' rose first.pem second.pem
check 'two keys of tokens are published' has .well-known/jwks.json '"kid".*"kid"'
expect 0 'spiffe://assay.test/node/' keep tls second.pem
check 'number 1 signs' verifies first.pem tls/current/cert.pem
check 'the folder has both' cmp second.pem tls/current/ca.pem

# --- a holder restarts while both are there, another one after the switch
again() { # again NODE: its holder is killed, and starts
    eval "kill -KILL \$signer_$1; wait \$signer_$1 2>/dev/null"
    begin_signer $1
}
again $last
check 'number 2 is active' until_true 200 has v1/ca '"number":1,"state":"old".*"number":2,"state":"active"'
again $last
check 'the bundle has both still' until_true 30 bundle_is third.pem 2
check 'its sequence rose again' rose second.pem third.pem
check 'a certificate of before verifies' verifies third.pem of-1.pem
by_2() { keep tls third.pem >/dev/null && openssl verify -x509_strict -CAfile net/node-$first/signer/ca-2.pem tls/current/cert.pem; }
check 'number 2 signs' until_true 120 by_2
check 'clients with the bundle of before the switch verify it' verifies second.pem tls/current/cert.pem
refuses() { ! openssl verify -x509_strict -CAfile "$1" "$2"; }
check 'those with number 1 alone do not by the leaf' refuses first.pem tls/current/cert.pem

# --- who pinned number 1 verifies it by the certificate of number 2 that number 1 signed, which the server sends
check 'the chain has it' test "$(count tls/current/cert.pem)" = 2
follows() { openssl verify -x509_strict -CAfile "$1" -untrusted "$2" "$2"; } # CAS CHAIN
check 'OpenSSL follows it from number 1' follows first.pem tls/current/cert.pem
expect 0 'CA numbers by the one before' node $first ca bundle --checkpoint net/genesis --format cross --out cross.pem
check 'it is proven, and that of the holders' cmp cross.pem net/node-$first/signer/ca-2-cross.pem
expect 2 'needs --checkpoint' node $first ca bundle --format cross --out none.pem
if command -v nginx >/dev/null 2>&1; then
    port=$("$TOOLS/free_port" 1)
    name=$(openssl x509 -in tls/current/cert.pem -noout -ext subjectAltName | sed -n 's/.*DNS:\(shop[^,]*\).*/\1/p')
    cat >nginx.conf <<END
daemon off;
master_process off;
error_log $WORK/nginx.log;
pid $WORK/nginx.pid;
events { }
http {
    access_log off;
    client_body_temp_path $WORK/body; proxy_temp_path $WORK/proxy; fastcgi_temp_path $WORK/fastcgi;
    uwsgi_temp_path $WORK/uwsgi; scgi_temp_path $WORK/scgi;
    server {
        listen 127.0.0.1:$port ssl;
        ssl_protocols TLSv1.3;
        ssl_certificate $WORK/tls/current/cert.pem;
        ssl_certificate_key $WORK/tls/current/key.pem;
        ssl_client_certificate $WORK/first.pem;
        ssl_verify_client on;
        ssl_verify_depth 2;
        location / { return 200 "served\n"; }
    }
}
END
    nginx -c "$WORK/nginx.conf" -p "$WORK" 2>>nginx.log &
    started="$started $!"
    curled() { # curled CAS CHAIN
        [ "$(curl -s -m 5 --cacert "$1" --cert "$2" --key tls/current/key.pem --resolve "$name:$port:127.0.0.1" "https://$name:$port/")" = served ]
    }
    check 'curl and nginx follow it, each from number 1' until_true 30 curled first.pem tls/current/cert.pem
    openssl x509 -in tls/current/cert.pem -out alone.pem
    check 'without it nginx refuses the client' sh -c '! curl -s -m 5 --cacert "$1" --cert alone.pem --key tls/current/key.pem --resolve "$0" "https://$2/" | grep -q served' \
        "$name:$port:127.0.0.1" first.pem "$name:$port"
else
    echo 'not installed: nginx'
fi
one_number() { [ "$(ls net/node-$1/signer | grep '^shares-' | grep -vc key)" = 1 ]; } # NODE: the key wraps one
for n in $holders; do check "holder $n has shares of number 2 alone" until_true 60 one_number $n; done

# --- its key is known to a stranger: operators retire number 1 at once
terms retire.yaml 'replace: 1, retire: 1'
change retire 'numbers up to 1 are retired at once'
check 'number 1 is not published' until_true 60 has v1/ca '"numbers":\[{"number":2,"state":"active"'
check 'the bundle has number 2 alone' until_true 30 bundle_is fourth.pem 1
check 'its sequence rose once more' rose third.pem fourth.pem
check 'clients refuse certificates of number 1' refuses fourth.pem of-1.pem
check 'and accept those of number 2' verifies fourth.pem tls/current/cert.pem
expect 5 'no number before the active one' node $first ca bundle --checkpoint net/genesis --format cross --out none.pem
one_token_key() { [ "$(fetch .well-known/jwks.json | grep -o '"kid"' | wc -l)" = 1 ]; }
check 'one key of tokens is published' one_token_key
terms back.yaml 'replace: 1'
expect 6 'adds and changes nothing' node 1 change draft --out back --services back.yaml --activation +6
for n in 1 2 3 4; do
    case $(cat net/node-$n/log) in
    *event=equivocation_noticed* | *event=offence_proven* | *event=fail_proven* | *event=state_root_mismatch* | *event=identity_convicted*)
        wrong "node-$n: $(grep -E 'equivocation|offence|fail_proven|mismatch|convicted' net/node-$n/log)" ;;
    esac
done
finish

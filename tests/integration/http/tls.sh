#!/bin/sh
# HTTP beyond this machine: mutual TLS or nothing.
root=$(cd "$(dirname "$0")/../../.." && pwd)
. "$root/tests/integration/cli/lib.sh"
cd "$WORK" || exit 2
network 2 1000 2
sign alpha beta
"$TOOLS/free_port" 1 >http_port
port=$(cat http_port)
# authority NAME; certificate NAME AUTHORITY PURPOSE
authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.pem" -days 2 \
        -subj "/CN=$1" -addext 'basicConstraints=critical,CA:TRUE' 2>/dev/null
}
certificate() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.csr" -subj "/CN=$1" 2>/dev/null
    printf 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=%s\n' "$3" >"$1.ext"
    openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -days 2 -extfile "$1.ext" -out "$1.pem" 2>/dev/null
}
authority site
authority other
certificate server site serverAuth
certificate client site clientAuth
certificate stranger other clientAuth
certificate signer site codeSigning
certificate any site anyExtendedKeyUsage
openssl x509 -req -in client.csr -CA site.pem -CAkey site.key -days 2 -out purposeless.pem 2>/dev/null

# --- an address that others can reach
sed -i "s/^  admin: admin.sock/&\n  http: 0.0.0.0:$port/" node-1/assayd.yaml
expect 2 'can be reached from other machines' "$ASSAYD" --config node-1/assayd.yaml --check-config
printf 'http: { certificate: ../server.pem, key: ../server.key }\n' >>node-1/assayd.yaml
expect 2 'certificate, key and clients belong together' "$ASSAYD" --config node-1/assayd.yaml --check-config
sed -i 's/^http: .*/http: { certificate: ..\/server.pem, key: ..\/server.key, clients: ..\/site.pem }/' node-1/assayd.yaml
expect 0 'fit to run' "$ASSAYD" --config node-1/assayd.yaml --check-config

# --- files that are not there
for of in certificate:server.pem key:server.key clients:site.pem; do
    mv "${of#*:}" away
    expect 1 "http.${of%:*}: " timeout 20 "$ASSAYD" --config node-1/assayd.yaml
    case $out in *"${of#*:}: no such file"*) ;; *) wrong "which file? $out" ;; esac
    mv away "${of#*:}"
done

# --- who is answered
start 1
url=https://127.0.0.1:$port/livez
by() { curl -sS -m 10 --cacert site.pem "$@" "$url"; }
check 'who has a certificate is answered' until_true 20 by --cert client.pem --key client.key
expect 0 '"ok":true' by --cert client.pem --key client.key
for who in 'a client without a certificate' 'a certificate of another authority'; do
    certificate_of=
    [ "$who" = 'a client without a certificate' ] || certificate_of='--cert stranger.pem --key stranger.key'
    # shellcheck disable=SC2086
    out=$(by $certificate_of 2>&1)
    got=$?
    check "$who is not answered" test "$got" -ne 0
    case $out in *'"ok"'*) wrong "$who read: $out" ;; esac
done
# Of the right authority, and for another purpose.
for who in server signer any purposeless; do
    key=$who
    [ "$who" = purposeless ] && key=client
    out=$(by --cert $who.pem --key $key.key 2>&1)
    case $out in *'"ok"'*) wrong "a certificate that is not for clients ($who) read: $out" ;; esac
    checks=$((checks + 1))
done
# Versions that are broken, by a client that would take them.
for version in -tls1 -tls1_1; do
    out=$(printf 'GET /livez HTTP/1.0\r\n\r\n' | timeout 10 openssl s_client $version -cipher 'ALL:@SECLEVEL=0' \
        -connect "127.0.0.1:$port" -cert client.pem -key client.key -quiet 2>&1)
    case $out in *'"ok"'*) wrong "$version is spoken" ;; esac
    checks=$((checks + 1))
done
for version in -tls1_2 -tls1_3; do
    check "$version is spoken" sh -c "printf 'GET /livez HTTP/1.0\r\n\r\n' | timeout 10 openssl s_client $version \
        -connect 127.0.0.1:$port -cert client.pem -key client.key -quiet 2>&1 | grep -q '\"ok\"'"
done
out=$(curl -sS -m 5 "http://127.0.0.1:$port/livez" 2>&1)
case $out in *'"ok"'*) wrong "without TLS somebody read: $out" ;; esac
expect 0 '"schema":"assay.status"' curl -sS -m 10 --cacert site.pem --cert client.pem --key client.key "https://127.0.0.1:$port/v1/status"
out=$(curl -sS -m 10 --cacert site.pem --cert client.pem --key client.key "https://127.0.0.1:$port/metrics" |
    sed -n 's/^assay_http_certificate_expiry_seconds //p')
check "metrics say when the certificate ends: $out" test "${out:-0}" -gt 172000 -a "${out:-0}" -le 172800
# --- commands at the socket have no certificate, and say what to do
expect 0 "0.0.0.0:$port (listen.http) demands client certificates" ask 1 explain node-2
expect 3 "0.0.0.0:$port (listen.http) demands client certificates" ask 1 report --html page.html
case $out in *'--context NAME'*) ;; *) wrong "it does not name the context: $out" ;; esac
check 'no page is written' test ! -e page.html
kill "$pid_1"
wait "$pid_1"

# --- a key that is not the certificate's
sed -i 's/server\.key/client.key/' node-1/assayd.yaml
expect 1 'certificate and key' timeout 20 "$ASSAYD" --config node-1/assayd.yaml
finish

#!/bin/sh
# HAProxy with packaging/haproxy/assay.lua and the settings of docs/http.md 7: which keys of TLS clients it lets in, and
# that it denies when no node can tell.
root=$(cd "$(dirname "$0")/../../.." && pwd)
. "$root/tests/integration/cli/lib.sh"
haproxy=$(command -v haproxy || echo /usr/sbin/haproxy)
[ -x "$haproxy" ] || { echo 'haproxy is not installed'; exit 77; }
cd "$WORK" || exit 2
"$TOOLS/free_port" 9 >ports
port() { sed -n "${1}p" ports; }
http=$(port 1) tls=$(port 5) app=$(port 6) none=$(port 7) unlike=$(port 8)
expect 0 'trust domain assay.test' "$ASSAY" setup local --dir net --identity --port 0 --epoch-ms 1500
[ -f net/genesis ] || finish
node() { # node NUMBER WORDS...
    number=$1
    shift
    "$ASSAY" "$@" --socket "net/node-$number/admin.sock"
}
begin() {
    "$ASSAYD" --config "net/node-$1/assayd.yaml" 2>>"net/node-$1/log" </dev/null &
    started="$started $!"
    eval "pid_$1=$!"
}
for n in 1 3; do
    sed -i "s/^  admin: admin.sock/&\n  http: 127.0.0.1:$(port "$n")/" "net/node-$n/assayd.yaml"
    printf 'http: { local_role: service }\n' >>"net/node-$n/assayd.yaml"
done
client() { # client NAME: a key with a certificate that it signed itself
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.pem" -subj "/CN=$1" \
        -days 2 2>/dev/null
}
client api
client stranger
client server
cat server.key server.pem >both.pem
base64_of() { grep -v -- '---' "$1.pem" | tr -d '\n'; }

# --- the settings of the page; certificates of any authority pass TLS, so that the script decides alone
# configure FILE NODES PORT
configure() {
    sed -n '/^global$/,/^    server app/p' "$root/docs/http.md" |
        sed "s|127.0.0.1:8080 127.0.0.1:8081|$2|; s|/usr/share/assay/haproxy.lua|${script:-$root/packaging/haproxy/assay.lua}|
            s|bind :443|bind 127.0.0.1:$3|; s|crt server.pem|crt $WORK/both.pem|; s|127.0.0.1:8000|127.0.0.1:$app|
            s|ca-file ca.pem verify required|ca-file $WORK/server.pem verify optional ca-ignore-err all crt-ignore-err all|" >"$1"
    cat >>"$1" <<END
frontend application
    bind 127.0.0.1:$app
    http-request return status 200 content-type text/plain lf-string "served to %[req.hdr(Assay-Member)]%[req.hdr(Assay-Key)]\n"
END
}
serve() { # serve FILE: HAProxy in the foreground of a background process
    "$haproxy" -db -f "$1" >>haproxy.log 2>&1 &
    proxies="$proxies $!"
}
proxies=
trap 'kill $proxies 2>/dev/null; stop_all' EXIT
configure one.cfg "127.0.0.1:$none 127.0.0.1:$http" "$tls"
check 'the page has two nodes' grep -q "ASSAY_NODES \"127.0.0.1:$none 127.0.0.1:$http\"" one.cfg
check 'HAProxy takes the settings' "$haproxy" -c -f one.cfg
serve one.cfg
# is STATUS WHO [OPTION...]: of a client with this certificate, or without one (nobody)
is() {
    want=$1 who=$2
    shift 2
    [ "$who" = nobody ] || set -- --cert "$who.pem" --key "$who.key" "$@"
    [ "$(curl -s -k -m 30 -o web -w '%{http_code}' "$@" "https://127.0.0.1:$tls/")" = "$want" ]
}
check 'without nodes everyone is denied' until_true 20 is 403 stranger
for n in 1 2 3 4; do begin $n; done
epoch_is() { [ "$(node 1 status --json | sed -n 's/^ *"epoch": \([0-9]*\).*/\1/p' | head -1)" -ge "$1" ]; }
check 'node-1 closes epochs' until_true 60 epoch_is 4

# --- who is let in: the first node of the list is no one, the second decides
check 'a stranger is denied' is 403 stranger
check 'and a client without a certificate' is 403 nobody
check 'the key that no one declared yet' is 403 api
register() { /usr/bin/python3 "$root/tests/integration/http/workload_key.py" net/node-2/service.sock api.key api; }
check 'a program registers its key' until_true 30 register
check 'it is let in' until_true 60 is 200 api
member=$(node 2 status --json | sed -n 's/^ *"node_id": "\([0-9a-f]*\)".*/\1/p' | head -1)
check 'the application reads the member' grep -q "^served to $member$" web
check 'and none that the client names' is 200 api -H 'Assay-Member: 00' -H 'Assay-Key: 00'
check 'but the real one' grep -q "^served to $member$" web
check 'a header of a stranger decides nothing' is 403 stranger -H "X-Assay-Certificate: $(base64_of api)"
check 'or of a client without a certificate' is 403 nobody -H "X-Assay-Certificate: $(base64_of api)"

# --- a script that lets in what no node decided is found out by the tests below
sed 's/return "deny", "no_answer", ""/return "allow", "no_answer", ""/' "$root/packaging/haproxy/assay.lua" >open.lua
cmp -s open.lua "$root/packaging/haproxy/assay.lua" && wrong 'the script has no such line'
script=$WORK/open.lua
configure two.cfg "127.0.0.1:$none" "$unlike"
serve two.cfg
opens() { [ "$(curl -s -k -m 30 -o /dev/null -w '%{http_code}' --cert stranger.pem --key stranger.key "https://127.0.0.1:$unlike/")" = 200 ]; }
check 'which lets a stranger in' until_true 20 opens

# --- the close that suspends its member ends it
kill "$pid_2"
wait "$pid_2"
check 'denied with its member' until_true 120 is 403 api
suspended() { [ "$(curl -s -H "X-Assay-Certificate: $(base64_of api)" "http://127.0.0.1:$http/v1/authorize" | grep -c '"suspended"')" = 1 ]; }
check 'which is suspended' until_true 120 suspended
check 'it stays denied' is 403 api
# --- no node can tell
for n in 1 3 4; do eval "kill \$pid_$n; wait \$pid_$n"; done
check 'denied where no node answers' is 403 api
finish

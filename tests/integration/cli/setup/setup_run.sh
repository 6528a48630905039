#!/bin/sh
# `assay setup local --start` and `--stop`: a network as processes that outlive the command, and none that is left when
# a start fails.
. "$(dirname "$0")/../lib.sh"
cd "$WORK" || exit 2

end_network() {
    "$ASSAY" setup local "$WORK/net" --stop >/dev/null 2>&1
    stop_all
}
trap end_network EXIT

processes() { ps -eo args= | grep -c "^assay.* $WORK/net/"; } # assayd and enclaves
# The daemon of a node: its number, empty where none runs.
daemon_of() { ps -eo pid=,args= | sed -n "s|^ *\([0-9]*\) [^ ]*assayd --config $WORK/net/node-$1/assayd.yaml\$|\1|p"; }
gone() { [ -z "$(daemon_of $1)" ]; }
none_runs() { [ "$(processes)" = 0 ]; }

# --- what is no such network
expect 5 'none: no network of `assay setup local` is there' "$ASSAY" setup local none --stop
expect 2 '--start or --stop, not both' "$ASSAY" setup local none --start --stop
expect 2 '--stop wants the folder, and nothing else' "$ASSAY" setup local none --stop --nodes 3
expect 2 'DIR or --dir DIR, not both' "$ASSAY" setup local none --dir none
mkdir other && : >other/somebodys
expect 6 'other: no network of `assay setup local` is there' "$ASSAY" setup local other --stop
expect 6 'other: no network of `assay setup local` is there' "$ASSAY" setup local other --start
check 'nothing was made' test ! -e none -a "$(ls other)" = somebodys

# --- made and started in one step; paths are those of this folder
expect 0 'net: 3 nodes of 1 operator on 2 vendors of SOFT platforms, INSECURE' \
    "$ASSAY" setup local net --nodes 3 --operators 1 --epoch-ms 2000 --port 0 --start
for said in 'node-1 answers (' ' answers (3 of 3)' 'net: 3 of 3 nodes answer; 3 programs started' '3 of 3 attested' \
    'assay status --socket net/node-1/admin.sock' 'assay setup local net --stop'; do
    case $out in *"$said"*) ;; *) wrong "expected \"$said\": $out" ;; esac
done
case $out in *"$WORK"*) wrong "an absolute path: $out" ;; esac
for n in 1 2 3; do
    pid=$(daemon_of $n)
    check "node-$n leads a session of its own" test "$(ps -o sid= -p "${pid:-0}" | tr -d ' ')" = "$pid"
    check "node-$n has its log in its folder" test -s net/node-$n/log
done

# --- once more: nothing but what does not run
first=$(daemon_of 1)
expect 0 'all 3 programs run already' "$ASSAY" setup local net --start
expect 6 'net: it is set up; give --start and nothing else' "$ASSAY" setup local net --start --nodes 4
expect 6 'it is set up already: `assay setup local net --start` starts it' "$ASSAY" setup local net
kill -KILL "$(daemon_of 2)"
check 'node-2 is gone' until_true 20 gone 2
expect 0 '3 of 3 nodes answer; 1 programs started' "$ASSAY" setup local "$WORK/net" --start
case $out in *'node-1: assayd runs already'*) ;; *) wrong "node-1 ran: $out" ;; esac
check 'node-1 ran on' test "$(daemon_of 1)" = "$first"
made 'setup local' "$WORK/net" running sentence -- "$ASSAY" setup local net --start

# --- its end, from another folder, also of a node that was started by hand
kill -TERM "$(daemon_of 3)"
check 'node-3 is gone' until_true 20 gone 3
(cd net/node-3 && exec "$ASSAYD" --config assayd.yaml >>log 2>&1 </dev/null) &
started="$started $!"
ln -s net/node-3 node-3
check 'node-3 runs, by hand' until_true 20 ask 3 status
# shellcheck disable=SC2016
expect 0 'net: 3 programs ended' sh -c 'cd / && exec "$@"' - "$ASSAY" setup local "$WORK/net" --stop
for n in 1 2 3; do
    case $out in *"node-$n: assayd ended"*) ;; *) wrong "node-$n: $out" ;; esac
done
check 'nothing is left' until_true 20 none_runs
expect 0 'net: nothing runs' "$ASSAY" setup local net --stop
made 'setup local' "$WORK/net" -- "$ASSAY" setup local net --stop
check 'the folder stays' test -s net/genesis -a -s net/node-1/log

# --- a configuration that is missing while its daemon runs
expect 0 '3 programs started' "$ASSAY" setup local net --start
mv net/node-3/assayd.yaml sound.yaml
expect 6 'net/node-3/assayd.yaml is missing' "$ASSAY" setup local net --start
expect 0 'net/node-3/assayd.yaml is missing; what runs is ended all the same' "$ASSAY" setup local net --stop
case $out in *'net: 3 programs ended'*) ;; *) wrong "all of them end: $out" ;; esac
check 'none is left, nor the one without configuration' until_true 20 none_runs
mv sound.yaml net/node-3/assayd.yaml

# --- started again with mutual TLS: the page has the address that the node serves
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout net/site.key -out net/site.pem -days 2 \
    -subj /CN=site -addext 'subjectAltName=IP:127.0.0.1' 2>/dev/null
chmod 600 net/site.key
web=$("$TOOLS/free_port" 1)
sed -i "s/^  admin: admin.sock/&\n  http: 127.0.0.1:$web/" net/node-1/assayd.yaml
printf 'http: { certificate: ../site.pem, key: ../site.key, clients: ../site.pem }\n' >>net/node-1/assayd.yaml
expect 0 "the page: https://127.0.0.1:$web/, with a client certificate" "$ASSAY" setup local net --start
case $out in *http://*) wrong "an address without TLS: $out" ;; esac
expect 0 'openssl pkcs12 -export' "$ASSAY" setup local net --start
expect 0 'programs ended' "$ASSAY" setup local net --stop

# --- a start that fails leaves nothing that it started
cp net/node-3/assayd.yaml sound.yaml
sed 's/gossip: 127.0.0.1:.*/gossip: 127.0.0.1:1x/' sound.yaml >net/node-3/assayd.yaml
expect 1 'node-3: assayd ended; net/node-3/log: assayd: ' "$ASSAY" setup local net --start
case $out in *'net: the network stays, with its logs'*'`assay setup local net --start`'*) ;; *) wrong "how to go on? $out" ;; esac
check 'none of the three runs' none_runs
cp sound.yaml net/node-3/assayd.yaml
"$ASSAY" setup local net --start >interrupted.out 2>&1 &
command=$!
runs() { [ -n "$(daemon_of 1)" ]; }
check 'a start begins' until_true 20 runs
kill -INT $command
wait $command
status=$?
if [ $status -eq 0 ]; then wrong "it was not interrupted: $(cat interrupted.out)"; fi
check "interrupted, and none runs: $(cat interrupted.out)" none_runs

finish

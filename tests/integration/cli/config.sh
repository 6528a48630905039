#!/bin/sh
# Configuration in layers, as an operator meets it: `assay config`, and a daemon that is started by it.
. "$(dirname "$0")/lib.sh"
network 2 500 2
sign alpha beta
cd "$WORK" || exit 2
FILE=node-1/assayd.yaml
mkdir node-1/assayd.d

# --- check, and what it names
expect 0 "$FILE: valid (0 files of its folder, 0 values of" "$ASSAY" config check $FILE
printf 'log:\n  level: debug\n' >node-1/assayd.d/20-log.yaml
printf 'log: { level: warning }\nlimits: { verify_threads: 2 }\n' >node-1/assayd.d/10-base.yaml
expect 0 'valid (2 files of its folder, 1 value of' "$ASSAY" config check $FILE --set log.format=json
expect 2 'node-1/assayd.d/30.yaml:1:8: unknown key "levle"; is "level" meant?' sh -c \
    "echo 'log: { levle: x }' >node-1/assayd.d/30.yaml; '$ASSAY' config check $FILE"
rm node-1/assayd.d/30.yaml
expect 2 '$ASSAY_LOG__LEVEL: log.level: expected error, warning, info or debug, found "loud"' \
    env ASSAY_LOG__LEVEL=loud "$ASSAY" config check $FILE
expect 0 'valid (' env ASSAY_LOG__LEVEL=loud "$ASSAY" config check $FILE --no-environment
expect 2 'is "log.level" meant?' env ASSAY_LOG__LEVLE=info "$ASSAYD" --config $FILE --check-config
expect 2 '--set log.levels: unknown key' "$ASSAYD" --config $FILE --set log.levels=info --check-config
expect 2 '"code": "usage"' "$ASSAY" config check $FILE --set log.level=loud --json
expect 5 'cannot be opened' sh -c "'$ASSAY' config check none.yaml || { s=\$?; [ \$s -eq 2 ] && exit 5; }"

# --- who may change what decides: configuration, genesis, state, hooks, programs, keys and authorities of HTTP, the folders
# of sockets; by itself, by its folder, by a link to it or the folder of that link
genesis=$(sed -n 's/^ *genesis: *//p' $FILE | head -n 1)
state=$(sed -n 's/^ *state_dir: *//p' $FILE | head -n 1)
mkdir -p "node-1/$state"
printf '#!/bin/sh\n' >hook && chmod 0755 hook
hook="enforcement: { targets: [{ name: shop, driver: hook, path: $WORK/hook }] }"
printf '%s\n' "$hook" >node-1/assayd.d/40-hook.yaml
expect 0 'fit to run' "$ASSAYD" --config $FILE --check-config
for open in "$FILE" node-1/assayd.d node-1/assayd.d/40-hook.yaml "node-1/$genesis" "node-1/$state" hook; do
    mode=$(stat -c %a "$open")
    chmod o+w "$open"
    expect 2 'chmod go-w' "$ASSAYD" --config $FILE --check-config
    chmod "$mode" "$open"
done
expect 0 'fit to run' "$ASSAYD" --config $FILE --check-config
# What earlier versions left in the place of the folder of sockets, and a path without room for the names in it.
: >node-1/admin.svcs
expect 2 'admin.svcs: expected the folder of listen.services, found a file: remove it' "$ASSAYD" --config $FILE --check-config
rm node-1/admin.svcs
expect 2 'listen.services: the folder of the sockets of services has a path of 98 bytes, expected at most 90' \
    "$ASSAYD" --config $FILE --check-config --set "listen.services=/$(printf 'x%.0s' $(seq 97))"
# The hook lies behind a link now; the enclave, what HTTP shows and whom it trusts, and a role's socket in folders.
mkdir hooks links own web
mv hook hooks/hook && ln -s ../hooks/hook links/hook && ln -s "$WORK/web/key.pem" links/key.pem
cp "$BIN/assay-enclave" own/enclave && echo pem >web/cert.pem && echo pem >web/ca.pem
(umask 077 && echo pem >web/key.pem)
mkdir -p node-1/admin.svcs/holder
chmod 755 hooks links own web node-1/admin.svcs node-1/admin.svcs/holder
cat >node-1/assayd.d/40-hook.yaml <<END
listen: { http: "127.0.0.1:1" }
enforcement: { targets: [{ name: shop, driver: hook, path: $WORK/links/hook }] }
enclave: { path: $WORK/own/enclave }
http: { certificate: $WORK/web/cert.pem, key: $WORK/links/key.pem, clients: $WORK/web/ca.pem }
END
expect 0 'fit to run' "$ASSAYD" --config $FILE --check-config
for open in hooks hooks/hook links own own/enclave web web/cert.pem web/ca.pem node-1/admin.svcs node-1/admin.svcs/holder; do
    mode=$(stat -c %a "$open")
    chmod o+w "$open"
    expect 2 "$open: others may change it" "$ASSAYD" --config $FILE --check-config
    chmod "$mode" "$open"
done
chmod 0644 web/key.pem
expect 2 'web/key.pem: a key must be a readable regular file of mode 0600, found mode 0644' \
    "$ASSAYD" --config $FILE --check-config
chmod 0600 web/key.pem
expect 0 'fit to run' "$ASSAYD" --config $FILE --check-config
rm node-1/assayd.d/40-hook.yaml
# Folders of sockets that need not be there yet, and of the journal; a socket has the rights that its maker gave it.
mkdir -m 0755 sockets admins born orders engine
: >orders/log && chmod 644 orders/log && : >engine/sock && chmod 666 engine/sock
cat >node-1/assayd.d/40-sockets.yaml <<END
listen: { admin: $WORK/admins/a, http: $WORK/sockets/http }
enclave: { service: $WORK/born/service }
enforcement:
  journal: $WORK/orders/log
  targets: [{ name: box, driver: container, socket: $WORK/engine/sock, container: box }]
END
expect 0 'fit to run' "$ASSAYD" --config $FILE --check-config
for open in sockets admins born orders orders/log engine; do
    mode=$(stat -c %a "$open")
    chmod o+w "$open"
    expect 2 "$open: others may change it" "$ASSAYD" --config $FILE --check-config
    chmod "$mode" "$open"
done
rm node-1/assayd.d/40-sockets.yaml

# --- the same of what programs of services read
mkdir programs && chmod 755 programs
printf 'service_version: 1\ndaemon: ../node-1/admin.svcs\nlisten: 127.0.0.1:1\ngroup: 0\n' >programs/replica.yaml
expect 0 '' "$BIN/assay-replica" --config programs/replica.yaml --check-config
for open in programs programs/replica.yaml; do
    mode=$(stat -c %a "$open")
    chmod o+w "$open"
    expect 2 "$open: others may change it" "$BIN/assay-replica" --config programs/replica.yaml --check-config
    chmod "$mode" "$open"
done
printf 'anchor_version: 1\nrpc: http://127.0.0.1:1\n' >programs/anchor.yaml && chmod 646 programs/anchor.yaml
expect 2 'anchor.yaml: others may change it' "$ASSAY" anchor show --config programs/anchor.yaml
# The folder of a file that is not named .yaml has the whole name.
cp $FILE node-1/node.conf
mkdir -m 0777 node-1/node.conf.d
expect 2 'node.conf.d: others may change it' "$ASSAYD" --config node-1/node.conf --check-config
rm -r node-1/node.conf node-1/node.conf.d

# --- show: what it comes to is a configuration again, and comes to the same
expect 0 'level: debug' "$ASSAY" config show $FILE
"$ASSAY" config show $FILE --no-environment >node-1/flat.yaml
check 'what show prints can be read' "$ASSAY" config check node-1/flat.yaml --no-environment
expect 0 'both come to the same' "$ASSAY" config diff $FILE node-1/flat.yaml --no-environment
check 'and starts a daemon' "$ASSAYD" --config node-1/flat.yaml --check-config
ASSAY_LIMITS__DRAIN_MS=100 "$ASSAY" config show $FILE --origin --set evidence.deadline_ms=500 >origin
for line in 'level: debug *# node-1/assayd.d/20-log.yaml:2$' \
    'verify_threads: 2 *# node-1/assayd.d/10-base.yaml:2$' 'kind: soft *# node-1/assayd.yaml:10$' \
    'drain_ms: 100 *# $ASSAY_LIMITS__DRAIN_MS$' 'deadline_ms: 500 *# --set evidence.deadline_ms$' \
    'close_ms: 3000 *# default$' 'address: 127.0.0.1:[0-9]* *# node-1/assayd.yaml:1[0-9]$'; do
    check "show --origin has $line: $(cat origin)" grep -q "$line" origin
done
expect 0 '"layer": "folder"' "$ASSAY" config show $FILE --json
expect 0 '"reload": "live"' "$ASSAY" config show $FILE --json

# --- secrets are not printed, wherever they were said
SECRET=hunter2-hunter2
for url in "https://u:$SECRET@example.com/" "http://example.com/$SECRET"; do
    expect 2 'expected https:// and a host, without a user name' "$ASSAY" config check $FILE \
        --set "enforcement.targets=[{name: w, driver: webhook, url: '$url', secret: hook.key}]"
    case $out in *hunter2*) wrong "a refused URL is printed with its secret: $out" ;; esac
done
set -- --set "enforcement.targets=[{name: w, driver: webhook, url: 'https://example.com/$SECRET', secret: hook.key}, {name: h, driver: hook, path: /bin/true, arguments: [--token, $SECRET]}]"
for verb in "show $FILE" "show $FILE --origin" "show $FILE --json" "check $FILE --json"; do
    # shellcheck disable=SC2086
    expect 0 '' "$ASSAY" config $verb "$@"
    case $out in *hunter2*) wrong "$verb prints a secret: $out" ;; esac
    case $verb in check*) ;; *) case $out in *"(hidden)"*) ;; *) wrong "$verb hides nothing: $out" ;; esac ;; esac
done

# --- diff
cp $FILE node-1/other.yaml
sed -i 's/kind: soft/kind: soft\n  deadline_ms: 700/' node-1/other.yaml
printf 'log: { format: json }\n' >>node-1/other.yaml
expect 0 '+ evidence.deadline_ms: 700  (restart)' "$ASSAY" config diff $FILE node-1/other.yaml
case $out in *'- log.level: debug  (live)'*'+ log.level: info  (live)'*) ;; *) wrong "diff: $out" ;; esac
case $out in *genesis*) wrong "diff names what is the same: $out" ;; esac
expect 0 '"key": "evidence.deadline_ms"' "$ASSAY" config diff $FILE node-1/other.yaml --json
expect 2 'usage: assay config check' "$ASSAY" config
expect 2 'expected A B, found 1 argument' "$ASSAY" config diff $FILE
expect 0 'usage: assay config' "$ASSAY" config --help

# --- what is insecure is taken by name or not at all
expect 2 'can be reached from other machines' "$ASSAY" config check $FILE --set listen.http=0.0.0.0:8080
expect 2 'insecure must name http-without-tls' "$ASSAYD" --config $FILE --check-config --set listen.http=0.0.0.0:8080
expect 0 'INSECURE: http-without-tls' "$ASSAYD" --config $FILE --check-config \
    --set listen.http=0.0.0.0:8080 --set 'insecure=[http-without-tls]'
expect 2 'insecure[0]: expected http-without-tls or software-evidence, found "all"' \
    "$ASSAY" config check $FILE --set 'insecure=[all]'

# --- the daemon runs by all of it, and says what is insecure wherever it is asked
port=$("$TOOLS/free_port" 1)
ASSAY_LOG__FORMAT=json "$ASSAYD" --config $FILE --set "listen.http=0.0.0.0:$port" \
    --set 'insecure=[http-without-tls]' >node-1/log 2>&1 </dev/null &
started="$started $!"
started_1=$!
check 'it runs' until_true 20 test -S node-1/admin.sock
check 'every line of its log is JSON' until_true 10 grep -q '"event":"insecure_setting".*"name":"http-without-tls"' node-1/log
check 'every line of its log is JSON' sh -c "! grep -v '^{.*}\$' node-1/log"
check 'status says it to people' sh -c "'$ASSAY' status --socket node-1/admin.sock | grep -q '^INSECURE  *accepted by its configuration: http-without-tls'"
check 'status says it' sh -c "'$ASSAY' status --socket node-1/admin.sock --json | tr -d '\\n ' | grep -q '\"insecure_settings\":\\[\"http-without-tls\"\\]'"
expect 0 'INSECURE       accepted by the configuration of the node that answers: http-without-tls' \
    "$ASSAY" explain node-1 --socket node-1/admin.sock
check 'explain says it' sh -c "'$ASSAY' explain node-1 --socket node-1/admin.sock --json | tr -d '\\n ' | grep -q '\"insecure_settings\":\\[\"http-without-tls\"\\]'"
check 'readyz says it' sh -c "curl -s http://127.0.0.1:$port/readyz | grep -q 'INSECURE, accepted: http-without-tls'"
check 'status of HTTP says it' sh -c "curl -s http://127.0.0.1:$port/v1/status | tr -d '\\n ' | grep -q '\"insecure_settings\":\\[\"http-without-tls\"\\]'"
check 'and metrics' sh -c "curl -s http://127.0.0.1:$port/metrics | grep -q '^assay_insecure_mode 1'"
kill -TERM $started_1
wait $started_1
check 'it ends with 0' test $? -eq 0

# --- to the journal, when that is what standard error is, and not when it was once
: >node-1/journal
JOURNAL_STREAM=$(stat -c %d:%i node-1/journal) "$ASSAYD" --config $FILE 2>node-1/journal </dev/null &
started="$started $!"
started_1=$!
check 'lines have priorities' until_true 20 grep -q '^<6>event=node_open node=node-1 ' node-1/journal
check 'and no date' sh -c "! grep -q '^ts=' node-1/journal"
kill -TERM $started_1
wait $started_1
JOURNAL_STREAM=1:2 "$ASSAYD" --config $FILE >node-1/log 2>&1 </dev/null &
started="$started $!"
started_1=$!
check 'a file that is no journal has lines of its own' until_true 20 grep -q '^ts=.* event=node_open' node-1/log
kill -TERM $started_1
wait $started_1
finish

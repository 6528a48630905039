#!/bin/sh
# `assay doctor` with the daemon running and not, and each fault that it must find.
. "$(dirname "$0")/lib.sh"
network 4 500 2
sign alpha beta
cd "$WORK" || exit 2
doctor() { "$ASSAY" doctor --config node-1/assayd.yaml "$@"; }

# --- before the start: SOFT and no daemon are warnings, nothing fails
expect 10 ' 0 fail' doctor
for text in 'ok    configuration  node-1/assayd.yaml' 'ok    genesis' 'warn  policy         profile development' \
    'ok    keys ' 'ok    state' 'does not exist yet; assayd creates it' 'ok    permissions' 'ok    disk' 'ok    enclave.path' 'ok    restore_path' 'ok    evidence       soft: it opens' \
    'ok    descriptors' 'ok    listen.admin' 'ok    listen.gossip  127.0.0.1:' 'ok    collateral     of genesis' \
    'warn  daemon' 'expected: a daemon that answers' 'do: start it: assayd'; do
    case $out in *"$text"*) ;; *) wrong "doctor does not say \"$text\": $out" ;; esac
done
expect 10 '"schema": "assay.doctor"' doctor --json
printf '%s' "$out" >said
check 'every check has all it needs' /usr/bin/python3 - <<'END'
import json
d = json.load(open("said"))["data"]
assert d["daemon"] is False and d["health"] == "warn" and len(d["checks"]) > 10, d
for c in d["checks"]:
    assert c["health"] in ("ok", "warn", "fail") and c["check"] and c["found"], c
    assert c["health"] == "ok" or (c["expected"] and c["advice"]), c
END

# --- faults, one at a time
finds() { # finds TEXT COMMAND: after the command the doctor fails with TEXT, before it not
    cp -r node-1 kept
    cp genesis genesis.kept
    sh -c "$2" || wrong "could not: $2"
    expect 11 "$1" doctor
    chmod -R u+rwX node-1
    rm -rf node-1 genesis
    mv kept node-1
    mv genesis.kept genesis
}
finds 'fail  configuration  node-1/assayd.yaml:2:1: unknown key "nod"' "sed -i 's/^node:/nod:/' node-1/assayd.yaml"
finds 'fail  genesis' 'rm genesis; : >genesis'
finds 'node-1/../genesis: is text, expected a genesis' 'echo note >genesis'
expect 11 'nofile.yaml: cannot be opened' "$ASSAY" doctor --config nofile.yaml
case $out in *'do: name the file that assayd reads'*) ;; *) wrong "no advice about a missing file: $out" ;; esac
# What assayd refuses: the same list of files.
finds '/node-1/assayd.yaml: others may change it: mode 0666, expected 0644' 'chmod 666 node-1/assayd.yaml'
finds '/genesis: others may change it: mode 0666, expected 0644' 'chmod 666 genesis'
finds '/node-1/other: others may change it: mode 0777, expected 0755' \
    "cp '$BIN/assay-enclave' node-1/other; chmod 777 node-1/other; sed -i 's,  path: .*,  path: other,' node-1/assayd.yaml"
case $out in *'fail  permissions '*) ;; *) wrong "which check is it? $out" ;; esac
finds 'node-1/keys: others may put files into this folder of keys: mode 0775' 'chmod 775 node-1/keys'
finds 'do: of a member: bring it back from its back-up' 'rm -r node-1/keys'
# Readable names, private files: assayd starts, so it is a warning.
chmod 755 node-1/keys
expect 10 'warn  keys           node-1/keys: a folder, mode 0755' doctor
chmod 700 node-1/keys
finds 'fail  keys           node-1/keys/identity.key: a key must be a readable regular file of mode 0600, found mode 0644' \
    'chmod 644 node-1/keys/identity.key'
# Keys of two nodes in one folder, each file as good as the other.
finds 'fail  keys           node-1/keys: the identity key is of another node than the card of "node-1", node.yaml' \
    'cp -p node-2/keys/identity.key node-1/keys/'
finds 'key is of another node than the card of "node-1"' 'cp -p node-2/keys/bootstrap.key node-1/keys/'
# A damaged store: what a crash or a disk leaves is found before the daemon is started on it.
finds 'fail  store ' 'mkdir -m 700 node-1/state; head -c 8192 /dev/urandom >node-1/state/store.sqlite; chmod 600 node-1/state/store.sqlite'
finds '/node-1/state: others may change it: mode 0777, expected 0755' 'mkdir node-1/state; chmod 777 node-1/state'
finds 'fail  evidence       soft: node-1/platform.key: there is no such file' 'rm node-1/platform.key'
finds 'platform.key: a key must be a readable regular file of mode 0600, found mode 0666' 'chmod 666 node-1/platform.key'
finds 'fail  restore_path' "sed -i 's,restore_path: .*,restore_path: /nowhere/enclave,' node-1/assayd.yaml"
finds 'its SHA-256 is no reference value of the policy' \
    "cp /bin/true node-1/other; sed -i 's,  path: .*,  path: other,' node-1/assayd.yaml"
finds 'fail  listen.gossip' "sed -i 's,gossip: .*,gossip: 192.0.2.1:7101,' node-1/assayd.yaml"
finds 'fail  listen.admin' ': >node-1/admin.sock'
# The certificate of HTTP: good for long, not for long, ended, none at all.
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout http.key -out http.csr -subj /CN=x 2>/dev/null
pem() { openssl x509 -req -in http.csr -signkey http.key -days "$1" -out http.pem 2>/dev/null; }
cp node-1/assayd.yaml assayd.kept
cat >>node-1/assayd.yaml <<'END'
http: { certificate: ../http.pem, key: ../http.key, clients: ../http.pem }
END
"$TOOLS/free_port" 1 >port
sed -i "s/^  admin: .*/&\n  http: 127.0.0.1:$(cat port)/" node-1/assayd.yaml
pem 100
expect 10 'ok    certificate    node-1/../http.pem ends at 20' doctor
pem 3
expect 10 'warn  certificate    node-1/../http.pem ends at 20' doctor
case $out in *'do: give http.certificate a new one'*) ;; *) wrong "no advice about the certificate: $out" ;; esac
pem -1
expect 11 'fail  certificate    node-1/../http.pem ended at 20' doctor
: >http.pem
expect 11 'fail  certificate    node-1/../http.pem: ' doctor
mv assayd.kept node-1/assayd.yaml
# Root looks at what is the daemon's user's as that user does.
if [ "$(id -u)" -eq 0 ]; then
    chmod 711 "$WORK"
    chown -R 12345 node-1/keys
    expect 11 'fail  evidence       soft: ' doctor # the platform is still root's
    chown 12345 node-1/platform.key
    expect 10 'ok    keys ' doctor
    expect 10 'ok    evidence ' doctor
    chown 54321 node-1/keys/bootstrap.key
    expect 11 'node-1/keys/bootstrap.key: belongs to user 54321, expected user 12345' doctor
    chown -R 0 node-1/keys node-1/platform.key
fi
few() { (ulimit -n 512 && doctor); }
expect 11 'fail  descriptors    limit 512 for a daemon that this user starts' few
expect 10 'warn  configuration  none was given' "$ASSAY" doctor --socket nothing.sock
case $out in *'0 fail'*) ;; *) [ -e /etc/assay/assayd.yaml ] || wrong "without a configuration: $out" ;; esac

# --- with the daemon
for i in 1 2 3; do start $i; done
for i in 1 2 3; do check "node-$i closes epochs" until_true 30 epoch_at_least $i 3; done
expect 10 'ok    daemon         node-1: ' doctor
for text in 'ok    clock          0.' 'ok    standing       FULL' 'ok    collateral     in force' \
    'ok    listen.gossip  127.0.0.1:' 'of the running daemon' 'warn  quorum         ' 'no more member may fail' \
    'warn  policy         profile development' ': the policy accepts it'; do
    case $out in *"$text"*) ;; *) wrong "doctor does not say \"$text\": $out" ;; esac
done
attested() { doctor | grep -q '^ok    attested       last in epoch '; }
check 'others attest it' until_true 20 attested
kill -KILL "$pid_3" && wait "$pid_3" 2>/dev/null
stopped() { doctor | grep -q '^fail  quorum '; }
check 'a network without a quorum is a failure' until_true 15 stopped

finish

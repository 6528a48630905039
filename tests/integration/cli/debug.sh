#!/bin/sh
# `assay debug bundle`: all that is promised is in it, and nothing secret, which is planted and looked for.
. "$(dirname "$0")/lib.sh"
network 2 500 2
sign alpha beta
cd "$WORK" || exit 2

# --- secrets where people put them
printf 'hunter2hunter2hunter2hunter2' >webhook.secret && chmod 600 webhook.secret
cat >>node-1/assayd.yaml <<'END'
# the password of the receiver is Pa55w0rd-in-a-comment
enforcement:
  targets:
    - name: hook
      driver: webhook   # token T0ken-behind-a-value
      url: "https://127.0.0.1:9/S3cret-in-an-address?key=K3y-in-a-query"
      secret: ../webhook.secret
END
start 1 && start 2
bundle() { "$ASSAY" debug bundle --out "$1" --config node-1/assayd.yaml --socket node-1/admin.sock; }
check 'node-1 closes epochs' until_true 30 epoch_at_least 1 3

expect 0 'files, nothing secret' bundle with-daemon.tar
expect 6 'File exists' bundle with-daemon.tar
check 'it is for its owner alone' test "$(stat -c %a with-daemon.tar)" = 600
mkdir out && tar xf with-daemon.tar -C out || wrong 'tar cannot read it'
for part in version.txt doctor.json status.json nodes.json counters.json timeline.json changes.json collateral.json \
    enforcement.json epochs.json config.txt state-folder.txt keys-folder.txt genesis.txt; do
    check "no $part" test -s out/assay-debug/$part
done
check 'documents of the daemon' grep -q '"sentence": ' out/assay-debug/status.json
check 'what doctor finds' grep -q '"schema":"assay.doctor"\|"schema": "assay.doctor"' out/assay-debug/doctor.json
check 'names and rights of keys' grep -q '^100600 .* identity.key$' out/assay-debug/keys-folder.txt
check 'the configuration' grep -q 'driver.*webhook' out/assay-debug/config.txt
check 'and its paths' grep -q 'webhook.secret' out/assay-debug/config.txt
check 'who signed' grep -q '^signatures ' out/assay-debug/genesis.txt

# --- none of the secrets, as they are and in hexadecimal
hidden() { # hidden TEXT: stands nowhere in the bundle
    ! grep -aqF -- "$1" with-daemon.tar
}
for text in hunter2 Pa55w0rd T0ken-behind S3cret-in K3y-in; do check "a secret is in it: $text" hidden "$text"; done
keys=0
for file in node-1/keys/*.key node-1/platform.key alpha.key beta.key node-1/keys/store.id; do
    hex=$(od -An -tx1 -v "$file" | tr -d ' \n')
    # Secrets stand at the end of these files, 32 bytes each behind two of CBOR.
    check "bytes of $file are in it" hidden "$(printf %s "$hex" | tail -c 64)"
    check "bytes of $file are in it, in capitals" hidden "$(printf %s "$hex" | tail -c 64 | tr a-f A-F)"
    check "$file is in it" /usr/bin/python3 -c 'import sys
sys.exit(open(sys.argv[1], "rb").read()[-32:] in open("with-daemon.tar", "rb").read())' "$file"
    keys=$((keys + 1))
done
check 'keys were looked for' test $keys -ge 5
# The search can find: what is public is found by it.
id=$(sed -n 's/^node_id: "\(.*\)"$/\1/p' node-1/keys/node.yaml)
hidden "$id" && wrong 'the search finds nothing'

# --- without a daemon, and with a configuration that does not hold
stop_one() { kill -KILL "$pid_1" && wait "$pid_1" 2>/dev/null; }
stop_one
expect 0 'files, nothing secret' bundle without-daemon.tar
mkdir gone && tar xf without-daemon.tar -C gone
check 'doctor says that nobody answers' grep -q '"daemon"' gone/assay-debug/doctor.json
echo 'nonsense: 1' >>node-1/assayd.yaml
expect 0 'files, nothing secret' bundle broken.tar
mkdir broken && tar xf broken.tar -C broken
check 'what is wrong with it' grep -q 'nonsense' broken/assay-debug/config-error.txt
expect 1 'nowhere/x.tar: No such file' bundle nowhere/x.tar
expect 2 '--config nofile: no such file' "$ASSAY" debug bundle --out nofile.tar --config nofile --socket nothing.sock
expect 2 '--config node-1: is a directory' "$ASSAY" debug bundle --out nofile.tar --config node-1 --socket nothing.sock
check 'no bundle of a wrong name' test ! -e nofile.tar

finish

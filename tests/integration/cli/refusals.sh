#!/bin/sh
# What assayd refuses before it says a word to the network: each with its exit status and its reason.
. "$(dirname "$0")/lib.sh"
network 2 500 2
sign alpha beta
cd "$WORK" || exit 2
cp -r node-1 kept

restore() {
    rm -rf node-1
    cp -rp kept node-1
}
config() { # config SED: node-1 with a changed configuration
    restore
    sed -i "$1" node-1/assayd.yaml
    "$ASSAYD" --config node-1/assayd.yaml --check-config
}
run() { # the daemon itself, which must end by itself: the time is a guard for a slow machine
    timeout 120 "$ASSAYD" --config node-1/assayd.yaml
}
cp -rp kept node-1

# --- usage
expect 2 'usage: assayd --config FILE' "$ASSAYD"
expect 2 'usage: assayd' "$ASSAYD" --config
expect 2 'usage: assayd' "$ASSAYD" --config node-1/assayd.yaml more
expect 2 'usage: assayd' "$ASSAYD" --frobnicate
mkfifo unwritten
expect 2 'is a FIFO, expected a regular file' timeout 10 "$ASSAYD" --config unwritten --check-config
expect 0 'usage: assayd' "$ASSAYD" --help
expect 2 'assayd: --confg: there is no such option; is "--config" meant?' "$ASSAYD" --confg node-1/assayd.yaml
expect 2 'assayd: --check-config: it takes no value' "$ASSAYD" --check-config=yes
expect 2 'assayd: --config: expected a value behind it' "$ASSAYD" --config
expect 2 'assayd: expected --config FILE, found none' "$ASSAYD"
expect 2 'assayd: expected options alone, found "more"' "$ASSAYD" --config node-1/assayd.yaml more

# --- every program has help with an example and its statuses, a version, and names what is wrong
for program in assayd assay-replica assay-holder assay-executor assay-signer assay-enclave assay-demo; do
    expect 0 'examples:' "$BIN/$program" --help
    case $out in usage:*'exit status: 0 '*) ;; *) wrong "help of $program: $out" ;; esac
    expect 0 "$program 0." "$BIN/$program" --version
    expect 2 "\`$program --help\` has details" "$BIN/$program" --halp
done
for program in assayd assay-replica assay-holder assay-executor assay-signer assay-demo; do
    expect 2 "$program: --halp: there is no such option; is \"--help\" meant?" "$BIN/$program" --halp
done
expect 1 'no channel at descriptor 3: assayd starts this program' "$BIN/assay-enclave" alone.sock 3>&-
for program in assay-replica assay-holder assay-executor assay-signer; do
    expect 2 "$program: expected --config FILE, found none" "$BIN/$program"
    expect 2 "$program: expected options alone, found \"x\"" "$BIN/$program" x
done
expect 0 'assayd ' "$ASSAYD" --version
expect 0 'fit to run' "$ASSAYD" --config node-1/assayd.yaml --check-config

# --- configuration
expect 2 'none.yaml: cannot be opened: No such file' "$ASSAYD" --config none.yaml
expect 2 'node-1/assayd.yaml:8:3: unknown key "admim"; is "admin" meant?' config 's/  admin:/  admim:/'
expect 2 ':7:11: listen.gossip: expected HOST:PORT' config 's/gossip: .*/gossip: somewhere/'
expect 2 ':1:17: config_version: this program reads version 1, found 2' config 's/^config_version: 1/config_version: 2/'
expect 2 'lacks its key "genesis"' config '/genesis/d'
expect 2 'state_dir: expected a text, found a list' config 's/state_dir: state/state_dir: [a]/'
expect 2 ':1:1: the file lacks its key "config_version"' config 's/^config_version.*//'
expect 2 'node.genesis: node-1/../policy.yaml: is a policy, expected a genesis' config 's,\.\./genesis,../policy.yaml,'
expect 2 'node.genesis: node-1/nosuch: there is no such file' config 's,\.\./genesis,nosuch,'
expect 2 'platform.key: is a file, expected a folder' config 's/keys_dir: keys/keys_dir: platform.key/'
expect 2 'evidence.kind: expected soft' config 's/kind: soft/kind: tdx-v4/'
expect 2 'a UNIX socket' config "s,admin: .*,admin: /$(printf 'p%.0s' $(seq 108)),"

# --- files that are named and not there
expect 2 'no-genesis: there is no such file' config 's,../genesis,../no-genesis,'
expect 2 'no-keys: there is no such folder' config 's/keys_dir: keys/keys_dir: no-keys/'
expect 2 'no-platform: there is no such file' config 's/platform.key/no-platform/'

# --- keys
restore
rm node-1/keys/bootstrap.key
expect 2 'node-1/keys/bootstrap.key: there is no such file' run
restore
chmod 644 node-1/keys/identity.key
expect 2 'node-1/keys/identity.key: a key must be a readable regular file of mode 0600, found mode 0644' run
restore
chmod 644 node-1/platform.key
expect 2 'node-1/platform.key: a key must be a readable regular file of mode 0600' run
restore
head -c 20 node-1/keys/incarnation.key >cut && cat cut >node-1/keys/incarnation.key
expect 2 'node-1/keys/incarnation.key: input ends inside a field' run
restore
chmod 775 node-1/keys
expect 2 'node-1/keys: others may put files into this folder of keys: mode 0775, expected 0700' run
restore
chmod 757 node-1
expect 2 'node-1: others may change it: mode 0757, expected 0755 (chmod go-w)' run # its configuration
restore
chmod 777 node-1
expect 2 'node-1: others may change it: mode 0777, expected 0755 (chmod go-w)' run
if [ "$(id -u)" -eq 0 ]; then
    restore
    chown 12345 node-1/keys
    expect 2 'node-1/keys: belongs to user 12345, expected user 0, who reads it, or root' run
    restore
    chown 12345 node-1/keys/bootstrap.key
    expect 2 'node-1/keys/bootstrap.key: belongs to user 12345' run
    restore
    chown 12345 node-1/platform.key
    expect 2 'node-1/platform.key: belongs to user 12345' run
fi
restore
: >node-1/platform.key
expect 2 'node-1/platform.key' run

# --- keys for life in a folder of their own, as credentials of systemd are
restore
mkdir node-1/credentials
mv node-1/keys/identity.key node-1/keys/bootstrap.key node-1/platform.key node-1/credentials
chmod 500 node-1/credentials
sed -i 's,keys_dir: keys,keys_dir: keys\n  identity_dir: ${CREDENTIALS_DIRECTORY},
    s,credential: .*,credential: ${CREDENTIALS_DIRECTORY}/platform.key,' node-1/assayd.yaml
expect 2 'node.identity_dir: $CREDENTIALS_DIRECTORY is not set' run
expect 0 'fit to run' env CREDENTIALS_DIRECTORY="$WORK/node-1/credentials" \
    "$ASSAYD" --config node-1/assayd.yaml --check-config

# --- images that the policy does not know
restore
expect 2 'enclave.restore_path: ' config 's,restore_path: .*,restore_path: no-image,'
expect 2 'node-1/assayd.yaml:14: enclave.restore_path: ' config 's,restore_path: .*,restore_path: no-image,'
expect 2 'there is no such file: put the enclave' config 's,restore_path: .*,restore_path: no-image,'
cp "$BIN/assay-enclave" tampered
printf x >>tampered
expect 2 "enclave.restore_path: node-1/../tampered: matches nothing in the policy: its mrenclave is $(sha256sum tampered | cut -d' ' -f1), expected $(sha256sum "$BIN/assay-enclave" | cut -d' ' -f1)" \
    config 's,restore_path: .*,restore_path: ../tampered,'
expect 2 'matches nothing in the policy' run # the start says the same, before the first message
expect 2 'enclave.path: ' config "s,  path: .*,  path: ../tampered,"

# --- strangers
restore
rm -r node-1/keys
"$ASSAY" keys generate node-1/keys --name node-1 >/dev/null
expect 0 'it begins where one joins it' "$ASSAYD" --config node-1/assayd.yaml --check-config
restore
mv genesis genesis.kept
sed -i 's/alpha/gamma/' plan.yaml # the name is under the signatures too
"$ASSAY" genesis create plan.yaml --out genesis >/dev/null
expect 2 'a signature does not verify' run
mv genesis.kept genesis

# --- another network on the state folder of this one
restore
cp genesis genesis.kept
"$ASSAYD" --config node-1/assayd.yaml >first 2>&1 &
first=$!
started="$started $first"
check 'the first start makes a store' until_true 30 test -f node-1/state/store.sqlite
check 'and is ready' until_true 30 test -S node-1/admin.sock
kill "$first" && wait "$first"
sed -i 's/^epoch_ms: .*/epoch_ms: 700/' plan.yaml
"$ASSAY" genesis create plan.yaml --out other.genesis >/dev/null
cp other.genesis genesis
sign alpha beta
expect 2 'node-1/state holds chain ' run
case $out in *"give that network's genesis, or a node.state_dir of its own"*) ;; *) wrong "$out" ;; esac
expect 2 'node-1/state holds chain ' "$ASSAYD" --config node-1/assayd.yaml --check-config
cp genesis.kept genesis
expect 0 'fit to run' "$ASSAYD" --config node-1/assayd.yaml --check-config
sed -i 's/^epoch_ms: .*/epoch_ms: 500/' plan.yaml

# --- the world: a port, a store, a socket that others have
restore
mkfifo hold
"$TOOLS/free_port" hold >held <hold &
started="$started $!"
exec 3>hold
until_true 5 test -s held || exit 2
sed -i "s/gossip: .*/gossip: 127.0.0.1:$(cat held)/" node-1/assayd.yaml
expect 1 'node-1/assayd.yaml:7: listen.gossip: cannot listen on tcp://127.0.0.1:' run
case $out in *'ddress already in use'*) ;; *) wrong "a port in use: $out" ;; esac
exec 3>&-
sed -i 's/gossip: .*/gossip: 192.0.2.1:7100/' node-1/assayd.yaml # TEST-NET: nobody has this address
expect 1 'annot assign requested address' run

restore
printf 'no database, but for long enough to be looked at as one ................................' \
    >node-1/state.file
mkdir -p node-1/state
cp node-1/state.file node-1/state/store.sqlite
chmod 600 node-1/state/store.sqlite
expect 1 'store.sqlite' run
restore
rm -rf node-1/state
: >node-1/state
expect 1 'node-1/state' run
restore
rm -rf node-1/state
sed -i 's,state_dir: state,state_dir: nowhere/deeper/state,' node-1/assayd.yaml
expect 1 'nowhere/deeper/state' run
restore
: >node-1/admin.sock
expect 1 'node-1/assayd.yaml:8: listen.admin: admin socket node-1/admin.sock is in use: expected a free name' run
check 'a file in the place of the socket is left alone' test -f node-1/admin.sock

# --- asking when nobody is there
expect 3 'is assayd running' "$ASSAY" status --socket nothing.sock
expect 3 'is a directory, expected the admin socket' "$ASSAY" nodes --socket "$WORK"
expect 2 'usage: assay permit' "$ASSAY" permit --class everything --socket nothing.sock
expect 2 'usage: assay explain' "$ASSAY" explain --socket nothing.sock
expect 2 'is not a command' "$ASSAY" frobnicate
expect 2 'usage: assay [--context NAME] COMMAND' "$ASSAY"
expect 0 'usage: assay [--context NAME] COMMAND' "$ASSAY" --help

finish

#!/bin/sh
# What --out may replace, and what the commands say of an output that cannot be written: files, devices, standard
# output. No daemon is needed.
. "$(dirname "$0")/lib.sh"
E=$(cd "$(dirname "$0")/../../../examples/evidence" && pwd)
network 4 1000 2
sign alpha
cd "$WORK" || exit 2
zeros=$(printf '0%.0s' $(seq 128))
quote() { "$ASSAY" soft quote node-1/platform.key --program /bin/true --report-data "$zeros" --out "$1"; }
kept() { # kept FILE COMMAND...: it ends with 6, names what is there, and FILE is what it was, mode and all
    file=$1
    shift
    before=$(stat -c '%F %a %i' "$file") && cp "$file" kept.copy
    expect 6 ' is there, which ' "$@"
    check "$file is as it was: $*" cmp -s "$file" kept.copy
    check "$file has the mode it had: $*" [ "$(stat -c '%F %a %i' "$file")" = "$before" ]
}

# --- what is no earlier output of the kind stays
cp genesis genesis.alpha
kept alpha.key quote alpha.key
kept genesis quote genesis
kept node-1/keys/identity.key quote node-1/keys/identity.key
kept plan.yaml quote plan.yaml
kept policy.yaml "$ASSAY" genesis create plan.yaml --out policy.yaml
kept alpha.key "$ASSAY" genesis create plan.yaml --out alpha.key
expect 6 'bears 1 signature' "$ASSAY" genesis create plan.yaml --out genesis
check 'a signed genesis is as it was' cmp -s genesis genesis.alpha
kept genesis "$ASSAY" policy export policy.yaml --format corim --out genesis
kept beta.key "$ASSAY" evidence verify node-1/sample.quote --collateral vendor-1 --policy policy.yaml \
    --ear beta.key --ear-key alpha.key
printf 'SQLite format 3\0pages' >store.sqlite
kept store.sqlite quote store.sqlite
kept store.sqlite "$ASSAY" share put alpha.key --key beta.key --name x --reader x --out store.sqlite
renew() { "$ASSAY" keys rotate --identity --config node-4/assayd.yaml --out "$1"; }
for file in alpha.key genesis policy.yaml node-4/keys/bootstrap.key node-4/keys/identity.key; do
    kept "$file" renew "$file"
done
check 'a refused output makes no key' [ ! -e node-4/keys/identity.next.key ]

# --- an earlier output is replaced, and keeps its mode; so does one that commands change in place
expect 0 '' quote again
chmod 640 again genesis
expect 0 '' quote again
check 'the mode is kept' [ "$(stat -c %a again)" = 640 ]
expect 0 'signed by 1 of 2' "$ASSAY" genesis sign genesis --key alpha.key
check 'the mode of a genesis is kept' [ "$(stat -c %a genesis)" = 640 ]
: >empty
expect 0 '' quote empty
expect 0 'request for a new identity key' renew node-4.identity
expect 0 'request for a new identity key' renew node-4.identity

# --- links, folders, devices
ln -s again link
expect 1 'link: is a symbolic link, expected a file' quote link
check 'a link stays one' [ -L link ]
mkdir folder
expect 1 'folder: is a directory, expected a file' quote folder
expect 1 '/dev/full: No space left on device' quote /dev/full
check '/dev/full is a device' [ -c /dev/full ]
expect 0 '' quote /dev/null
check '/dev/null is a device' [ -c /dev/null ]
mkfifo fifo
cat fifo >fifo.out &
started="$started $!"
expect 0 '' quote fifo
check 'a FIFO stays one' [ -p fifo ]
check 'what went through it' until_true 10 test -s fifo.out

# --- the cause of a failure
expect 1 'nosuch/x: No such file or directory' quote nosuch/x
expect 1 'nosuch/x: No such file or directory' renew nosuch/x
expect 1 'nosuch/x: No such file or directory' "$ASSAY" evidence verify node-1/sample.quote --collateral vendor-1 \
    --policy policy.yaml --ear nosuch/x --ear-key alpha.key
expect 1 'nosuch/x: No such file or directory' "$ASSAY" genesis create plan.yaml --out nosuch/x
expect 1 'nosuch/x: No such file or directory' "$ASSAY" policy export policy.yaml --format corim --out nosuch/x

# --- standard output that takes nothing: 1, with the cause, in every command
full() { expect 1 'standard output: No space left on device' sh -c 'exec "$@" >/dev/full' sh "$ASSAY" "$@"; }
full --help
full help proof
full --version
full genesis --help
full genesis show --help
full genesis show genesis
full genesis show genesis --json
full keys show node-1/keys
full keys show node-1/keys --json
full policy show policy.yaml
full policy lint policy.yaml
full collateral show vendor-1
full evidence explain node-1/sample.quote --collateral vendor-1
full evidence decode node-1/sample.quote
full config show node-1/assayd.yaml
full completion bash
full keys operator new.key
expect 1 'standard output' sh -c '"$0" genesis show genesis >&-' "$ASSAY"
expect 1 'standard output cannot be written' sh -c '"$0" --help >/dev/full' "$ASSAYD"
expect 0 'usage' "$ASSAYD" --help
checks=$((checks + 1))
"$ASSAY" completion bash | head -c 1 >/dev/null || wrong 'a reader that has enough is no error of the shell'

finish

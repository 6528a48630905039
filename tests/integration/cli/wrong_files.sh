#!/bin/sh
# The wrong file handed in is called what it is, next to what was expected; a key with the wrong rights and a full disk
# are called that. No daemon is needed.
if [ -z "${ASSAY_TEST_SPACE:-}" ]; then
    for options in -m -Urm; do
        unshare $options true 2>/dev/null || continue
        ASSAY_TEST_SPACE=tmpfs exec unshare $options sh "$0" "$@"
    done
    ASSAY_TEST_SPACE=none
fi
. "$(dirname "$0")/lib.sh"
trap 'umount -l "$WORK/tiny" 2>/dev/null; stop_all' EXIT
network 4 1000 2
sign alpha beta
cd "$WORK" || exit 2
"$ASSAY" checkpoint --genesis genesis --out checkpoint >/dev/null || exit 2
echo 'a note' >note.txt
printf '\203\007\131\001\156\207\157assay/change/v1 cut' >change.cut
printf '\214\160assay/archive/v1 cut' >archive.cut

expect 13 'checkpoint: is a checkpoint, expected a genesis' "$ASSAY" genesis show checkpoint
expect 13 'note.txt: is text, expected a genesis' "$ASSAY" genesis show note.txt
head -c 400 genesis >genesis.cut
expect 13 'genesis.cut: is a genesis, but damaged or cut short' "$ASSAY" genesis show genesis.cut
expect 13 'genesis: is a genesis, expected a change' "$ASSAY" change sign genesis --key alpha.key
expect 13 'change.cut: is a change, but damaged or cut short' "$ASSAY" change show change.cut
expect 13 'identity.key: is an identity key of a node, expected an operator key' \
    "$ASSAY" genesis sign genesis --key node-1/keys/identity.key
expect 13 'checkpoint: is a checkpoint, expected a proof' "$ASSAY" proof verify checkpoint --checkpoint checkpoint
head -c 100 /dev/zero >zeros.bin
expect 13 'expected a proof' "$ASSAY" proof verify zeros.bin --checkpoint checkpoint
expect 13 'note.txt: is text, expected a genesis' "$ASSAY" checkpoint --genesis note.txt
expect 13 'checkpoint: is a checkpoint, expected a genesis' "$ASSAY" checkpoint --genesis checkpoint
expect 13 'note.txt: is text, expected a checkpoint' "$ASSAY" proof verify checkpoint --checkpoint note.txt
expect 13 'archive.cut: is an archive of a store, but damaged or cut short' \
    "$ASSAY" store verify archive.cut --genesis genesis
expect 13 'genesis: is a genesis, expected an archive of a store' "$ASSAY" store verify genesis --genesis genesis
expect 13 'checkpoint: is a checkpoint, expected a genesis' "$ASSAY" store verify archive.cut --genesis checkpoint
expect 13 'genesis: is a genesis, expected a fence, a release or a RECOVER' "$ASSAY" recover show genesis
expect 2 'sample.quote: is a quote, expected a root certificate or its key' \
    "$ASSAY" evidence verify node-1/sample.quote --root node-1/sample.quote
expect 1 'genesis: is a genesis, expected a key' "$ASSAY" keys show genesis

# --- no file of the kind, or one far too long: what it is, and the limit; of the daemon, too
truncate -s 3G huge
mkfifo pipe
mkdir folder
for taken in 'genesis show' 'recover show' 'change show' 'store verify'; do
    case $taken in store*) more="--genesis genesis" ;; *) more= ;; esac
    expect 13 'huge: has 3221225472 bytes, expected at most ' "$ASSAY" $taken huge $more
done
expect 13 'huge: has 3221225472 bytes, expected at most ' "$ASSAY" store verify archive.cut --genesis huge
cp node-1/assayd.yaml plain.yaml
for key in node.recovers node.checkpoint; do
    for what in "huge: has 3221225472 bytes, expected at most " 'pipe: is a FIFO, expected a regular file' \
        'folder: is a directory, expected a regular file' 'genesis: is a genesis, expected a '; do
        file=$WORK/${what%%:*}
        [ $key = node.checkpoint ] || file="[$file]"
        sed "s|^node:|node:\n  ${key#node.}: $file|" plain.yaml >node-1/assayd.yaml
        expect 2 "$what" "$ASSAYD" --check-config --config node-1/assayd.yaml
    done
done
cp plain.yaml node-1/assayd.yaml
expect 2 'pipe: is a FIFO, expected a regular file' timeout 10 "$ASSAYD" --check-config --config pipe
expect 2 'folder: is a directory, expected a regular file' "$ASSAYD" --check-config --config folder
expect 13 'pipe: is a FIFO, expected a regular file' "$ASSAY" audit orders pipe
expect 13 'folder: is a directory, expected a regular file' "$ASSAY" audit orders folder

# --- what a file of others says commands no terminal: its type, and the reason of a fence that is looked at to sign it
printf '\202\163assay/\033]0;a\007\302\2332J/v1' >escapes
expect 13 'escapes: is a document of type assay/?]0;a???2J, expected a genesis' "$ASSAY" genesis show escapes
zeros() { printf '\130\040'; head -c 32 /dev/zero; }
{
    printf '\210\156assay/fence/v2' && zeros && printf '\003' && zeros && zeros && printf '\030\310' && zeros
    printf '\166burned\033[2A\033[2Ktaken 12'
} >fence.body
{
    printf '\203\165assay/fence-signed/v1\130%b' "\\0$(printf %o "$(wc -c <fence.body)")"
    cat fence.body
    printf '\200'
} >fence
expect 0 'reason     burned?[2A?[2Ktaken 12' "$ASSAY" recover show fence

# --- collateral of another vendor is none, and is called that, whether or not the policy names that vendor
none_of_its="none that the platform's own authority signed"
expect 12 "$none_of_its" "$ASSAY" evidence verify node-1/sample.quote --collateral vendor-1 --policy policy.yaml
case $out in *crl-signature* | *'not a point'*) wrong "it speaks of signatures: $out" ;; esac
expect 0 'affirming' "$ASSAY" evidence verify node-1/sample.quote --collateral vendor-2 --policy policy.yaml
cp -r vendor-2 less
rm less/qe_identity.json
expect 12 'none' "$ASSAY" evidence verify node-1/sample.quote --collateral less --policy policy.yaml
case $out in *"$none_of_its"*) wrong "its authority's are there: $out" ;; esac
expect 12 "$none_of_its" "$ASSAY" evidence verify node-1/sample.quote --collateral vendor-1 --root vendor-2/root_ca.pem
cp -r vendor-1 forged
cp vendor-2/root_crl.der vendor-2/tcb_signing_chain.pem forged/
expect 12 "$none_of_its" "$ASSAY" evidence verify node-1/sample.quote --collateral forged --policy policy.yaml

expect 13 'note.txt: is text, expected an offer of collateral' "$ASSAY" collateral submit note.txt
expect 13 'genesis: is a genesis, expected an offer of collateral' "$ASSAY" collateral submit genesis

# --- values that are wrong are named, with what was expected
: >empty
head -c 70000 /dev/zero >big
expect 2 'empty: a secret has 1 to 65536 bytes, this file is empty' \
    "$ASSAY" share put empty --key alpha.key --name x --reader x --out sealed
expect 2 'big: a secret has 1 to 65536 bytes, this file has more' \
    "$ASSAY" share put big --key alpha.key --name x --reader x --out sealed
expect 2 '--since: expected a number from 0, found "-1"' "$ASSAY" timeline --since -1
expect 0 'assay proof verify FILE' "$ASSAY" proof --help
expect 0 '11 contraindicated' "$ASSAY" tcb forecast --help

# --- a key that others may read
chmod 644 alpha.key
expect 1 'alpha.key: a key must be a readable regular file of mode 0600, found mode 0644 (chmod 600)' \
    "$ASSAY" genesis sign genesis --key alpha.key
expect 1 'found mode 0644 (chmod 600)' "$ASSAY" keys show alpha.key
chmod 600 alpha.key

# --- no room
mkdir tiny
if [ "$ASSAY_TEST_SPACE" = tmpfs ] && mount -t tmpfs -o size=4k none tiny; then
    dd if=/dev/zero of=tiny/ballast bs=4096 count=1 2>/dev/null
    expect 1 'tiny/k: No space left on device' "$ASSAY" keys operator tiny/k
    expect 1 'tiny/keys: No space left on device' "$ASSAY" keys generate tiny/keys --name x
    expect 1 'tiny/vendor: No space left on device' "$ASSAY" soft ca tiny/vendor --name V
    expect 1 'tiny/checkpoint: No space left on device' "$ASSAY" checkpoint --genesis genesis --out tiny/checkpoint
fi
mkdir half
chmod 700 half
cp vendor-1/ca.key half/ca.key
expect 6 'of a vendor that was not finished (a full disk) remove the folder first' "$ASSAY" soft ca half --name V
expect 1 'nosuch/x: No such file or directory' "$ASSAY" keys operator nosuch/x

# --- a file in the place of a new key, and a wrong key of a SOFT vendor or platform
expect 6 'note.txt: text is there already, and is not overwritten: name another file' "$ASSAY" keys operator note.txt
expect 6 'alpha.key: an operator key is there already, and keys are never overwritten' "$ASSAY" keys operator alpha.key
expect 6 'folder: a folder, or something else that is no file, is there already' "$ASSAY" keys operator folder
digits=$(printf '0%.0s' $(seq 128))
soft_quote() { "$ASSAY" soft quote "$1" --program "$BIN/assay-enclave" --report-data "$digits" --out soft.quote; }
expect 2 'note.txt: is text, expected the key of a SOFT platform' soft_quote note.txt
expect 5 'nosuch: no such file' soft_quote nosuch
chmod 666 node-1/platform.key
expect 2 'node-1/platform.key: a key must be a readable regular file of mode 0600, found mode 0666 (chmod 600)' \
    soft_quote node-1/platform.key
chmod 600 node-1/platform.key
expect 2 '--name wants 1 to 31 of A-Z a-z 0-9 space . _ -, not ""' "$ASSAY" soft ca unnamed --name ''
expect 2 'NAME wants 1 to 31 of A-Z a-z 0-9 space . _ -, not "../../evil"' "$ASSAY" soft node vendor-1 ../../evil
expect 5 'folder/ca.key: no such file' "$ASSAY" soft node folder x

finish

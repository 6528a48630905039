#!/bin/sh
# An upgrade of the package puts another enclave where enclave.path and enclave.restore_path point: the node goes
# on with the image that the policy accepts, which its state folder has kept, and says so.
. "$(dirname "$0")/../lib.sh"
network 4 1000 2
sign alpha beta
cd "$WORK" || exit 2
mkdir package
cp "$BIN/assay-enclave" package/assay-enclave
sed -i 's,^  path: .*,  path: ../package/assay-enclave,
    s,^  restore_path: .*,  restore_path: ../package/assay-enclave,' node-4/assayd.yaml
good=$(sha256sum package/assay-enclave | cut -d' ' -f1)
for i in 1 2 3 4; do start $i; done
check 'epochs close' until_true 40 epoch_at_least 1 2
pinned=$(find node-4 -path "*/images/$good")
check 'the accepted image is in the state folder, under its digest' test -n "$pinned"
check 'and is that image' cmp -s package/assay-enclave "$pinned"

kill -TERM "$pid_4"
wait "$pid_4"
cp "$BIN/assay-enclave" newer
printf x >>newer
mv newer package/assay-enclave # as dpkg replaces a program
expect 0 "The pinned image" "$ASSAYD" --config node-4/assayd.yaml --check-config
start 4
check 'the log says that the pinned image is used' until_true 20 grep -q 'The pinned image' node-4/log
epoch=$(field 1 status epoch)
check 'the network goes on' until_true 20 epoch_at_least 1 $((epoch + 4))
proves() {
    ask 1 proof node-4 --out four >/dev/null &&
        "$ASSAY" proof verify four --checkpoint genesis --node node-4 | grep -q 'outcome        pass'
}
check "and the node's evidence passes" until_true 20 proves

# --- a copy that is not what its name says stops the start, whatever restore_path has, and never counts as none
kill -TERM "$pid_4"
wait "$pid_4"
cp "$pinned" kept
printf x >>"$pinned"
found=$(sha256sum "$pinned" | cut -d' ' -f1)
damaged="$good: a pinned image of the enclave is damaged: its SHA-256 is $found, expected its name"
expect 2 "$damaged" "$ASSAYD" --config node-4/assayd.yaml --check-config
expect 2 "$damaged" "$ASSAYD" --config node-4/assayd.yaml
cp kept package/assay-enclave
expect 2 'or remove it' "$ASSAYD" --config node-4/assayd.yaml --check-config
expect 2 "$damaged" "$ASSAYD" --config node-4/assayd.yaml
rm "$pinned" && ln -s "$WORK/kept" "$pinned"
expect 2 'expected a regular file' "$ASSAYD" --config node-4/assayd.yaml --check-config
rm "$pinned"
expect 0 'fit to run' "$ASSAYD" --config node-4/assayd.yaml --check-config
start 4
check 'it is pinned anew' until_true 20 cmp -s kept "$pinned"
kill -TERM "$pid_4"
wait "$pid_4"
for i in 1 2 3; do eval "kill -TERM \$pid_$i; wait \$pid_$i"; done
finish

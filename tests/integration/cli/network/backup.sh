#!/bin/sh
# `assay backup` and `assay restore`: a node is saved while it runs, loses its machine, returns from its backup with new
# voting keys, and has signed nothing twice. Hostile, damaged and cut files change nothing; a crash leaves none or all.
. "$(dirname "$0")/../lib.sh"
network 4 1000 2
sign alpha beta
umask 077
cd "$WORK" || exit 2
for i in 1 2 3 4; do start $i; done
check 'epochs close' until_true 60 epoch_at_least 1 3
check 'epochs close at node-4' until_true 60 epoch_at_least 4 3
backup() { "$ASSAY" backup "$@"; }
hex() { od -An -v -tx1 "$1" | tr -d ' \n'; }
secret_of() { hex "$1" | tail -c "$2" | head -c 64; }

# --- keys and misuse
backup key backup.key >backup.pub
check 'the public half' grep -q '^public_key: "[0-9a-f]\{128\}"$' backup.pub
expect 6 'never replaced' backup key backup.key
made 'backup key' other.key public_key -- backup key other.key
printf 'correct horse battery\n' >passphrase
printf 'another horse battery\n' >other-passphrase
printf 'short\n' >short
cp passphrase open-passphrase && chmod 644 open-passphrase
save() { backup --config node-4/assayd.yaml "$@"; }
expect 2 'either --recipient or --passphrase-file' save --out b
expect 2 'either --recipient or --passphrase-file' save --out b --recipient backup.pub --passphrase-file passphrase
expect 2 'expected a passphrase of 12 to 1024 bytes' save --out b --passphrase-file short
expect 2 'mode 0644' save --out b --passphrase-file open-passphrase
expect 2 'public_key' save --out b --recipient policy.yaml
expect 5 'no such file' save --out b --recipient backup.pub --also nothing
cp plan.yaml node-4/.hidden
expect 1 'expected a name' save --out b --recipient backup.pub --also node-4/.hidden
check 'nothing was written' test ! -e b

# --- saved while it runs
expect 0 'ledger         epoch' save --out b --recipient backup.pub --also plan.yaml --also policy.yaml
check 'it is for its owner alone' test "$(stat -c %a b)" = 600
expect 6 'never replaced' save --out b --recipient backup.pub
made backup p node_id chain_id epoch bytes -- save --out p --passphrase-file passphrase
expect 0 'sealed: --key' backup list b
expect 0 'also/policy.yaml' backup list b --key backup.key
expect 0 'proven         epoch' backup verify b --key backup.key --genesis genesis
expect 0 'proven         epoch' backup verify p --passphrase-file passphrase
expect 0 '"name": "store.archive"' backup verify p --passphrase-file passphrase --json
hex b >b.hex
secrets=0
for key in identity bootstrap; do
    secret=$(secret_of node-4/keys/$key.key 64)
    [ ${#secret} -eq 64 ] && secrets=$((secrets + 1))
    if grep -q "$secret" b.hex; then wrong "$key.key is in it in clear"; fi
done
check 'two secrets were looked for' test $secrets -eq 2

# --- other keys; damaged, cut and other files: nothing is written, and nothing is a crash
expect 2 'expected --key FILE' backup verify b
expect 2 'expected --passphrase-file FILE' backup verify p --key backup.key
expect 11 'sealed for another key' backup verify b --key other.key
expect 11 'another passphrase' backup verify p --passphrase-file other-passphrase
expect 13 'expected a backup of a node' backup verify genesis --key backup.key
expect 5 'no such file' backup verify nothing --key backup.key
expect 11 'of another network' sh -c "cd node-1 && '$ASSAY' genesis create ../plan.yaml --out g >/dev/null 2>&1
    '$ASSAY' genesis sign g --key ../alpha.key >/dev/null && '$ASSAY' genesis sign g --key ../beta.key >/dev/null
    '$ASSAY' backup verify ../b --key ../backup.key --genesis g"
: >after
ls -A >before
size=$(wc -c <b)
for at in 1 30 100 200 300 1000 $((size / 2)) $((size - 20)) $((size - 1)); do
    cp b damaged
    printf '\245' | dd of=damaged bs=1 seek="$at" conv=notrunc 2>/dev/null
    cmp -s b damaged && printf '\132' | dd of=damaged bs=1 seek="$at" conv=notrunc 2>/dev/null
    "$ASSAY" restore damaged --key backup.key --into new >said 2>&1
    status=$?
    case $status in 11 | 13) ;; *) wrong "byte $at: exit status $status: $(cat said)" ;; esac
    head -c "$at" b >damaged
    expect 13 'damaged: ' "$ASSAY" restore damaged --key backup.key --into new
done
rm -f damaged said
ls -A >after
check 'damaged backups leave nothing' cmp -s before after
expect 6 'a daemon answers' "$ASSAY" restore b --key backup.key --config node-4/assayd.yaml
expect 6 'is there already' "$ASSAY" restore b --key backup.key --into node-4
ln -s /nowhere link
expect 6 'is there already' "$ASSAY" restore b --key backup.key --into link
mkdir new.unfinished
expect 6 'interrupted' "$ASSAY" restore b --key backup.key --into new
rmdir new.unfinished

# --- a crash at any moment leaves none of that name, or all of it
complete=0 none=0
for ms in 005 010 020 030 040 060 080 100 150 200 400; do
    rm -rf crash crash.unfinished
    timeout -s KILL 0.$ms "$ASSAY" restore b --key backup.key --into crash >/dev/null 2>&1
    if [ -e crash ]; then
        complete=$((complete + 1))
        expect 0 '' "$ASSAYD" --config crash/assayd.yaml --check-config
    else none=$((none + 1)); fi
    rm -f crash-b
    timeout -s KILL 0.$ms "$ASSAY" backup --config node-4/assayd.yaml --out crash-b --recipient backup.pub >/dev/null 2>&1
    [ ! -e crash-b ] || expect 0 'proven' backup verify crash-b --key backup.key
done
check 'some restores were killed' test $none -gt 0
rm -rf crash crash.unfinished crash-b

# --- the machine is lost, and the node returns from another folder
voting=$(secret_of node-4/keys/incarnation.key 128)
kill -KILL "$pid_4"
wait "$pid_4" 2>/dev/null
mv node-4 lost
made restore node-4/assayd.yaml node_id chain_id epoch -- "$ASSAY" restore b --key backup.key --into node-4 --genesis genesis
check 'the plan is there' cmp -s plan.yaml node-4/also/plan.yaml
check 'the voting key is a new one' test "$(secret_of node-4/keys/incarnation.key 128)" != "$voting"
expect 0 '' "$ASSAYD" --config node-4/assayd.yaml --check-config
first=$("$ASSAY" timeline --json --socket node-1/admin.sock | grep -c offence_proven)
start 4
votes() { ask 4 status | grep -q 'voting  *yes'; }
check 'it votes again' until_true 60 votes
check 'with new keys' grep -q 'restored without votes: new keys' node-4/log
check 'another incarnation' sh -c "'$ASSAY' status --socket node-4/admin.sock | grep -q 'incarnation 2'"
later() { [ "$(field 4 status epoch)" -gt "$(($1 + 2))" ]; }
check 'it closes epochs' until_true 60 later "$(field 4 status epoch)"
check 'it has signed nothing twice' test "$first$("$ASSAY" timeline --json --socket node-1/admin.sock | grep -c offence_proven)" = 00
check 'its timeline goes on' sh -c "'$ASSAY' timeline --socket node-4/admin.sock | grep -q ."

# --- the same backup once more, to the places of a configuration; the old log is gone a second time
kill -KILL "$pid_4"
wait "$pid_4" 2>/dev/null
expect 6 'there is a store already' "$ASSAY" restore b --key backup.key --config node-4/assayd.yaml
rm -rf node-4/state node-4/keys
cp -r node-1/keys node-4/keys
expect 6 'keys of another node' "$ASSAY" restore b --key backup.key --config node-4/assayd.yaml
check 'nothing was written' test ! -e node-4/state
rm -rf node-4/keys node-4/platform.key
expect 8 'not restored: also/plan.yaml' "$ASSAY" restore b --key backup.key --config node-4/assayd.yaml
check 'its credential is back' cmp -s lost/platform.key node-4/platform.key
start 4
check 'it votes again' until_true 60 votes
check 'a third incarnation' sh -c "'$ASSAY' status --socket node-4/admin.sock | grep -q 'incarnation 3'"
check 'it closes epochs' until_true 60 later "$(field 4 status epoch)"
check 'it has signed nothing twice' test "$("$ASSAY" timeline --json --socket node-1/admin.sock | grep -c offence_proven)" = 0

# --- saved while it is stopped, and before it ever ran
kill -TERM "$pid_4"
wait "$pid_4"
expect 0 'ledger         epoch' save --out stopped --recipient backup.pub
expect 0 'proven         epoch' backup verify stopped --key backup.key
rm -rf node-4/state
expect 0 'ledger         none' save --out empty --recipient backup.pub
expect 0 'proven         the genesis' backup verify empty --key backup.key
expect 0 'none in the backup' "$ASSAY" restore empty --key backup.key --into keys-alone
check 'the keys know of a store that is gone' test -s keys-alone/keys/store.id
rm -rf keys-alone/keys keys-alone/state && mkdir keys-alone/state
for tail in -wal -shm -journal; do
    : >keys-alone/state/store.sqlite$tail
    expect 6 'nothing was changed' "$ASSAY" restore empty --key backup.key --config keys-alone/assayd.yaml
    check 'nothing was' test ! -e keys-alone/keys
    rm keys-alone/state/store.sqlite$tail
done

# --- a package: root's configuration, state of the daemon's user; everything of the backup returns, or is named
printf 'held\n' >node-4/keys/hold
printf 'first\n' >node-4/r0
printf 'second\n' >node-4/r1
printf 'node: { recovers: [r0, r1] }\nlog: { format: json }\n' >node-4/assayd.d/30-more.yaml
expect 0 'files' save --out full --recipient backup.pub --also plan.yaml
layout() { # a machine that lost all but its configuration
    rm -rf etc var
    mkdir -m 755 etc etc/assayd.d
    mkdir -m 700 var
    cp lost/assayd.yaml etc/
    cp node-4/assayd.d/30-more.yaml etc/assayd.d/
    cat >etc/assayd.d/places.yaml <<END
node: { state_dir: ../var/state, keys_dir: ../var/keys, genesis: genesis, recovers: [../var/r0, ../var/r1]$1 }
enforcement: { journal: ../var/state/orders.log }
evidence: { credential: ../var/platform.key }
END
    cp genesis etc/
    chmod 644 etc/*.yaml etc/genesis etc/assayd.d/*
}
complete() { # what a restore of all but --also has put there
    cmp -s node-4/keys/hold var/keys/hold && cmp -s node-4/r0 var/r0 && cmp -s node-4/r1 var/r1 &&
        cmp -s lost/platform.key var/platform.key && [ -s var/keys/incarnation.key ] && [ -s var/keys/store.id ]
}
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
    chmod 711 "$WORK"
    layout ''
    install -o 65534 -m 600 backup.key var/backup.key
    install -o 65534 -m 600 full var/full
    chown 65534 var
    as_user() {
        setpriv --reuid=65534 --regid=65534 --clear-groups "$ASSAY" restore var/full --key var/backup.key "$@"
    }
    mv etc/genesis kept
    expect 1 'genesis: is missing, and cannot be written' as_user --config etc/assayd.yaml
    check 'nothing was changed' test "$(ls var | tr '\n' ' ')" = 'backup.key full '
    mv kept etc/genesis
    expect 8 'not restored: also/plan.yaml' as_user --config etc/assayd.yaml
    check 'the rest is there' complete
    check 'its files are of the user' test -z "$(find var ! -user 65534)"
    chmod 700 "$WORK"
fi

# --- a hold is there before the keys: no daemon starts without it
layout ''
mkdir -m 700 var/keys && mkdir var/keys/.hold.new
expect 1 'var/keys/hold' "$ASSAY" restore full --key backup.key --config etc/assayd.yaml
check 'no key without the hold' test ! -e var/keys/identity.key
rmdir var/keys/.hold.new
rm etc/assayd.d/30-more.yaml
expect 8 'not restored: assayd.d/30-more.yaml' "$ASSAY" restore full --key backup.key --config etc/assayd.yaml
check 'the rest is there' complete

# --- keys for life are credentials: they are there, and the rest of the keys is lost
layout ', identity_dir: "${CREDENTIALS_DIRECTORY}"'
mkdir life && cp node-4/keys/identity.key node-4/keys/bootstrap.key life/
expect 2 '--identity-dir DIR names' "$ASSAY" restore full --key backup.key --config etc/assayd.yaml
expect 8 'makes new voting keys' "$ASSAY" restore full --key backup.key --config etc/assayd.yaml --identity-dir life
check 'the set and the hold are there' complete
check 'keys for life stay where they are' test ! -e var/keys/identity.key
expect 2 'CREDENTIALS_DIRECTORY is not set' backup --config etc/assayd.yaml --out apart --recipient backup.pub
expect 0 'files' backup --config etc/assayd.yaml --out apart --recipient backup.pub --identity-dir life
expect 0 'member         of the genesis' backup verify apart --key backup.key
rm -rf var/keys var/state
cp node-1/keys/identity.key node-1/keys/bootstrap.key life/
expect 6 'keys of another node' "$ASSAY" restore full --key backup.key --config etc/assayd.yaml --identity-dir life
check 'nothing was written' test ! -e var/keys

# --- a bootstrap key of another node, in a backup that this key can open
cp node-4/keys/identity.key life/
expect 0 'files' backup --config node-4/assayd.yaml --out mixed --recipient backup.pub --identity-dir life
expect 11 'its bootstrap key is not that of its node' backup verify mixed --key backup.key
expect 11 'its bootstrap key is not that of its node' "$ASSAY" restore mixed --key backup.key --into mixed-node
check 'nothing was written' test ! -e mixed-node
{ head -c -32 node-4/keys/bootstrap.key; head -c 32 /dev/zero; } >life/bootstrap.key
expect 0 'files' backup --config node-4/assayd.yaml --out zeros --recipient backup.pub --identity-dir life
expect 11 'its identity and bootstrap keys are not those of its node' backup verify zeros --key backup.key

# --- keys of a TPM, a folder
mkdir node-4/tpm && printf 'a\n' >node-4/tpm/one && printf 'b\n' >node-4/tpm/two
printf 'evidence: { kind: tpm, credential: tpm }\n' >node-4/assayd.d/zz-tpm.yaml
expect 0 'files' save --out tpm --recipient backup.pub
mv node-4/tpm kept-tpm && rm -rf node-4/state
expect 0 'makes new voting keys' "$ASSAY" restore tpm --key backup.key --config node-4/assayd.yaml
check 'the folder is back' diff -r kept-tpm node-4/tpm
finish

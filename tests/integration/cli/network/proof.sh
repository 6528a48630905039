#!/bin/sh
# What a network says of its members, taken from daemons and believed without them.
. "$(dirname "$0")/../lib.sh"
network 4 1000 2
sign alpha beta
cd "$WORK" || exit 2
expect 0 'epoch          0' "$ASSAY" checkpoint --genesis genesis --out zero
for i in 1 2 3 4; do start $i; done
check "epochs close" until_true 40 epoch_at_least 1 4
are_full() { [ "$(ask 2 nodes | grep -c ' FULL ')" = 4 ]; }
check 'all are FULL' until_true 40 are_full
expect 0 'roster_digest' ask 1 checkpoint --out here
expect 0 'roster_digest' "$ASSAY" checkpoint --file here
expect 0 'bytes' ask 2 proof node-3 --out whole
expect 0 'bytes' ask 2 proof node-3 --bare --out bare
made proof whole.made node bytes -- ask 2 proof node-3 --out whole.made
expect 5 'no member has that name' ask 2 proof nobody --out none
expect 2 'usage: assay proof' ask 2 proof node-3
expect 2 'usage: assay proof' ask 2 proof 'node-3 bare more' --out none
check 'a proof without votes is smaller' test "$(stat -c %s bare)" -lt "$(stat -c %s whole)"
verify() { "$ASSAY" proof verify "$@"; }
id=$(sed -n 's/^node_id: "\(.*\)"$/\1/p' node-3/keys/node.yaml)

# --- the voters of genesis are those of now: the whole proof is believed from genesis itself
expect 0 'standing       FULL' verify whole --checkpoint genesis --next followed
expect 0 'standing       FULL' verify whole --checkpoint zero --node "$id"
base32=$(base32_of "$id")
expect 0 'standing       FULL' verify whole --checkpoint zero --node "$base32"
expect 4 'about another member' verify whole --checkpoint zero --node "$(printf '%064d' 0)"
expect 4 'about another member' verify whole --checkpoint zero --node "$(printf 'a%.0s' $(seq 52))"
expect 0 "in base32      $base32" ask 2 explain "$id"
expect 0 "node_id        $id" ask 2 explain "$base32"
expect 0 "\"node_id_base32\": \"$base32\"" ask 3 status --json
expect 0 "\"node_id_base32\": \"$base32\"" ask 2 keys list "$base32" --json
expect 0 'name           node-3' verify whole --checkpoint zero --node node-3
expect 4 'about another member, node-3' verify whole --checkpoint zero --node node-2
expect 0 '"outcome": "pass"' verify whole --checkpoint zero --json
expect 4 'not trusted: its block is not the one of the checkpoint; a bare proof' verify bare --checkpoint zero
later() { ask 2 proof node-3 --out later >/dev/null && [ "$(stat -c %s later)" -gt 0 ]; }
check 'a proof of a later epoch' until_true 10 later
expect 0 'standing       FULL' verify later --checkpoint followed
expect 0 'standing       FULL' verify later --checkpoint here

# --- a checkpoint is carried forward by what any node sends
expect 0 'roster_digest' ask 3 checkpoint --since genesis --out carried
expect 0 'roster_digest' ask 4 checkpoint --since carried
expect 0 'epoch          0' "$ASSAY" checkpoint --file zero
expect 2 'usage: assay checkpoint' ask 3 checkpoint --since zero --file zero
expect 14 'age is unknown: --no-clock' ask 3 checkpoint --since zero --no-clock --out unwritten
expect 4 'trusting period' ask 3 checkpoint --since zero --at "$(date -u -d '+15 days' +%Y-%m-%dT%H:%M:%SZ)" --max-age 30d
expect 0 '' "$ASSAY" setup local --dir alone --nodes 1 --operators 1 --vendors 1 --port 0 --epoch-ms 2000
expect 4 'another network: chain ' ask 3 checkpoint --since alone/genesis
cp carried twisted # another roster digest, with the digits of time and period behind it
printf 'xxxx' | dd of=twisted bs=1 seek=$(($(stat -c %s carried) - 30)) conv=notrunc 2>/dev/null
expect 4 'voters of the checkpoint' ask 3 checkpoint --since twisted

# --- time: a proof is worth something for a day, a checkpoint for its trusting period
days() { date -u -d "@$(($(date +%s) + $1 * 86400))" +%Y-%m-%dT%H:%M:%SZ; }
expect 0 'trusted until' "$ASSAY" checkpoint --file zero
expect 0 'expires' verify whole --checkpoint zero
expect 4 'older than is accepted' verify whole --checkpoint zero --at "$(days 2)"
expect 0 'standing       FULL' verify whole --checkpoint zero --at "$(days 2)" --max-age 3d
expect 4 'trusting period' verify whole --checkpoint zero --at "$(days 15)" --max-age 30d
expect 0 'trusted until' "$ASSAY" checkpoint --file zero --trusting-period 20d --out longer
expect 0 'standing       FULL' verify whole --checkpoint longer --at "$(days 15)" --max-age 30d
expect 2 'usage: assay checkpoint' "$ASSAY" checkpoint --file zero --trusting-period 91d
expect 2 'usage: assay proof' verify whole --checkpoint zero --max-age never
expect 14 'age is unknown: --no-clock' verify whole --checkpoint zero --no-clock --next unwritten
case $out in *'--next unwritten: not written'*) ;; *) wrong "it does not say that nothing is written: $out" ;; esac
check 'nothing follows from a proof of unknown age' test ! -e unwritten
expect 14 'age is unknown: the time of --at is before the checkpoint' verify whole --checkpoint zero \
    --at 2001-01-01T00:00:00Z

# --- what is not believed
expect 4 'not trusted' verify whole --checkpoint "$( # an epoch later than the proof
    until_true 20 epoch_at_least 1 $(($(field 1 status epoch) + 2))
    ask 1 checkpoint --out newer >/dev/null; echo newer)"
cp whole forged
size=$(stat -c %s whole)
for at in $((size / 20)) $((size / 4)) $((size / 2)) $((size - 300)); do
    cp whole forged
    other=125 # in octal; what stands there is to change
    [ "$(dd if=whole bs=1 skip=$at count=1 2>/dev/null)" != U ] || other=252
    printf "\\$other" | dd of=forged bs=1 seek=$at conv=notrunc 2>/dev/null
    verify forged --checkpoint zero >said 2>&1
    status=$?
    check "byte $at is forged: $status $(cat said)" test $status -eq 4 -o $status -eq 13
done
head -c $((size - 1)) whole >cut
expect 13 'cut' verify cut --checkpoint zero
expect 5 'nothing' verify nothing --checkpoint zero
expect 13 'plan.yaml' verify whole --checkpoint plan.yaml

# --- the profile of the policy is known where the policy is, and decides what is said of hardware
expect 0 'profile        unknown' verify whole --checkpoint zero
expect 0 'profile        development: INSECURE' verify whole --checkpoint genesis
expect 0 'profile        development: INSECURE' verify whole --checkpoint zero --policy genesis
expect 0 'profile        development: INSECURE' verify whole --checkpoint zero --policy policy.yaml
expect 0 '"insecure": true' verify whole --checkpoint zero --policy policy.yaml --json
sed 's/development/production/' policy.yaml >other.yaml
expect 0 '"insecure": null' verify whole --checkpoint zero --json
expect 4 'expected the policy with digest' verify whole --checkpoint zero --policy other.yaml
expect 5 'no-such.yaml: no such file' verify whole --checkpoint zero --policy no-such.yaml

# --- an attestation result of all verifiers together
expect 0 '' verify whole --checkpoint zero --ear result.jwt --ear-key alpha.key
expect 0 'affirming' "$ASSAY" ear verify result.jwt --key alpha.pub
check 'nothing is claimed of hardware under an unknown policy' \
    test -z "$("$ASSAY" ear verify result.jwt --key alpha.pub | grep -E '^  (hardware|INSECURE)')"
expect 0 '"insecure": null' "$ASSAY" ear verify result.jwt --key alpha.pub --json
expect 0 '' verify whole --checkpoint genesis --ear soft.jwt --ear-key alpha.key
expect 0 'INSECURE: appraised under profile development' "$ASSAY" ear verify soft.jwt --key alpha.pub
expect 0 '"insecure": true' "$ASSAY" ear verify soft.jwt --key alpha.pub --json
expect 0 '' verify whole --checkpoint genesis --ear soft.cwt --ear-key alpha.key --ear-form cwt
expect 0 'INSECURE: appraised under profile development' "$ASSAY" ear verify soft.cwt --key alpha.pub
said() { "$ASSAY" ear verify "$1" --key alpha.pub | grep -v "$1"; }
said soft.cwt >said.cwt && said soft.jwt >said.jwt
check 'both forms say the same' cmp said.cwt said.jwt
expect 2 'belongs to --ear' verify whole --checkpoint genesis --ear-form cwt
check 'nothing is claimed of hardware under profile development' \
    test -z "$("$ASSAY" ear verify soft.jwt --key alpha.pub | grep '^  hardware')"
expect 4 'exp' "$ASSAY" ear verify result.jwt --key alpha.pub --at "$(days 2)"
expect 2 'usage: assay proof' verify whole --checkpoint zero --ear result.jwt

# --- one is absent: suspended, and that is proven too
kill -KILL "$pid_3"
wait "$pid_3" 2>/dev/null
suspended() { ask 1 explain node-3 | grep -q '^standing  *SUSPENDED'; }
check 'an absent node is suspended' until_true 60 suspended
gone() { ask 1 proof node-3 --out gone >/dev/null && verify gone --checkpoint zero | grep -q SUSPENDED; }
check 'and that is proven' until_true 20 gone
expect 11 'outcome        absent' verify gone --checkpoint zero
expect 11 '' verify gone --checkpoint zero --ear gone.jwt --ear-key alpha.key
expect 11 'contraindicated' "$ASSAY" ear verify gone.jwt --key alpha.pub
for i in 1 2 4; do eval "kill -TERM \$pid_$i; wait \$pid_$i"; done
expect 3 'is assayd running' ask 1 checkpoint

# --- a member that was never attested has no grade: alone, nobody appraises it
"$ASSAYD" --config alone/node-1/assayd.yaml >>alone/log 2>&1 </dev/null &
pid=$!
started="$started $pid"
lone() { "$ASSAY" proof node-1 --socket alone/node-1/admin.sock --out lone; }
check 'a proof of one that is alone' until_true 30 lone
expect 12 'not appraised: no certified PASS of this member' verify lone --checkpoint alone/genesis
case $out in *'no certified pass yet'*) ;; *) wrong "it says when it passed: $out" ;; esac
expect 12 '' verify lone --checkpoint alone/genesis --ear lone.jwt --ear-key alpha.key
expect 12 'status      none' "$ASSAY" ear verify lone.jwt --key alpha.pub
expect 14 'age is unknown' verify lone --checkpoint alone/genesis --no-clock
finish

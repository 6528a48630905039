#!/bin/sh
# Operators' keys in a file, in a token of softhsm2 and in OpenSSH's agent: one network is founded and changed by
# all three; and what is reported of keys, tokens and agents that are missing, wrong or refuse.
. "$(dirname "$0")/../lib.sh"
here=$(cd "$(dirname "$0")" && pwd)
cd "$WORK" || exit 2
for tool in softhsm2-util ssh-agent ssh-add ssh-keygen python3; do
    command -v "$tool" >/dev/null || { echo "$tool is missing: ./dev test installs it" >&2; exit 1; }
done
module=
for path in /usr/lib/*/softhsm/libsofthsm2.so /usr/lib/softhsm/libsofthsm2.so; do [ -e "$path" ] && module=$path; done
[ -n "$module" ] || { echo 'the module of softhsm2 is missing' >&2; exit 1; }

# --- two tokens, in a folder of the test
mkdir tokens state
printf 'directories.tokendir = %s/tokens\nobjectstore.backend = file\nlog.level = ERROR\n' "$WORK" >softhsm2.conf
export SOFTHSM2_CONF="$WORK/softhsm2.conf" ASSAY_PKCS11_MODULE="$module" XDG_STATE_HOME="$WORK/state"
pin=pin-7391 wrong=pin-1111
for label in Operators Spare; do
    check "token $label is made" softhsm2-util --init-token --free --label $label --pin $pin --so-pin so-$pin >token.out
done
printf '%s\n' $pin >pin && printf '%s\n' $wrong >wrong-pin && chmod 600 pin wrong-pin
beta="pkcs11:token=Operators;object=beta"
with_pin="?pin-source=file:$WORK/pin"

# --- an agent with two keys
export SSH_AUTH_SOCK="$WORK/agent.sock"
ssh-agent -D -a "$SSH_AUTH_SOCK" >agent.out 2>&1 &
started="$started $!"
check 'the agent is there' until_true 10 test -S "$SSH_AUTH_SOCK"
ssh-keygen -q -t ecdsa -b 256 -N '' -C gamma -f gamma.ssh
ssh-keygen -q -t ed25519 -N '' -C laptop -f laptop.ssh
check 'keys are in the agent' ssh-add -q gamma.ssh laptop.ssh
rm gamma.ssh # the agent alone has it
gamma=ssh-agent:$(ssh-keygen -lf gamma.ssh.pub | awk '{ print $2 }')

# --- public halves
expect 0 'public_key: "' "$ASSAY" keys operator alpha.key
expect 5 'has no private key with this label or id' "$ASSAY" keys operator "$beta$with_pin"
expect 0 'public_key: "' "$ASSAY" keys operator "$beta$with_pin" --generate
printf '%s\n' "$out" >beta.pub
expect 6 'keys are never replaced' "$ASSAY" keys operator "$beta$with_pin" --generate
expect 0 "$(cat beta.pub)" "$ASSAY" keys operator "$beta$with_pin"
expect 0 "$(cat beta.pub)" "$ASSAY" keys show "$beta$with_pin"
expect 0 '"verb": "keys operator"' "$ASSAY" keys operator "$beta$with_pin" --json
expect 0 'public_key: "' "$ASSAY" keys operator $gamma
printf '%s\n' "$out" >gamma.pub
expect 0 "$(cat gamma.pub)" "$ASSAY" keys operator ssh-agent:gamma
"$ASSAY" keys show alpha.key >alpha.pub
# The other implementation of each key has the same point.
check 'the public half is that of the agent' python3 - gamma.pub gamma.ssh.pub <<'END'
import base64, sys
mine = open(sys.argv[1]).read().split('"')[1]
blob = base64.b64decode(open(sys.argv[2]).read().split()[1])
sys.exit(0 if blob[-64:].hex() == mine else 1)
END

# --- a genesis of a file, a token and an agent
operators='alpha beta gamma'
network_of_keys() {
    mv alpha.key alpha.kept
    for o in $operators; do mv $o.pub $o.own; done
    network 2 500 3
    for o in $operators; do
        made=$(cat $o.pub) own=$(cat $o.own)
        sed "s/${made#*: }/${own#*: }/" plan.yaml >plan.new && mv plan.new plan.yaml
        rm $o.key
    done
    mv alpha.kept alpha.key
    "$ASSAY" genesis create plan.yaml --out genesis >genesis.out
}
network_of_keys
expect 0 'signatures     0 valid, 3 of 3 operators needed' "$ASSAY" genesis show genesis
expect 0 'signed by 1 of 3 operators' "$ASSAY" genesis sign genesis --key alpha.key
expect 0 'signed by 2 of 3 operators' "$ASSAY" genesis sign genesis --key "$beta$with_pin"
expect 0 'signed by 3 of 3 operators' "$ASSAY" genesis sign genesis --key $gamma
expect 0 'signatures     3 valid, 3 of 3 operators needed' "$ASSAY" genesis show genesis
expect 0 'fit to run' "$ASSAYD" --config node-1/assayd.yaml --check-config
# s is low in every signature, of twenty of each: about one in two of both signers' own is high.
for i in $(seq 10); do
    expect 0 'signed by 3 of 3 operators' "$ASSAY" genesis sign genesis --key "$beta$with_pin"
    expect 0 'signed by 3 of 3 operators' "$ASSAY" genesis sign genesis --key $gamma
    expect 0 'signatures     3 valid' "$ASSAY" genesis show genesis
done
expect 6 "the key is none of the 3 founding operators'" sh -c \
    '"$1" keys operator "$2" --generate >/dev/null && exec "$1" genesis sign genesis --key "$2"' \
    sh "$ASSAY" "pkcs11:token=Spare;object=beta$with_pin"

# --- a change, approved by token and agent
mkdir store && : >store/store.sqlite # no epoch has closed: the state is that of the genesis
of_network() { "$ASSAY" change "$@" --store store --genesis genesis; }
expect 0 '' of_network draft --out drain --drain node-2
expect 0 '1 signature in all' of_network sign drain --key "$beta$with_pin"
expect 0 '2 signatures in all' of_network sign drain --key ssh-agent:gamma
expect 0 'beta' of_network show drain
case $out in *gamma*) ;; *) wrong "the agent's signature is not shown: $out" ;; esac
expect 6 'not an operator of this network' of_network sign drain --key "pkcs11:token=Spare;object=beta$with_pin"
expect 0 'not verified' env -u ASSAY_SOCKET "$ASSAY" change sign drain --key "$beta$with_pin"
cp drain signed

# --- what is missing, wrong, or refuses; nothing is written then
expect 5 'no token fits the URI; the module has "' of_network sign drain --key "pkcs11:token=None;object=beta$with_pin"
expect 6 '2 tokens fit the URI' of_network sign drain --key "pkcs11:object=beta$with_pin"
expect 5 'no private key with this label' of_network sign drain --key "pkcs11:token=Operators;object=none$with_pin"
expect 4 'wrong PIN of token "Operators"' of_network sign drain --key "$beta?pin-source=$WORK/wrong-pin"
expect 5 'no-pin: no such file' of_network sign drain --key "$beta?pin-source=$WORK/no-pin"
expect 2 'pin-value is refused' of_network sign drain --key "$beta?pin-value=$pin"
case $out in *$pin*) wrong "the PIN is repeated: $out" ;; esac
expect 2 'attribute "colour" is not supported' of_network sign drain --key "$beta;colour=red"
expect 5 'cannot be loaded' of_network sign drain --key "$beta$with_pin&module-path=/nowhere.so"
expect 2 'there is no terminal to enter it' setsid -w "$ASSAY" change sign drain --key "$beta" --store store --genesis genesis
expect 3 'no agent answers at SSH_AUTH_SOCK' env SSH_AUTH_SOCK="$WORK/none" "$ASSAY" change sign drain --key $gamma
expect 3 'SSH_AUTH_SOCK is not set' env -u SSH_AUTH_SOCK "$ASSAY" change sign drain --key $gamma
expect 5 'the agent has 2 keys, and none of this name' of_network sign drain --key ssh-agent:delta
expect 13 'of type ssh-ed25519, expected ecdsa-sha2-nistp256' of_network sign drain --key ssh-agent:laptop
ssh-add -q -d gamma.ssh.pub 2>/dev/null
expect 5 'none of this name' of_network sign drain --key $gamma
expect 2 "--generate is of a token's key" "$ASSAY" keys operator other.key --generate
expect 2 'an agent generates no keys' "$ASSAY" keys operator ssh-agent:new --generate
check 'what fails changes nothing' cmp -s drain signed
expect 4 '"code": "denied"' of_network sign drain --key "$beta?pin-source=$WORK/wrong-pin" --json

# --- a second key under the id of another would make that one unusable
one="pkcs11:token=Spare;object=one;id=%01"
expect 0 'public_key: "' "$ASSAY" keys operator "$one$with_pin" --generate
printf '%s\n' "$out" >one.pub
expect 6 'key with this id already' "$ASSAY" keys operator "pkcs11:token=Spare;object=two;id=%01$with_pin" --generate
expect 0 "$(cat one.pub)" "$ASSAY" keys show "$one$with_pin"

# --- no core file has the PIN: what a module sees of the process that gives it one
fake=$TOOLS/libfake_pkcs11_module.so
[ -e "$fake" ] || { echo "$fake is missing: build the unit tests" >&2; exit 1; }
expect 0 'core limit 0, dumpable 0' env ASSAY_FAKE_TOKEN=dumps ASSAY_FAKE_PIN=$pin "$ASSAY" keys operator \
    "pkcs11:token=alpha;object=operator$with_pin&module-path=$fake"

# --- the PIN at a prompt, which does not show it
check 'a PIN is entered at the terminal' python3 "$here/../pin_prompt.py" $pin 0 \
    "$ASSAY" keys operator "$beta"
check 'a wrong one is refused' python3 "$here/../pin_prompt.py" $wrong 4 "$ASSAY" keys operator "$beta"
check 'an interrupted prompt leaves the terminal as it was' python3 "$here/../pin_prompt.py" "$(printf '\003')" -2 \
    "$ASSAY" keys operator "$beta"
finish

#!/bin/sh
# `assay setup`: a local network that runs, a node that joins it by two commands and no editor.
. "$(dirname "$0")/../lib.sh"
cd "$WORK" || exit 2

# --- what is not a network
expect 2 'DIR is missing' "$ASSAY" setup local
expect 2 'DIR is empty' "$ASSAY" setup local ''
expect 2 '--nodes: expected 1 to 20, found "21"' "$ASSAY" setup local --dir net --nodes 21
expect 2 'at most 2' "$ASSAY" setup local --dir net --nodes 2 --operators 3
expect 5 'no program that may be run' "$ASSAY" setup local --dir net --enclave nothing
check 'nothing is left behind' test ! -e net
mkdir full && : >full/somebodys
expect 6 'is not there, or is empty' "$ASSAY" setup local --dir full
check 'what was there is left alone' test "$(ls full)" = somebodys
deep=$WORK/$(printf 'd%.0s' $(seq 90))
expect 2 'choose a shorter --dir' "$ASSAY" setup local --dir "$deep"

# --- what fails in the middle leaves nothing, or an empty folder that was there
mkdir half && cp "$ASSAY" "$BIN/assay-enclave" half
printf '#!/bin/sh\necho refused >&2\nexit 2\n' >half/assayd && chmod +x half/assayd
expect 2 'net: not complete, so all of it is removed again' half/assay setup local --dir net --port 0
check 'its folder is removed' test ! -e net
mkdir net
expect 2 'removed again' half/assay setup local --dir net --port 0
check 'an empty one that was there stays, empty' test -d net -a -z "$(ls -A net)"
rmdir net
expect 2 'choose a shorter --dir' "$ASSAY" setup local --dir "$deep"
check 'a folder whose name is too long is not made' test ! -e "$deep"
"$TOOLS/free_port" 4 >ports
/usr/bin/python3 -c 'import socket, sys, time
s = socket.create_server(("127.0.0.1", int(sys.argv[1]))); print(flush=True); time.sleep(600)' "$(sed -n 2p ports)" >listens &
taker=$!
check 'a port is taken' until_true 10 test -s listens
expect 6 "port $(sed -n 2p ports) of 127.0.0.1 is taken" "$ASSAY" setup local net --start --port "$(sed -n 2p ports)"
check 'a network that cannot start is not made' test ! -e net
expect 6 'give another --http-port; nothing was made' \
    "$ASSAY" setup local net --start --port 0 --http-port "$(sed -n 2p ports)"
check 'nor one without a page' test ! -e net
kill $taker

# --- one node: one operator without an option, and a warning
expect 0 'warning: a network of one node is never attested' "$ASSAY" setup local --dir alone --nodes 1 --port 0
check 'one operator' test -s alone/alpha.key -a ! -e alone/beta.key

# --- asked on a terminal: what is answered is taken, what is not has the value in brackets
cat >ask.py <<'END'
import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], ["assay", "setup", "local", "--port", "0"])
said = b""
for question, answer in ((b"folder of the network: ", b"asked\n"), (b"how many nodes [4]: ", b"2\n"),
                         (b"of how many operators [2]: ", b"1\n"), (b"vendors [2]: ", b"\n"),
                         (b"epoch in ms [1000]: ", b"\n"), (b"of the page (0: none) [0]: ", b"\n")):
    while question not in said:
        said += os.read(fd, 4096)
    said = said[said.index(question) + len(question):]
    os.write(fd, answer)
try:
    while True:
        said += os.read(fd, 4096)
except OSError:
    pass
print(said.decode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
expect 0 '2 nodes of 1 operator on 2 vendors' timeout 30 /usr/bin/python3 ask.py "$ASSAY"
check 'what was asked for was made' test -s asked/node-2/assayd.yaml

# --- for programs: everything that makes a network, one document each
made 'setup local' "$WORK/made-net" genesis nodes operators -- \
    "$ASSAY" setup local --dir made-net --nodes 2 --operators 1 --port 0
made 'soft ca' ca root_key -- "$ASSAY" soft ca ca
made 'soft collateral' next -- "$ASSAY" soft collateral ca --out next --evaluation 2
made 'soft node' ca/nodes/n.key -- "$ASSAY" soft node ca n
made 'soft quote' n.quote -- "$ASSAY" soft quote ca/nodes/n.key --program "$BIN/assay-enclave" \
    --report-data "$(printf '0%.0s' $(seq 128))" --out n.quote
made 'keys generate' n-keys name node_id voting_public -- "$ASSAY" keys generate n-keys --name n
made 'keys operator' o.key public_key -- "$ASSAY" keys operator o.key
made 'genesis create' g members operators threshold -- "$ASSAY" genesis create made-net/plan.yaml --out g
made 'genesis sign' g chain_id signatures -- "$ASSAY" genesis sign g --key made-net/alpha.key
made 'setup node' fifth name config -- "$ASSAY" setup node --dir fifth --name fifth --kind soft --vendor ca \
    --genesis made-net/genesis --gossip 127.0.0.1:7105
made 'node request' fifth.request name node_id -- "$ASSAY" node request --config fifth/assayd.yaml \
    --out fifth.request
made 'keys rotate' made-net/node-1/keys incarnation -- "$ASSAY" keys rotate \
    --config made-net/node-1/assayd.yaml
made 'debug bundle' bundle.tar parts -- "$ASSAY" debug bundle --out bundle.tar --socket nothing.sock

# --- a network that runs
http=$("$TOOLS/free_port" 4 | head -1) # the others come behind it
expect 0 '4 nodes of 2 operators on 2 vendors of SOFT platforms, INSECURE' \
    "$ASSAY" setup local --dir net --epoch-ms 500 --port 0 --http-port "$http"
case $out in *"$BIN/assay setup local net --start"*'assay status --socket net/node-1/admin.sock'*) ;; *) wrong "what next? $out" ;; esac
expect 6 'is not there, or is empty' "$ASSAY" setup local --dir net --port 0
for n in 1 2 3 4; do
    expect 0 'fit to run' "$ASSAYD" --config net/node-$n/assayd.yaml --check-config
    ln -s "net/node-$n" "node-$n"
    start $n
done
for n in 1 4; do check "node-$n closes epochs" until_true 30 epoch_at_least $n 4; done
full() { ask 1 nodes | grep -q 'node-4           FULL'; }
check 'node-4 is full' until_true 20 full
expect 0 'Votes, epoch ' ask 1 explain node-2 # its history comes from where HTTP listens
expect 0 "\"http\": \"127.0.0.1:$http\"" ask 1 status --json
expect 0 'operator       alpha, ' ask 1 explain node-2 # and whose it is, by name
expect 0 '"operator": "beta"' ask 1 nodes --json
check 'a node has its own copy of the program' cmp net/node-1/enclave "$BIN/assay-enclave"
check 'no key is readable by others' test -z "$(find net -name '*.key' -perm /077)"

# --- new voting keys by one command
rotate() { "$ASSAY" keys rotate --config net/node-3/assayd.yaml; }
expect 6 'a daemon answers at' rotate
expect 2 'nothing.yaml' "$ASSAY" keys rotate --config nothing.yaml
kill -TERM "$pid_3" && wait "$pid_3"
expect 0 'incarnation 2; start the daemon' rotate
case $out in *'does not vote until a block lists the new keys'*'more than two thirds of the weight'*) ;; *) wrong "what does it cost? $out" ;; esac
start 3
rotated() { [ "$(field 3 status incarnation)" = 2 ] && [ "$(field 3 status voting)" = true ]; }
check 'the network lists the new keys' until_true 30 rotated
kept() { ask 1 explain node-3 --json | grep -q '"integrity_bp": 10000' && [ "$(ask 1 explain node-3 --json | grep -c '"weight": 10000')" = 1 ]; }
check 'integrity and weight stay' kept

# --- a node that joins, and takes the place of another, without an editor
port=$("$TOOLS/free_port" 1)
first=$(sed -n 's/^node_id: "\(.*\)"$/\1/p' net/node-1/keys/node.yaml)
address=$(sed -n 's/^  gossip: //p' net/node-1/assayd.yaml)
joins() {
    "$ASSAY" setup node --dir node-5 --name node-5 --kind soft --vendor net/vendor-1 --genesis net/genesis \
        --gossip 127.0.0.1:$port --peer "$(base32_of "$first")=$address"
}
expect 2 '--unit fixes the paths: /var/lib/assay, /run/assay/admin.sock; leave out --dir' \
    "$ASSAY" setup node --unit --dir x --kind soft
if [ "$(id -u)" -eq 0 ]; then
    getent passwd assay >/dev/null ||
        expect 5 'there is no user assay with /etc/assay' "$ASSAY" setup node --unit --name x --kind soft
else
    expect 2 'it wants to be root' "$ASSAY" setup node --unit --name x --kind soft
fi
expect 2 '--kind: expected one of soft' "$ASSAY" setup node --kind sof --dir x
expect 2 '--vendor DIR' "$ASSAY" setup node --kind soft --dir x --name x --gossip 127.0.0.1:1 --genesis g
expect 2 '--peer wants NODE_ID=HOST:PORT, not "x=1"' "$ASSAY" setup node --kind soft --vendor net/vendor-1 --dir y \
    --name y --gossip 127.0.0.1:1 --genesis net/genesis --peer x=1
check 'nothing is made of a wrong --peer' test ! -e y
setup_y() { listens=$1; shift; "$ASSAY" setup node --kind soft --dir y --name y --gossip "$listens" "$@"; }
echo 'a note' >note.txt
expect 2 'setup node: --genesis note.txt: is text, expected a genesis' setup_y 127.0.0.1:1 --vendor net/vendor-1 --genesis note.txt
expect 5 'full/ca.key: no such file; give a folder of assay soft ca' \
    setup_y 127.0.0.1:1 --vendor full --genesis net/genesis
check 'nothing is made of a wrong file' test ! -e y
expect 2 'y/assayd.yaml was removed; the keys stay' setup_y nowhere --vendor net/vendor-1 --genesis net/genesis
check 'the keys stay' test -s y/keys/identity.key
expect 0 'y/assayd.yaml: written' setup_y 127.0.0.1:1 --vendor net/vendor-1 --genesis net/genesis
expect 0 'assay node request --config node-5/assayd.yaml' joins
case $out in *'starts from genesis'*'restore --checkpoint FILE'*) ;; *) wrong "it does not say what to trust: $out" ;; esac
expect 6 'is not overwritten' joins
expect 0 'fit to run' "$ASSAYD" --config node-5/assayd.yaml --check-config
expect 0 'assay change add-node node-5.request' "$ASSAY" node request --config node-5/assayd.yaml --out node-5.request
check 'a request has no secret in it' sh -c "! grep -q '$(od -An -tx1 -v node-5/platform.key | tr -d ' \n' | cut -c40-80)' node-5.request"
add() { "$ASSAY" change add-node node-5.request --operator "$1" --replace node-4 --out swap --activation +8 --socket net/node-1/admin.sock; }
expect 5 'gamma' add gamma
expect 0 '' add beta
expect 0 'node-5' "$ASSAY" change show swap --socket net/node-1/admin.sock
case $out in *leave*node-4* | *node-4*leave*) ;; *) wrong "node-4 does not leave: $out" ;; esac
printf 'x' >broken.request
expect 13 'expected what `assay node request` wrote' "$ASSAY" change add-node broken.request --operator beta --out f \
    --socket net/node-1/admin.sock
check 'nothing is left of what was taken apart' test -z "$(ls -d "${TMPDIR:-/tmp}"/assay-request.* 2>/dev/null)"
for o in alpha beta; do "$ASSAY" change sign swap --key net/$o.key >/dev/null || wrong 'not signed'; done
expect 0 '' "$ASSAY" change submit swap --socket net/node-1/admin.sock
start 5
joined() { ask 1 nodes | grep -q 'node-5 '; }
check 'node-5 is a member' until_true 25 joined

finish

#!/bin/sh
# A program of one user that takes all connections of its role's socket, dials again and again, and asks without end:
# one of another user has its connection, its quotes, its verdicts and its answers all the same (docs/services.md 4.1.2).
. "$(dirname "$0")/../lib.sh"
[ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null || { echo 'not root, or setpriv is missing' >&2; exit 77; }
here=$(cd "$(dirname "$0")" && pwd)
cd "$WORK" || exit 2
# Numbers of no user: what counts is that they differ. Both programs are of the group that may connect.
daemon=64007 group=64012 greedy=64020 modest=64021
chmod 755 "$WORK" && cp "$here/crowd.py" . && copy_daemon || exit 2
python=$(readlink -f "$(python3 -c 'import sys; print(sys.executable)')")
setpriv --reuid=$greedy --regid=$group --clear-groups "$python" -c 1 2>said ||
    python=/usr/bin/python3 # where it stands in a folder of root's alone

expect 0 'services:' "$ASSAY" setup local --dir net --services --port 0 --epoch-ms 2000
chmod 755 net
mkdir net/run net/run/requestor net/run/executor net/run/anchor
chown $daemon:$daemon net/run && chmod 755 net/run
for role in requestor executor anchor; do
    chown $daemon:$group net/run/$role && chmod 2750 net/run/$role
done
sed -i 's,^\(  admin: .*\),\1\n  services: ../run,' net/node-1/assayd.yaml
chown -R $daemon:$daemon net/node-1 && chmod 700 net/node-1
setpriv --reuid=$daemon --regid=$daemon --groups=$daemon bin/assayd --config net/node-1/assayd.yaml 2>log-1 </dev/null &
started="$started $!"
for n in 2 3 4; do
    "$ASSAYD" --config net/node-$n/assayd.yaml 2>net/node-$n/log </dev/null &
    started="$started $!"
done
check 'blocks become final' until_true 60 sh -c "'$ASSAY' status --socket net/node-1/admin.sock | grep -q '4 full'"
as() { # as USER COMMAND...
    user=$1
    shift
    setpriv --reuid="$user" --regid=$group --clear-groups "$@"
}
begin() { # begin KIND SOCKET SERVICE VERB: a greedy one, for a while before the other one comes
    setpriv --reuid=$greedy --regid=$group --clear-groups "$python" crowd.py "$@" >crowd-log 2>&1 </dev/null &
    pid=$!
    started="$started $pid"
    sleep 3
    check 'the greedy one runs' running $pid
}
finish_it() { kill -KILL $pid && wait $pid 2>/dev/null; }

# Without anybody else, to hold the others against.
out=$(as $modest "$python" crowd.py modest net/run/requestor/ledger tasks verify 5)
case $out in longest=*missing=0) ;; *) wrong "alone, verdicts: $out" ;; esac

# --- connections and verdicts
begin greedy net/run/requestor/ledger tasks verify
out=$(as $modest "$python" crowd.py modest net/run/requestor/ledger tasks verify 30)
took=${out#longest=} took=${took%% *}
case $out in longest=*missing=0) ;; *) wrong "beside the greedy one, verdicts: $out" ;; esac
check "a verdict waits for one of the other user: $out" test "${took:-99999}" -lt 3000
running $pid || wrong 'the greedy one was to run all the while'
until_true 10 grep -q "event=services_full .*socket=requestor user=$modest user_had=0 most_user=$greedy most_held=8 places=8 result=given" \
    log-1 || wrong "who holds the places is not logged: $(grep services_full log-1 | head -n 3)"
check 'evidence of a kind that there is not ends no judge' sh -c '! grep -q event=verifier_ended log-1'
expect 0 'gave their place to another user' "$ASSAY" services status --socket net/node-1/admin.sock
finish_it

# --- quotes
begin greedy net/run/executor/ledger tasks quote
out=$(as $modest "$python" crowd.py modest net/run/executor/ledger tasks quote 10)
took=${out#longest=} took=${took%% *}
case $out in longest=*missing=0) ;; *) wrong "beside the greedy one, quotes: $out" ;; esac
check "a quote waits for one of the other user: $out" test "${took:-99999}" -lt 5000
finish_it

# --- the socket of whoever advances an anchor: lines
begin lines net/run/anchor/ask
ask='import socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.settimeout(20); s.sendall(b"anchor\n"); print(s.recv(65536)[:80])'
for turn in 1 2 3; do
    expect 0 'schema' as $modest "$python" -c "$ask" net/run/anchor/ask
done
finish_it
check 'the node is there' "$ASSAY" status --socket net/node-1/admin.sock
finish

#!/bin/sh
# A holder that runs as a user of its own, as its unit has it: it follows the ledger through the socket of holders, and
# has neither those of other programs nor the daemon's admin socket and files; what it leaves of itself is no dump.
. "$(dirname "$0")/../lib.sh"
[ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null || { echo 'not root, or setpriv is missing' >&2; exit 77; }
cd "$WORK" || exit 2
daemon=64007 executor=64010 holder=64011 # numbers of no user: what counts is that they differ
chmod 755 "$WORK" && copy_daemon && cp "$BIN"/assay "$BIN"/assay-holder . || exit 2

expect 0 'services:' "$ASSAY" setup local --dir net --services --port 0 --epoch-ms 2000
chmod 755 net
mkdir net/run net/run/holder net/run/executor net/holder
chown $daemon:$daemon net/run && chmod 755 net/run
chown $daemon:$holder net/run/holder && chmod 2750 net/run/holder
chown $daemon:$executor net/run/executor && chmod 2750 net/run/executor
sed -i 's,^\(  admin: .*\),\1\n  services: ../run,' net/node-1/assayd.yaml
cp net/node-1/holder* net/node-1/programs.key net/holder/
sed -i 's,^daemon: .*,daemon: ../run,' net/holder/holder.yaml
chown -R $holder:$holder net/holder && chmod 700 net/holder
chown -R $daemon:$daemon net/node-1 && chmod 700 net/node-1
as() { # as USER GROUPS COMMAND...
    user=$1 groups=$2
    shift 2
    setpriv --reuid="$user" --regid="$user" --groups="$groups" "$@"
}
setpriv --reuid=$daemon --regid=$daemon --groups=$daemon bin/assayd --config net/node-1/assayd.yaml 2>log-1 </dev/null &
started="$started $!"
for n in 2 3 4; do
    "$ASSAYD" --config net/node-$n/assayd.yaml 2>net/node-$n/log </dev/null &
    started="$started $!"
done
until_true 60 test -S net/run/holder/ledger || wrong "no socket of services: $(tail -n 3 log-1)"
check 'it is for the group' test "$(stat -c '%a %u %g' net/run/holder/ledger)" = "660 $daemon $holder"
until_true 10 grep -q 'event=services_open .*shared="holder executor"' log-1 || wrong "$(grep services_open log-1)"
check 'a folder that nobody made is for the daemon alone' \
    test "$(stat -c '%a %u %g' net/run/owner net/run/owner/ledger | tr '\n' ' ')" = "700 $daemon $daemon 600 $daemon $daemon "
setpriv --reuid=$holder --regid=$holder --clear-groups ./assay-holder --config net/holder/holder.yaml 2>log-holder </dev/null &
pid=$!
started="$started $pid"
until_true 60 grep -q 'slot [0-9] of cluster\|listed, without a slot' log-holder ||
    wrong "it does not follow the ledger: $(tail -n 3 log-holder)"
check 'it is another user' test "$(sed -n 's/^Uid:\t\([0-9]*\).*/\1/p' /proc/$pid/status)" -eq $holder
check 'it cannot be dumped' test "$(stat -c %u /proc/$pid/environ)" -eq 0
check 'nor gain anything' grep -q '^NoNewPrivs:.*1$' /proc/$pid/status

# --- what whoever takes it over has of the daemon
expect 1 '' as $holder $holder cat net/node-1/assayd.yaml
expect 1 '' as $holder $holder cat net/node-1/state/store.sqlite
expect 1 '' as $holder $holder cat net/node-1/keys/identity.key
as $holder $holder ./assay status --socket net/node-1/admin.sock >asked 2>&1 && wrong 'it may open the admin socket'

# --- and of other programs: each has the socket of its role, and no other
as $holder $holder test -w net/run/holder/ledger || wrong 'its group may not connect'
for role in executor owner requestor replica-0 enclave-0; do
    check "the socket of $role is there" test -S net/run/$role/ledger
    expect 1 '' as $holder $holder test -w net/run/$role/ledger
done
as $executor $executor test -w net/run/executor/ledger || wrong 'the group of executors may not connect'
expect 1 '' as $executor $executor test -w net/run/holder/ledger
kill $pid && wait $pid 2>/dev/null
chown -R $executor:$executor net/holder
setpriv --reuid=$executor --regid=$executor --clear-groups ./assay-holder --config net/holder/holder.yaml 2>log-other </dev/null &
started="$started $!"
until_true 20 grep -q 'may not connect to the daemon' log-other || wrong "it is not told why: $(tail -n 3 log-other)"
finish

#!/bin/sh
# A holder that runs as a user of its own, as its unit has it: it follows the ledger through the socket of the group,
# and has neither the daemon's admin socket nor its files; what it leaves of itself is no dump.
. "$(dirname "$0")/lib.sh"
[ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null || { echo 'not root, or setpriv is missing' >&2; exit 77; }
cd "$WORK" || exit 2
daemon=64007 services=64010 holder=64011 # numbers of no user: what counts is that they differ
chmod 755 "$WORK" && cp "$BIN"/assay "$BIN"/assayd "$BIN"/assay-enclave "$BIN"/assay-holder . || exit 2

expect 0 'services:' "$ASSAY" setup local --dir net --services --port 0 --epoch-ms 2000
chmod 755 net
mkdir net/run net/holder
chown $daemon:$services net/run && chmod 2750 net/run
sed -i 's,^\(  admin: .*\),\1\n  services: ../run/ledger.svcs,' net/node-1/assayd.yaml
cp net/node-1/holder* net/node-1/programs.key net/holder/
sed -i 's,^daemon: .*,daemon: ../run/ledger.svcs,' net/holder/holder.yaml
chown -R $holder:$holder net/holder && chmod 700 net/holder
chown -R $daemon:$daemon net/node-1 && chmod 700 net/node-1
as() { # as USER GROUPS COMMAND...
    user=$1 groups=$2
    shift 2
    setpriv --reuid="$user" --regid="$user" --groups="$groups" "$@"
}
setpriv --reuid=$daemon --regid=$daemon --groups=$daemon ./assayd --config net/node-1/assayd.yaml 2>log-1 </dev/null &
started="$started $!"
for n in 2 3 4; do
    "$ASSAYD" --config net/node-$n/assayd.yaml 2>net/node-$n/log </dev/null &
    started="$started $!"
done
until_true 60 test -S net/run/ledger.svcs || wrong "no socket of services: $(tail -n 3 log-1)"
check 'it is for the group' test "$(stat -c '%a %u %g' net/run/ledger.svcs)" = "660 $daemon $services"
setpriv --reuid=$holder --regid=$holder --groups=$services ./assay-holder --config net/holder/holder.yaml 2>log-holder </dev/null &
pid=$!
started="$started $pid"
until_true 60 grep -q 'slot [0-9] of cluster\|listed, without a slot' log-holder ||
    wrong "it does not follow the ledger: $(tail -n 3 log-holder)"
check 'it is another user' test "$(sed -n 's/^Uid:\t\([0-9]*\).*/\1/p' /proc/$pid/status)" -eq $holder
check 'it cannot be dumped' test "$(stat -c %u /proc/$pid/environ)" -eq 0
check 'nor gain anything' grep -q '^NoNewPrivs:.*1$' /proc/$pid/status

# --- what whoever takes it over has of the daemon
expect 1 '' as $holder $services cat net/node-1/assayd.yaml
expect 1 '' as $holder $services cat net/node-1/state/store.sqlite
expect 1 '' as $holder $services cat net/node-1/keys/identity.key
as $holder $services ./assay status --socket net/node-1/admin.sock >asked 2>&1 && wrong 'it may open the admin socket'
expect 1 '' as $holder $holder test -w net/run/ledger.svcs
as $holder $services test -w net/run/ledger.svcs || wrong 'its group may not connect'
finish

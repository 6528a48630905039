#!/bin/sh
# Metrics of programs of services: what a replica, a holder and an executor of each node write while a secret is kept
# and a task is paid, as Prometheus reads it; what a group that halts, and a program that is killed, look like.
root=$(cd "$(dirname "$0")/../../.." && pwd)
. "$root/tests/integration/cli/lib.sh"
command -v prometheus >/dev/null && command -v promtool >/dev/null || { echo 'prometheus is missing' >&2; exit 77; }
metrics() { /usr/bin/python3 "$root/tests/integration/http/metrics.py" "$@"; }
cd "$WORK" || exit 2

expect 0 'services:' "$ASSAY" setup local --dir net --services --port 0 --epoch-ms 2000
for n in 1 2 3 4; do
    "$ASSAYD" --config net/node-$n/assayd.yaml 2>>net/node-$n/log </dev/null &
    started="$started $!"
    eval "pid_$n=$!"
done
node() { # node NUMBER WORDS...
    number=$1
    shift
    "$ASSAY" "$@" --socket net/node-$number/admin.sock
}
mkdir collected
begin() { # begin PROGRAM NUMBER
    "$BIN/assay-$1" --config net/node-$2/$1.yaml 2>>net/node-$2/$1.log </dev/null &
    started="$started $!"
    eval "${1}_$2=$!"
}
for n in 1 2 3 4; do
    for program in replica holder executor; do
        echo "metrics: ../../collected/$program-$n.prom" >>net/node-$n/$program.yaml
        begin $program $n
    done
done
value() { # value FILE SERIES: its value; SERIES without the label of where the program listens
    sed -n "s/^$2 //p" "collected/$1.prom" 2>/dev/null
}
is() { # is FILE NAME LABELS VALUE
    listen=$(sed -n 's/^listen: //p' "net/node-${1#*-}/${1%-*}.yaml")
    [ "$(value "$1" "$2{listen=\"$listen\"$3}")" = "$4" ]
}
serving() { node 1 continuity status | grep -q 'state: serving, view 0'; }
check 'the group serves' until_true 60 serving
# Three of four have a seat.
seats=$(node 1 continuity status --json | /usr/bin/python3 -c '
import json, sys
group = json.load(sys.stdin)["data"]
print(*[s["name"].split("-")[1] for s in group["groups"][0]["seats"]])')
# shellcheck disable=SC2086
set -- $seats
check 'a replica serves' until_true 20 is "replica-$1" assay_replica_state ',state="serves"' 1
check 'and says one state' is "replica-$1" assay_replica_state ',state="waits"' 0
check 'a holder sits' until_true 40 is holder-2 assay_holder_seated '' 1
check 'and is ready' until_true 40 is holder-2 assay_holder_ready '' 1
check 'an executor offers' until_true 40 is executor-3 assay_program_listed '' 1
check 'all follow' until_true 20 is executor-4 assay_program_ledger_followed '' 1
check 'others may read it' test "$(stat -c %a collected/replica-1.prom)" = 644
check 'nothing is left beside' sh -c '! ls collected/.*new >/dev/null 2>&1'

# --- what they do is counted
echo 'what nobody else may know' >secret
put() { node 1 share put secret --key net/account.key --name first --reader net/account.key --out sealed >/dev/null 2>&1; }
put || put || put || wrong 'no secret is kept'
check 'a holder keeps a share' until_true 30 is holder-2 assay_holder_shares_stored '' 1
check 'and lacks none' is holder-2 assay_holder_shares_missing '' 0
code=$(sed -n 's/^code: "\(.*\)"/\1/p' net/node-3/executor.yaml)
yes 'one two three ' | head -c 5000 >text
expect 0 'results        5 of 5' node 1 task run text --key net/account.key --out a --code "$code" --price 1000 \
    --steps 5 --executor node-3
check 'steps are counted' until_true 20 is executor-3 assay_executor_steps_total '' 5
check 'a claim is paid' until_true 60 is executor-3 assay_executor_claims_paid_total '' 1
check 'and none is left' until_true 40 is executor-3 assay_executor_claims_pending '' 0
check 'nor was one refused' is executor-3 assay_executor_claims_refused_total '' 0
expect 0 'checks hold' metrics files "$root" collected/replica-1.prom collected/holder-2.prom collected/executor-3.prom

# --- as a Prometheus reads them: what a collector of files makes of the folder is one page
cat >serve.py <<'END'
import glob, http.server, sys
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        # A family is told once, with the series of every file.
        families = {}
        for path in sorted(glob.glob("collected/*.prom")):
            for line in open(path, encoding="utf-8"):
                key = line.split()[2] if line.startswith("#") else line.split("{")[0]
                head, series = families.setdefault(key, ([], []))
                (head if line.startswith("#") else series).append(line)
        text = "".join("".join(head[:2] + series) for head, series in families.values()).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(text)
    def log_message(self, *words):
        pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Page).serve_forever()
END
"$TOOLS/free_port" 2 >http_ports
page=$(sed -n 1p http_ports) prom=127.0.0.1:$(sed -n 2p http_ports)
/usr/bin/python3 serve.py "$page" &
started="$started $!"
sed 's/for: .*/for: 0s/; s/ > 60$/ > 12/' "$root/docs/monitoring/alerts.yml" >alerts.yml
sed "s/15s/500ms/; s/127.0.0.1:8080/127.0.0.1:$page/" "$root/docs/monitoring/prometheus.yml" >prometheus.yml
prometheus --config.file=prometheus.yml --storage.tsdb.path=tsdb --web.listen-address="$prom" >prometheus.log 2>&1 &
started="$started $!"
expect 0 'checks hold' metrics wait "$prom" 'count(assay_program_info) == 12'
expect 0 'checks hold' metrics wait "$prom" 'count(assay_replica_state{state="serves"} == 1) == 3 and on () sum(assay_holder_shares_stored) == 4'
expect 0 'checks hold' metrics wait "$prom" 'count(rate(assay_replica_frames_total[5m])) == 4'
expect 0 'checks hold' metrics wait "$prom" 'count(increase(assay_holder_late_total[15m])) == 4'
expect 0 'checks hold' metrics queries "$prom" "$root" 'dashboard: Programs'
echo "$out"
firing() { curl -sS "http://$prom/api/v1/alerts" | grep -q "\"alertname\":\"$1\".*firing"; }
for alert in AssayReplicaHalted AssayProgramSilent AssayProgramUnfollowed AssayExecutorClaimsRefused; do
    check "$alert does not fire" sh -c "! curl -sS 'http://$prom/api/v1/alerts' | grep -q $alert"
done

# --- one that is asked to end takes its file with it; one that is killed leaves it, and is missed
eval "kill \$executor_4"
check 'its file is gone' until_true 20 test ! -e collected/executor-4.prom
eval "kill -KILL \$holder_4"
check 'its file stays' test -e collected/holder-4.prom
check 'it is missed' until_true 40 firing AssayProgramSilent

# --- two of three memories are lost: HALTED, in words and as an alert
eval "kill -KILL \$replica_$1 \$replica_$2"
for n in $1 $2; do
    eval "wait \$replica_$n" 2>/dev/null
    begin replica $n
done
check "the third says HALTED ($seats)" until_true 60 is "replica-$3" assay_replica_state ',state="halted"' 1
check 'and in words' until_true 10 grep -q 'HALTED: of the last view that served (0) too few memories are left' "net/node-$3/replica.log"
check 'that is an alert' until_true 30 firing AssayReplicaHalted

# --- a daemon that is away is said by its programs
kill "$pid_4"
check 'the ledger is gone' until_true 30 is replica-4 assay_program_ledger_followed '' 0
check 'that is an alert' until_true 30 firing AssayProgramUnfollowed

# --- what cannot be written is said, and served all the same
chmod 500 collected
if [ "$(id -u)" != 0 ]; then
    check 'it is said once' until_true 20 grep -q 'metrics cannot be written' net/node-1/holder.log
fi
chmod 700 collected
mv collected moved
check 'it is said' until_true 20 grep -q 'metrics cannot be written: No such file' net/node-1/holder.log
mv moved collected
check 'and written when that is over' until_true 20 is holder-1 assay_holder_seated '' 1
check 'it was said once' test "$(grep -c 'metrics cannot be written: No such' net/node-1/holder.log)" = 1
finish

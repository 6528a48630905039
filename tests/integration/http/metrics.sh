#!/bin/sh
# Metrics: promtool has nothing to say, a real Prometheus scrapes a live network, alerts fire.
root=$(cd "$(dirname "$0")/../../.." && pwd)
. "$root/tests/integration/cli/lib.sh"
command -v prometheus >/dev/null && command -v promtool >/dev/null || { echo 'prometheus is missing' >&2; exit 77; }
metrics() { /usr/bin/python3 "$root/tests/integration/http/metrics.py" "$@"; }

# --- a network, of which two nodes have a port for HTTP
cd "$WORK" || exit 2
# With services: what is told of them is held as well.
services=$(printf '  groups: [{ name: state, size: 3 }]\n  shares: { clusters: 1, slots: 4 }\n  tasks: { balances: [{ account: "%064d", amount: 9223372036854775807 }] }\n  identity: { trust_domain: assay.test, issuer: "https://id.assay.test" }' 7)
network 4 1000 2
"$TOOLS/free_port" 3 >http_ports
one=127.0.0.1:$(sed -n 1p http_ports) two=127.0.0.1:$(sed -n 2p http_ports) prom=127.0.0.1:$(sed -n 3p http_ports)
sed -i "s/^  admin: admin.sock/&\n  http: $one/" node-1/assayd.yaml
sed -i "s/^  admin: admin.sock/&\n  http: $two/" node-2/assayd.yaml
# Two that name all members: what both report is one alert. The third names itself alone.
for i in 1 2; do echo 'metrics: { members: 4 }' >>node-$i/assayd.yaml; done
sign alpha beta
for i in 1 2 3 4; do start $i; done
pid_four=$pid
check 'node-1 closes epochs' until_true 40 epoch_at_least 1 4
expect 0 'checks hold' metrics lint "$one" "$root"
echo "$out"
expect 0 'checks hold' metrics members "$one" node-1 node-2 node-3 node-4
of_three() { curl -sS --unix-socket node-3/admin.http http://localhost/metrics; }
check 'a node names itself' sh -c 'grep -q "^assay_node_info{.*member=\"node-3\""' <<END
$(of_three)
END
check 'and nobody else unless it is configured' sh -c '! grep -q "assay_member_\|node-1"' <<END
$(of_three)
END
# Names of others that lead to this machine are not answered.
expect 0 '"code":"forbidden"' curl -sS -H 'Host: example.org' "http://$one/v1/status"

# --- Prometheus, with the rules as they are but for the time that an alert waits
sed 's/for: .*/for: 0s/' "$root/docs/monitoring/alerts.yml" >alerts.yml
sed "s/15s/500ms/; s/\"127.0.0.1:8080\"/\"$one\", \"$two\"/" "$root/docs/monitoring/prometheus.yml" >prometheus.yml
expect 0 'SUCCESS' promtool check config prometheus.yml
prometheus --config.file=prometheus.yml --storage.tsdb.path=tsdb --web.listen-address="$prom" >prometheus.log 2>&1 &
prometheus_pid=$!
started="$started $prometheus_pid"
expect 0 'checks hold' metrics wait "$prom" 'count(up{job="assay"} == 1) == 2 and count(assay_node_score_ratio == 1) == 2'
expect 0 'checks hold' metrics wait "$prom" 'ALERTS{alertname="AssayInsecure", alertstate="firing"}'
expect 0 'checks hold' metrics wait "$prom" 'rate(assay_gossip_bytes_total[5m]) > 0'
expect 0 'checks hold' metrics queries "$prom" "$root" dashboard
echo "$out"
check 'nothing else fires' sh -c "! curl -sS 'http://$prom/api/v1/alerts' | grep -q 'AssayN'"
# One of four ends: one more failure would stop the network.
kill "$pid_four"
expect 0 'checks hold' metrics wait "$prom" 'ALERTS{alertname="AssayNoMargin", alertstate="firing"}'
# Both nodes report it, and one alert names it.
offline='ALERTS{alertname="AssayMemberOffline", alertstate="firing"}'
expect 0 'checks hold' metrics wait "$prom" "$offline"
expect 0 'checks hold' metrics wait "$prom" "count($offline) == 1 and on () count(ALERTS{alertname=\"AssayMemberOffline\", alertstate=\"firing\", member=\"node-4\"}) == 1"
expect 0 'checks hold' metrics wait "$prom" 'count(assay_member_offline{member="node-4"} == 1) == 2'
# A second one: nothing becomes final any more.
kill "$pid_3"
expect 0 'checks hold' metrics wait "$prom" 'ALERTS{alertname="AssayNoQuorum", alertstate="firing"}'
finish

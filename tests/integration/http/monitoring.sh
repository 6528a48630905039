#!/bin/sh
# Rules and dashboard without a network: promtool runs the tests of the rules, the dashboard fits its schema, and
# `assay monitoring` writes both as they are installed, with links to the runbooks of a site.
root=$(cd "$(dirname "$0")/../../.." && pwd)
. "$root/tests/integration/cli/lib.sh"
command -v promtool >/dev/null || { echo 'promtool is missing' >&2; exit 77; }
dashboard() { /usr/bin/python3 "$root/tests/integration/http/dashboard.py" "$@"; }

# --- the rules
cd "$root/docs/monitoring" || exit 2
expect 0 'rules found' promtool check rules alerts.yml
expect 0 'SUCCESS' promtool test rules alerts_test.yml
# This test of them can fail: the same with every bound moved, and with one alert for each node that reports a member.
mkdir "$WORK/rules" "$WORK/twice"
sed 's/== 0$/== 5/; s/== 1$/== 5/; s/[<>] [^()<>]*$/> 1e9/' alerts.yml >"$WORK/rules/alerts.yml"
sed 's/max by (chain, member)/max by (chain, member, instance)/' alerts.yml >"$WORK/twice/alerts.yml"
for folder in rules twice; do
    cp alerts_test.yml "$WORK/$folder"
    expect 0 "rules found" promtool check rules "$WORK/$folder/alerts.yml"
    expect 1 'FAILED' promtool test rules "$WORK/$folder/alerts_test.yml"
done

# --- the dashboard
expect 0 ' 0 findings' dashboard check "$root"
expect 0 'faults found' dashboard selftest "$root"

# --- the command
cd "$WORK" || exit 2
base=https://wiki.example/assay/runbooks
expect 0 'plain/alerts.yml: rules for Prometheus' "$ASSAY" monitoring --out plain
for file in alerts.yml dashboard.json; do
    check "without a base $file is the installed one" cmp "$root/docs/monitoring/$file" "plain/$file"
done
expect 0 '' "$ASSAY" monitoring --runbook-base "$base//" --out site
linked() { ! grep -q 'docs/runbooks' site/* && ! grep 'runbook_url:' site/alerts.yml | grep -v " runbook_url: $base/[A-Za-z-]*[.]md$"; }
check 'every alert has a link of the site' linked
check 'as many as alerts' [ "$(grep -c "runbook_url: $base/" site/alerts.yml)" = "$(grep -c 'alert: ' site/alerts.yml)" ]
check 'the dashboard has it' grep -q "\"$base/README.md\"" site/dashboard.json
expect 0 'rules found' promtool check rules site/alerts.yml
expect 0 ' 0 findings' dashboard check "$root" site/dashboard.json
expect 0 '' "$ASSAY" monitoring --out site
check 'an earlier output is replaced' cmp "$root/docs/monitoring/alerts.yml" site/alerts.yml
expect 0 '"files"' "$ASSAY" monitoring --out site --json
for wrong in javascript:alert wiki.example http:// https:///runbooks 'https://x/"' 'https://x/{{ .Value }}' 'https://x/$y' \
    'https://x/ y' 'https://x/a?b=c' "https://x/$(printf 'a%.0s' $(seq 1100))" ''; do
    expect 2 'runbook-base' "$ASSAY" monitoring --runbook-base "$wrong" --out refused
done
check 'a refused base writes nothing' [ ! -e refused ]
expect 2 '--out' "$ASSAY" monitoring
# A site's own files of these names stay, and nothing is written next to them.
mkdir own && echo 'groups: []' >own/alerts.yml
expect 6 'which is never replaced' "$ASSAY" monitoring --out own
check 'own rules stay' [ "$(cat own/alerts.yml)" = 'groups: []' ]
check 'and have no dashboard next to them' [ ! -e own/dashboard.json ]
rm own/alerts.yml && echo '{"title":"mine"}' >own/dashboard.json
expect 6 'which is never replaced' "$ASSAY" monitoring --out own
check 'no rules are next to an own dashboard' [ ! -e own/alerts.yml ]
mkdir keys && "$ASSAY" keys operator keys/alerts.yml >/dev/null
cp keys/alerts.yml key
expect 6 'never replaced' "$ASSAY" monitoring --out keys
check 'a key stays what it is' cmp keys/alerts.yml key
check 'and nothing is written next to it' [ ! -e keys/dashboard.json ]
expect 1 'No such file or directory' "$ASSAY" monitoring --out none/of/it
expect 1 'a directory' sh -c 'mkdir -p folder/alerts.yml && "$0" monitoring --out folder' "$ASSAY"
finish

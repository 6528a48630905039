#!/bin/sh
# assay-sim report as a researcher types it: the page again from the files, several runs as one page, the
# page of a sweep.
. "$(dirname "$0")/lib.sh"
cd "$WORK" || exit 2

gives 0 'usage: assay-sim report' "$SIM" report --help
gives 2 'expected DIR' "$SIM" report
gives 2 'nowhere/scenario.yaml: no such file' "$SIM" report nowhere

# One run, of every kind of scenario: the same bytes again.
for name in honest badmouthing crash-storm partition-even vendor-break; do
    "$SIM" run "$name" --quiet --out "$name" || wrong "run $name"
    gives 0 "$name: 1 run in $name.html" "$SIM" report "$name" --out "$name.html"
    check "$name: the page of the run" cmp "$name/report.html" "$name.html"
done

# The document alone is that of the page; < > & are spelled out there.
gives 0 'honest: 1 run in honest/report.json' "$SIM" report honest --data
sed -n 's,.*id="data">\({.*}\)</script>.*,\1,p' honest/report.html |
    sed 's/\\u003c/</g; s/\\u003e/>/g; s/\\u0026/\&/g' >page.json
check 'report --data: the document of the page' cmp honest/report.json page.json

# The page alone, without a folder; the same bytes.
"$SIM" run honest --quiet --report alone.html || wrong 'run honest --report'
check 'run --report: the page of the run' cmp honest/report.html alone.html
gives 2 'no-folder/x.html' "$SIM" run honest --quiet --report no-folder/x.html
"$SIM" swarm --seeds 3 --quiet --report swarm.html >/dev/null || wrong 'swarm --report'
"$SIM" swarm --seeds 3 --threads 1 --quiet --report again.html >/dev/null || wrong 'swarm --report'
check 'swarm --report: the same bytes for the same seeds' cmp swarm.html again.html
check 'swarm --report: the digest is there' grep -q '"digest":"[0-9a-f]*"' swarm.html
gives 2 'expected only --nodes and --set' "$SIM" swarm --show 1 --report no.html

# Several, in any order.
for seed in 3 1 2; do
    "$SIM" run on-off --seed "$seed" --quiet --out "on-off-$seed" || wrong "run on-off --seed $seed"
done
gives 0 'on-off: 3 runs in three.html' "$SIM" report on-off-3 on-off-1 on-off-2 --out three.html
gives 0 'on-off: 3 runs in report.html' "$SIM" report on-off-1 on-off-2 on-off-3
check 'the order of folders does not matter' cmp three.html report.html
gives 0 '"schema":"assay.sim.report"' sh -c "'$SIM' report on-off-1 on-off-2 --out two.html --json | tr -d ' \n'"
gives 2 'different scenarios' "$SIM" report on-off-1 honest --out no.html
gives 2 'the same run, of seed 1' "$SIM" report on-off-1 on-off-2 on-off-1 --out no.html
check 'nothing is written then' test ! -e no.html
rm on-off-2/roots.csv
gives 2 'on-off-2/roots.csv: no such file' "$SIM" report on-off-1 on-off-2 --out no.html

# A sweep has its page, with the laws, and shards merged give the same one.
cat >sweep.yaml <<'END'
sweep_version: 1
name: page
scenario: badmouthing
set: [fidelity=epoch, nodes=40, operators=40, vendors=5, epochs=60]
repeats: 2
axes:
  - { name: b_bp, key: "cohorts[ring].share_bp", from: 0, to: 6000, step: 1500 }
  - name: rule
    cases:
      - { name: mean, set: [rule=mean, weight_source=one] }
      - { name: by score, set: [rule=mean, weight_source=score] }
      - { name: trimmed, set: [rule=trimmed, weight_source=score] }
      - { name: ABSENT, set: ["adversaries[0].attack=absent-vote"] }
      - { name: FAIL, set: [] }
plot: { x: b_bp, series: rule, figure: score_mean_bp honest }
END
"$SIM" sweep sweep.yaml --out whole --quiet >/dev/null || wrong 'sweep'
for law in L1 L2 L3 L4 L7; do
    check "the page of a sweep has $law" grep -q "\"law\":\"$law\"" whole/sweep.html
done
for shard in 1 2; do
    "$SIM" sweep sweep.yaml --out "shard-$shard" --shard "$shard/2" --quiet >/dev/null || wrong "shard $shard"
done
"$SIM" merge shard-2 shard-1 --out merged >/dev/null || wrong 'merge'
check 'shards give the page of one machine' cmp whole/sweep.html merged/sweep.html
finish

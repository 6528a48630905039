#!/bin/sh
# Reports opened in Chromium, wide and narrow, light and dark: the console is quiet, each plot has a width and
# a height, no two words lie over each other. Skips where chromium is not installed.
. "$(dirname "$0")/lib.sh"
command -v chromium >/dev/null || { echo 'chromium is not installed: no page was opened'; exit 77; }
cd "$WORK" || exit 2
HERE=$ROOT/tests/integration/sim

# open PAGE WIDTH DARK: what the browser made of it in `seen`, what its console said in `said`.
open() {
    awk -f "$HERE/page.awk" "$1" >opened.html
    HOME=$WORK timeout 60 chromium --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage \
        --user-data-dir="$WORK/profile" --window-size="$2,2000" --blink-settings=preferredColorScheme="$3" \
        --enable-logging=stderr --v=0 --dump-dom "file://$WORK/opened.html" >dom 2>log
    sed -n '/<pre id="seen">/,/<\/pre>/p' dom | sed 's/<[^>]*>//g' >seen
    grep 'CONSOLE' log >said
}

# looks PAGE PLOTS: it is fine in every window.
looks() {
    for look in '1300 1' '400 1' '1300 0'; do
        open "$1" "${look% *}" "${look#* }"
        check "$1 ($look): the browser opened it" test -s seen
        check "$1 ($look): its console is quiet: $(cat said)" test ! -s said
        for fact in "plots $2" 'least true' 'wide false' 'live true' 'hits 0'; do
            check "$1 ($look): $fact; found $(tr '\n' ';' <seen)" grep -qx "$fact" seen
        done
    done
}

# What is looked for can be seen: a page that is broken in each way.
"$SIM" run honest --quiet --out honest || wrong 'run honest'
sed 's,</main>,</main><script>nothing.here()</script>,' honest/report.html >broken.html
open broken.html 1300 1
check 'an error in the console is seen' test -s said
sed '0,/<text class="tick/s,<text class="tick,<text class="tick" x="70" y="99">mm</text><text class="tick" x="71" y="99">mm</text>&,' \
    honest/report.html >broken.html
open broken.html 1300 1
check 'a word on another is seen' grep -qx 'hits 1' seen
sed 's,</main>,<p style="width:3000px">wide</p></main>,' honest/report.html >broken.html
open broken.html 1300 1
check 'a page that is too wide is seen' grep -qx 'wide true' seen

looks honest/report.html 10
# Everything long, and many cohorts.
long=a-cohort-with-a-name-of-sixty-three-letters-and-not-one-of-le
set -- run badmouthing --quiet --out long --set assertions=none --set fidelity=epoch --set nodes=80 --set operators=80 \
    --set "title=$(printf 'a-title-without-any-blank-%.0s' 1 2 3 4 5 6)"
for i in 2 3 4 5 6 7; do
    set -- "$@" --set "cohorts[$i].name=$long$i" --set "cohorts[$i].count=5"
done
"$SIM" "$@" || wrong 'run with long names'
check 'the names are there' grep -q "<span>${long}7</span>" long/report.html
looks long/report.html 10
"$SIM" run honest --quiet --set epochs=1 --out one >/dev/null 2>&1
looks one/report.html 10
"$SIM" run crash-storm --quiet --out storm-1 || wrong 'run crash-storm'
"$SIM" run crash-storm --seed 2 --quiet --out storm-2 || wrong 'run crash-storm'
"$SIM" report storm-1 storm-2 --out storms.html >/dev/null || wrong 'report'
looks storms.html 10
cat >sweep.yaml <<'END'
sweep_version: 1
name: page
scenario: badmouthing
set: [fidelity=epoch, nodes=40, operators=40, vendors=5, epochs=20]
repeats: 2
axes:
  - { name: b_bp, key: "cohorts[ring].share_bp", from: 0, to: 6000, step: 1500 }
  - name: rule
    cases:
      - { name: mean, set: [rule=mean, weight_source=one] }
      - { name: FAIL, set: [] }
plot: { x: b_bp, series: rule, figure: score_mean_bp honest }
END
"$SIM" sweep sweep.yaml --out sweep --quiet >/dev/null || wrong 'sweep'
looks sweep/sweep.html "$(grep -c '<figure ' sweep/sweep.html)"
finish

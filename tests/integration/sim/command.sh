#!/bin/sh
# assay-sim as a researcher types it: usage, errors, files, interruption, reproduction.
. "$(dirname "$0")/lib.sh"
cd "$WORK" || exit 2

# --- usage
gives 2 'usage: assay-sim' "$SIM"
gives 0 'usage: assay-sim' "$SIM" --help
gives 0 'assay-sim ' "$SIM" --version
gives 2 '"rnu" is no command; is "run" meant?; `assay-sim --help` lists them' "$SIM" rnu
gives 2 '"detail": "\"rnu\" is no command' "$SIM" rnu --json
gives 2 'run: --tweice: there is no such option; is "--twice" meant?' "$SIM" run honest --tweice
gives 2 'run: --twice: it takes no value' "$SIM" run honest --twice=2
"$SIM" --help | awk '/^  [a-z]/ { print $1 }' >commands
check 'all commands are looked at' test "$(wc -l <commands)" -ge 12
while read -r command; do
    gives 0 "usage: assay-sim $command" "$SIM" $command --help
    gives 0 "  assay-sim $command" "$SIM" $command --help
    "$SIM" $command --help >help
    check "$command --help has an example and statuses" \
        sh -c "grep -A 1 '^examples:' help | grep -q '^  assay-sim $command' && grep -q '^exit status: 0 ' help"
    wide=$("$SIM" $command --help | awk 'length > 100')
    check "$command --help is at most 100 columns wide: $wide" test -z "$wide"
    [ "$command" = keys ] && continue # it has no option
    gives 2 "$command: --no-such-option: there is no such option; see \`assay-sim $command --help\`" \
        "$SIM" $command --no-such-option
    gives 2 '"code": "usage"' "$SIM" $command --no-such-option --json
done <commands
for command in run list show keys; do
    gives 2 'expected' "$SIM" $command one two three
done
gives 2 'run: --seed: expected a value behind it' "$SIM" run honest --seed
gives 2 '"detail": "run: --threads: expected 1 .. 256, found \"0\"' "$SIM" run honest --threads 0 --json
gives 2 '"detail": "twins: --shard: expected I/N' "$SIM" twins --shard 0/3 --json
gives 2 'empty name' "$SIM" run honest --out ''
gives 2 'is "honest" meant?' "$SIM" run honset
gives 2 'No such file' "$SIM" run ./nowhere.yaml
gives 2 'No such file' "$SIM" run nowhere.yaml
gives 2 '--seed: expected 0 .. 18446744073709551615, hexadecimal behind 0x, found "x"' "$SIM" run honest --seed x
gives 2 '--seed: expected' "$SIM" run honest --seed 18446744073709551616
gives 2 '--seed: expected' "$SIM" show honest --seed 1x
gives 2 '--threads: expected 1 .. 256, found "0"' "$SIM" run honest --threads 0
gives 2 '--threads: expected 1 .. 256, found "257"' "$SIM" run honest --threads 257
gives 2 'expected one SCENARIO, found 2' "$SIM" run honest honest
gives 2 'is "nodes" meant?' "$SIM" run honest --set nodse=4
gives 2 'rule: mean runs at fidelity epoch alone' "$SIM" run honest --set rule=mean --set fidelity=message
printf 'nodes: 7\nnodse: 8\n' >broken.yaml
gives 2 'broken.yaml:2:1: unknown key "nodse"; is "nodes" meant?' "$SIM" run broken.yaml
gives 2 '"code": "scenario"' "$SIM" run broken.yaml --json
head -c 70000 /dev/zero | tr '\0' '#' >large.yaml
gives 2 'larger than 65536 bytes' "$SIM" run large.yaml
gives 2 'directory' "$SIM" run ./
: >file
gives 2 'Not a directory' "$SIM" run honest --out file
gives 2 'Not a directory' "$SIM" swarm --seeds 1 --out file
ln -s nowhere link
for command in 'swarm --seeds 1 --state' 'minimize honest --out'; do
    gives 2 'No such file or directory' "$SIM" $command nowhere/file
    gives 2 'Is a directory' "$SIM" $command .
    gives 2 'a device, a pipe or a link' "$SIM" $command link
    gives 2 'a device, a pipe or a link' "$SIM" $command /dev/null
done
check 'a link stays one' test -L link
check '/dev/null stays one' test -c /dev/null
gives 2 'Is a directory' "$SIM" sweep ./ --plan
gives 2 'Is a directory' "$SIM" tally ./
head -c 9000000 /dev/zero >larger
gives 2 'larger: is larger than ' "$SIM" sweep larger --plan
gives 2 'larger: is larger than ' "$SIM" tally larger
rm larger

# --- the library
"$SIM" list >listed
check 'scenarios are listed first' grep -q '^badmouthing ' listed
check 'sweeps behind them' sh -c 'sed "1,/^$/d" listed | grep -q "^badmouthing  *the honest score"'
gives 0 '"sweeps":[{"name":"badmouthing","line":' sh -c "'$SIM' list --json | tr -d ' \n'"

# --- scenarios and keys as documents: JSON is YAML, so what was printed is read as the same scenario
for name in $("$SIM" list | sed '/^$/,$d; s/ .*//'); do
    "$SIM" show "$name" --json >shown.json
    /usr/bin/python3 -c 'import json; json.dump(json.load(open("shown.json"))["data"], open("data.yaml", "w"))'
    "$SIM" show "$name" >shown && "$SIM" show data.yaml >shown.again
    check "the document of $name is $name" cmp shown shown.again
done
"$SIM" show honest --set seed=18446744073709551615 --set nodes=11 --json >shown.json
check 'a seed loses no digit' grep -q '"seed": "18446744073709551615"' shown.json
check 'what is set is shown' grep -q '"nodes": 11,' shown.json
gives 2 '"code": "scenario"' "$SIM" show nothing --json
gives 2 'expected no argument' "$SIM" keys x --json
"$SIM" keys --json >keys.json
"$SIM" keys | grep '^| `' | sed 's/^| `\([^`]*\)`.*/\1/' | sort >names
/usr/bin/python3 -c 'import json
d = json.load(open("keys.json"))["data"]
print("\n".join(sorted(r["name"] for l in ("keys", "words", "figures") for r in d[l] if r["name"])))' >documented
check 'the document of keys names what the tables name' sh -c 'test "$(wc -l <names)" -gt 200 && LC_ALL=C sort names >a &&
    LC_ALL=C sort documented >b && cmp a b'

# --- known-bad builds that nobody has made: how to make them, as a usage error; a build that cannot run too
mkdir faults
printf '{"mutants":[{"name":"one","about":"x","expect":"P1","suites":"twins","seeds":2},
    {"name":"two","about":"x","expect":"P1","suites":"twins","seeds":2}]}' >faults/mutants.json
make_them='`cmake --build --preset release --target assay_mutants` builds them'
gives 2 "3 of 3 builds are missing, faults/assay-sim-good first; $make_them" "$SIM" mutants --dir faults
gives 2 '"code": "not_found"' "$SIM" mutants --dir faults --json
gives 2 "$make_them" "$SIM" mutants --dir nowhere
printf '#!/bin/sh\necho clean\n' >faults/assay-sim-good
gives 2 '2 of 2 builds are missing, faults/assay-sim-good first' "$SIM" mutants --dir faults --only one
chmod +x faults/assay-sim-good
gives 2 '1 of 2 builds are missing, faults/assay-sim-two first' "$SIM" mutants --dir faults --only two
cp faults/assay-sim-good faults/assay-sim-one
gives 2 '1 of 3 builds are missing, faults/assay-sim-two first' "$SIM" mutants --dir faults
gives 1 '1 faults, 1 missed; the sound build is clean' "$SIM" mutants --dir faults --only one
mkdir faults/assay-sim-two
gives 2 '1 of 3 builds are missing, faults/assay-sim-two first' "$SIM" mutants --dir faults

# --- a sweep: of the library, of a file, on a full disk, again, by two at once, of a stranger
gives 0 'badmouthing: 65 points, 2 seeds each' "$SIM" sweep badmouthing --plan
gives 2 'is "badmouthing" meant?' "$SIM" sweep badmouthin --plan
gives 2 'no library sweep "honest"; `assay-sim list` lists them' "$SIM" sweep honest --out y
printf '%s\n' 'sweep_version: 1' 'name: small' 'scenario: honest' 'set: [fidelity=epoch, epochs=3]' 'repeats: 9' \
    'axes:' '  - { name: nodes, key: nodes, values: [4, 5] }' 'plot: { x: nodes, figure: score_mean_bp honest }' >small.yaml
trap '' XFSZ
gives 1 'points.csv: cannot be written: File too large; fix that' sh -c "ulimit -f 5; '$SIM' sweep small.yaml --out small"
check 'what was whole is kept' test "$(wc -l <small/points.csv)" -gt 1
check 'no result is there' test ! -e small/sweep.csv
gives 0 'small: shard 1/1: 18 of 18 runs' "$SIM" sweep small.yaml --out small
"$SIM" sweep small.yaml --out fresh --quiet >/dev/null || wrong 'sweep small.yaml'
for file in points.csv sweep.csv summary.csv sweep.html; do
    check "it went on: the same $file" cmp small/$file fresh/$file
done
gives 1 'no run is lost' sh -c "ulimit -f 2; '$SIM' sweep small.yaml --out small"
for file in sweep.csv summary.csv sweep.html; do
    check "a full disk leaves the $file that was there" cmp small/$file fresh/$file
done
gives 2 'merge: /dev/null: Not a directory' "$SIM" merge small --out /dev/null
sed 's/"name": "small"/"name": "\\u001b[2J"/' fresh/sweep.json >sweep.json && cat sweep.json >fresh/sweep.json
gives 0 '\x1b[2J: 18 runs' "$SIM" merge fresh --out fresh-2

# --- a run, its files, and the run again from its own scenario
gives 0 'holds' "$SIM" run honest --seed 0x10 --out out
for file in epochs.csv roots.csv summary.json scenario.yaml report.html; do
    check "out/$file is there" test -s out/$file
done
check 'no draft is left' test -z "$(find out -name '.*.new')"
check '20 epochs of one cohort' test "$(wc -l <out/epochs.csv)" -eq 21
check '20 roots' test "$(wc -l <out/roots.csv)" -eq 21
root=$(sed -n 's/.*"state_root": "\(.*\)".*/\1/p' out/summary.json)
check 'the state root is the last one of the chain' test "$(tail -1 out/roots.csv)" = "20,1,$root"
check 'the members add up' test "$(sed -n 's/.*"members": \([0-9]*\).*/\1/p' out/summary.json)" = 7
check 'the seed is the one given' grep -q '"seed": 16,' out/summary.json
check 'it passed' grep -q '"passed": true' out/summary.json
"$SIM" run out/scenario.yaml --out again --quiet || wrong 'the effective scenario runs'
check 'the same rows' cmp out/epochs.csv again/epochs.csv
check 'the same roots' cmp out/roots.csv again/roots.csv
check 'the same scenario' cmp out/scenario.yaml again/scenario.yaml
check 'the same roots are not made of nothing' test "$(cut -d, -f3 out/roots.csv | sort -u | wc -l)" -eq 21
"$SIM" run honest --seed 17 --out other --quiet
check 'another seed is another run' test "$(grep trace_hash other/summary.json)" != "$(grep trace_hash out/summary.json)"
"$SIM" run honest --seed 16 --json >json || wrong '--json runs'
check '--json says what summary.json says' cmp json out/summary.json
check '--quiet says nothing' test -z "$("$SIM" run honest --quiet 2>&1)"
gives 0 'the same' "$SIM" run honest --twice

# --- what takes a while says on a terminal how far it is, how fast, and how long still
terminal() { script -qec "$SIM $*" /dev/null </dev/null | tr '\r' '\n'; }
gives 0 '/40 epochs  ' terminal run honest --twice
gives 0 ' a minute  ETA ' terminal run honest --twice
gives 0 '/20 runs  ' terminal twins --samples 20
gives 0 ' runs  ' terminal twins --views 1
check 'a pipe gets none of it' test -z "$("$SIM" run honest --twice 2>&1 >/dev/null)"
"$SIM" run absent-voting --threads 1 --out one --quiet
"$SIM" run absent-voting --threads 3 --out three --quiet
check 'threads change nothing' cmp one/summary.json three/summary.json

# --- a failure reproduces from the line that it prints
"$SIM" run honest --set nodes=5 --set 'assertions[0]=epochs == 7' --set "title=it's" >table 2>said
check 'a failed assertion is exit status 1' test $? -eq 1
check 'it says what it found' grep -q 'assertion failed: epochs == 7, found 20' said
line=$(sed -n 's/^reproduce: assay-sim //p' said)
check 'a line reproduces it' test -n "$line"
eval "\"$SIM\" $line" >table2 2>said2
check 'the same exit status' test $? -eq 1
check 'the same tables' cmp table table2
check 'the same words' cmp said said2

# --- interruption: what there is by then is written
"$SIM" run honest --set nodes=1000 --set fidelity=epoch --set epochs=1000000 --out cut --quiet 2>said &
pid=$!
sleep 1
kill -INT $pid
wait $pid
check 'interrupted is exit status 130' test $? -eq 130
check 'it says so' grep -q interrupted said
check 'there are rows' test "$(wc -l <cut/epochs.csv)" -gt 1
check 'the summary knows' grep -q '"interrupted": true' cut/summary.json

# --- a disk that is full
trap '' XFSZ
(ulimit -f 1 && "$SIM" run honest --set epochs=200 --out full --quiet) >said 2>&1
check 'a full disk is exit status 1' test $? -eq 1
check 'it says so' grep -q 'full/epochs.csv: File too large' said
check 'nothing half is left' test ! -e full/epochs.csv -a ! -e full/summary.json
"$SIM" run honest --set epochs=2 --out stale --quiet
(ulimit -f 1 && "$SIM" run honest --set epochs=200 --out stale --quiet) >said 2>&1
check 'no summary of an earlier run vouches for files of this one' test ! -e stale/summary.json
(ulimit -f 0 && "$SIM" minimize honest --set epochs=2 --set 'assertions[0]=epochs > 99' \
    --out least.yaml --tries 1 --quiet) 2>&1 | cat >least
check 'what minimize cannot write to its file it prints' grep -q '^name: "honest"' least
check 'and says why' grep -q 'least.yaml: .*File too large' least
if [ -c /dev/full ]; then
    for command in 'run honest --set epochs=2' 'run honest --set epochs=2 --json' list keys 'keys --json' 'show honest' \
        'swarm --seeds 1' 'twins --nodes 7 --samples 1' 'twins --nodes 7 --samples 1 --json' --help; do
        "$SIM" $command >/dev/full 2>said
        check "a full standard output is exit status 1: $command" test $? -eq 1
        check "it says so: $command" grep -q 'stdout cannot be written' said
    done
fi
"$SIM" run honest --set epochs=2 --out closed >&- 2>said
check 'a closed standard output is exit status 1' test $? -eq 1
check 'no file takes its place' cmp closed/roots.csv stale/roots.csv
finish

#!/bin/sh
# assay-sim swarm, minimize, sweep and merge as a researcher types them.
. "$(dirname "$0")/lib.sh"
cd "$WORK" || exit 2

# --- usage
for command in swarm minimize sweep merge; do
    gives 0 "usage: assay-sim $command" "$SIM" $command --help
    gives 2 '' "$SIM" $command --no-such-option
    gives 2 '' "$SIM" $command
done
gives 2 'expected --seeds N' "$SIM" swarm --from 3
gives 2 '--seeds: expected a number' "$SIM" swarm --seeds 0
gives 2 '--seeds: expected a number' "$SIM" swarm --seeds many
gives 2 'would be above' "$SIM" swarm --seeds 2 --from 18446744073709551615
gives 2 '--threads: expected 1 .. 256' "$SIM" swarm --seeds 1 --threads 0
gives 2 '--nodes: expected' "$SIM" swarm --seeds 1 --nodes 3
gives 2 '--nodes: expected' "$SIM" swarm --seeds 1 --nodes 9..5
gives 2 'no_such_key' "$SIM" swarm --seeds 1 --set no_such_key=1
gives 2 '"code": "usage"' "$SIM" swarm --seeds 1 --json --set no_such_key=1
gives 2 'expected --stop-at-first or --collect, found both' "$SIM" swarm --seeds 1 --stop-at-first --collect
gives 2 '--show prints one scenario' "$SIM" swarm --show 3 --seeds 2
gives 2 '--coverage prints one state file' "$SIM" swarm --coverage a.json --seeds 2
gives 2 '--ahead: expected with --coverage' "$SIM" swarm --seeds 2 --ahead 5
gives 2 '--ahead: expected 0 .. 1000000 seeds' "$SIM" swarm --coverage a.json --ahead many
gives 2 'nowhere.json: no such file' "$SIM" swarm --coverage nowhere.json
gives 2 '--show prints one scenario' "$SIM" swarm --show 3 --json
gives 2 'fewer than 8192 bytes' "$SIM" swarm --seeds 1 --set "title=$(head -c 9000 /dev/zero | tr '\0' x)"
gives 2 '--seeds: expected 1 .. 1000000, found "99999999999"' "$SIM" minimize honest --seeds 99999999999
gives 2 '--nodes: expected with --swarm' "$SIM" minimize honest --nodes 5
gives 2 '--seed: expected with a SCENARIO' "$SIM" minimize --swarm 3 --seed 5
gives 2 'expected one SCENARIO' "$SIM" minimize honest twice
gives 2 '--json needs --out' "$SIM" minimize honest --json
gives 2 'is "honest" meant?' "$SIM" minimize honset
gives 2 'expected I/N' "$SIM" sweep x.yaml --out y --shard 3/2
gives 2 'expected I/N' "$SIM" sweep x.yaml --out y --shard 0/2
gives 2 "nowhere.yaml: No such file" "$SIM" sweep nowhere.yaml --out y
gives 2 'sweep.json' "$SIM" merge . --out y

# --- a swarm: the same for any number of threads, in parts, and seed by seed
digest() { sed -n 's/^digest *//p'; }
one=$("$SIM" swarm --seeds 6 --from 40 --threads 1 --quiet | digest)
two=$("$SIM" swarm --seeds 6 --from 40 --threads 3 --quiet | digest)
check 'threads change nothing' test "$one" = "$two"
"$SIM" swarm --seeds 2 --from 40 --state state.json --quiet >/dev/null
gives 0 "$one" "$SIM" swarm --seeds 6 --from 40 --state state.json --quiet
check 'a digest has 64 digits' test ${#one} -eq 64
gives 2 'begin at 40, not at 41' "$SIM" swarm --seeds 6 --from 41 --state state.json
gives 2 'made with the arguments' "$SIM" swarm --seeds 6 --from 40 --state state.json --nodes 5
sed 's/, build ..../, build 0000/' state.json >other.json
gives 2 'written by another program' "$SIM" swarm --seeds 7 --from 40 --state other.json
gives 0 '"done": 6' "$SIM" swarm --seeds 6 --from 40 --state state.json --json

# --- coverage: of a state file, without a run
gives 0 'seeds        6 from 40: 0 failed' "$SIM" swarm --coverage state.json --ahead 50
gives 0 'NEVER drawn: ' "$SIM" swarm --coverage state.json --ahead 50
gives 0 'seeds an hour on 2 processors' "$SIM" swarm --coverage state.json --ahead 50
gives 0 '"schema": "assay.sim.coverage"' "$SIM" swarm --coverage state.json --ahead 50 --json
gives 0 '"never_drawn": ' "$SIM" swarm --coverage state.json --ahead 50 --json
gives 2 'repeat those' "$SIM" swarm --coverage state.json --nodes 5
gives 0 '' "$SIM" swarm --coverage other.json --ahead 0
sed 's/"schema_version": 3/"schema_version": 2/' state.json >old.json
gives 2 'expected a state of format version 3, found version 2' "$SIM" swarm --coverage old.json
gives 2 'expected a state of format version 3, found version 2' "$SIM" swarm --seeds 7 --from 40 --state old.json

# --- a planted failure: found, listed, written, reproduced, shrunk
"$SIM" swarm --show 3 >seed.yaml || wrong '--show prints the scenario'
gives 0 '' "$SIM" show seed.yaml
plant='assertions[0]=epochs <= 3'
gives 1 'assertion: epochs <= 3' "$SIM" swarm --seeds 2 --from 3 --set "$plant" --out finds --quiet
"$SIM" swarm --seeds 2 --from 3 --set "$plant" --quiet | sed -n 's/^  reproduce: assay-sim //p' | head -n 1 >line
gives 1 'FAILED seed 3: assertion: epochs <= 3' sh -c "\"$SIM\" $(cat line) --quiet"
"$SIM" swarm --seeds 1 --from 3 --set "$plant" --set "title=it's" --out "it's finds" --quiet >lines
sed -n "s/^  reproduce: assay-sim //p" lines >line
gives 1 'FAILED seed 3: assertion: epochs <= 3' sh -c "\"$SIM\" $(cat line) --quiet"
sed -n "s/^  as a file: assay-sim //p" lines >line
gives 1 'assertion failed: epochs <= 3' sh -c "\"$SIM\" $(cat line) --quiet"
gives 1 'assertion failed: epochs <= 3' "$SIM" run finds/swarm-3.yaml
gives 1 'FAILED seed 3' "$SIM" swarm --seeds 9 --from 3 --set "$plant" --stop-at-first --threads 1 --quiet
check 'it ended at the first' test "$(printf "%s\n" "$said" | grep -c FAILED)" -eq 1
gives 0 'reproduce: assay-sim run small.yaml' "$SIM" minimize finds/swarm-3.yaml --out small.yaml --quiet
gives 1 'assertion failed: epochs <= 3' "$SIM" run small.yaml
gives 0 "reproduce: assay-sim run 'it'\\''s small.yaml'" "$SIM" minimize small.yaml --out "it's small.yaml" --quiet
check 'four nodes are left' grep -q '^nodes: 4$' small.yaml
check 'four epochs are left' grep -q '^epochs: 4$' small.yaml
check 'nobody attacks' sh -c '! grep -q attack: small.yaml'
gives 0 '"size_after"' "$SIM" minimize --swarm 3 --set "$plant" --out again.yaml --json
check 'from the seed it is the same' cmp small.yaml again.yaml
gives 1 'does not fail' "$SIM" minimize honest

# --- interruption: what has been done stays, and the same command goes on
stop_when() { # WORD FILE COMMAND...: 130 after a Ctrl-C that comes when the file has the word
    word=$1 file=$2
    shift 2
    "$SIM" "$@" >said 2>&1 &
    pid=$!
    for i in $(seq 300); do
        if grep -q "$word" "$file" 2>/dev/null; then break; fi
        sleep 0.1
    done
    kill -INT $pid
    wait $pid
    found=$?
    check "interrupted is exit status 130, not $found: $*: $(cat said)" test $found -eq 130
}
stop_when '"done": [1-9]' stopped.json swarm --seeds 100000 --state stopped.json --quiet
check 'a stopped swarm says how to go on' grep -q '^stopped .*the same command continues' said
done=$(sed -n 's/.*"done": \([0-9]*\).*/\1/p' stopped.json)
check 'what it did is in the file' test "$done" -gt 0
gives 0 "seeds        $((done + 1)) from 1" "$SIM" swarm --seeds $((done + 1)) --state stopped.json --quiet

# --- kill -9 at any moment: no seed is lost from the file, and none counted twice
"$SIM" swarm --seeds 12 --from 300 --state whole.json --quiet >/dev/null
for wait in 0.3 0.7 1.1; do
    "$SIM" swarm --seeds 12 --from 300 --state killed.json --threads 2 --quiet >/dev/null 2>&1 &
    pid=$!
    sleep $wait
    kill -9 $pid 2>/dev/null
    wait $pid
done
"$SIM" swarm --seeds 12 --from 300 --state killed.json --quiet >/dev/null
counts() { grep -v -e '"wall_ms"' -e '"cpu_us"' "$1"; }
counts whole.json >whole.counts
counts killed.json >killed.counts
check 'a swarm that was killed counts the same' cmp whole.counts killed.counts
printf '%s\n' 'sweep_version: 1' 'name: long' 'scenario: honest' 'repeats: 3000' \
    'axes:' '  - { name: nodes, key: nodes, values: [4, 5] }' 'plot: { x: nodes, figure: score_mean_bp honest }' >long.yaml
stop_when '^1,' long/points.csv sweep long.yaml --out long --quiet
check 'a stopped sweep says how to go on' grep -q '^stopped: the same command continues' said
rows=$(($(wc -l <long/points.csv) - 1))
check 'what it did is there' test "$rows" -gt 0
check 'and is no result yet' test ! -e long/sweep.csv
"$SIM" sweep long.yaml --out long --quiet >said 2>&1 &
pid=$!
for i in $(seq 300); do
    [ "$(wc -l <long/points.csv)" -gt $((rows + 1)) ] && break
    sleep 0.1
done
gives 2 'another assay-sim is at work on it' "$SIM" sweep long.yaml --out long --quiet
kill -INT $pid
wait $pid
check 'it went on' test "$(($(wc -l <long/points.csv) - 1))" -gt "$rows"
stop_when 'tried:' said minimize --swarm 3 --set "$plant" --seeds 1000 --out stopped.yaml
gives 1 'assertion failed: epochs <= 3' "$SIM" run stopped.yaml
finish

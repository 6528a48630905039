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

# --- a planted failure: found, listed, written, reproduced, shrunk
"$SIM" swarm --show 3 >seed.yaml || wrong '--show prints the scenario'
gives 0 '' "$SIM" show seed.yaml
plant='assertions[0]=epochs <= 3'
gives 1 'assertion: epochs <= 3' "$SIM" swarm --seeds 2 --from 3 --set "$plant" --out finds --quiet
"$SIM" swarm --seeds 2 --from 3 --set "$plant" --quiet | sed -n 's/^  reproduce: assay-sim //p' | head -n 1 >line
gives 1 'FAILED seed 3: assertion: epochs <= 3' sh -c "\"$SIM\" $(cat line) --quiet"
gives 1 'assertion failed: epochs <= 3' "$SIM" run finds/swarm-3.yaml
gives 1 'FAILED seed 3' "$SIM" swarm --seeds 9 --from 3 --set "$plant" --stop-at-first --threads 1 --quiet
check 'it ended at the first' test "$(printf "%s\n" "$said" | grep -c FAILED)" -eq 1
gives 0 'reproduce: assay-sim run small.yaml' "$SIM" minimize finds/swarm-3.yaml --out small.yaml --quiet
gives 1 'assertion failed: epochs <= 3' "$SIM" run small.yaml
check 'four nodes are left' grep -q '^nodes: 4$' small.yaml
check 'four epochs are left' grep -q '^epochs: 4$' small.yaml
check 'nobody attacks' sh -c '! grep -q attack: small.yaml'
gives 0 '"size_after"' "$SIM" minimize --swarm 3 --set "$plant" --out again.yaml --json
check 'from the seed it is the same' cmp small.yaml again.yaml
gives 1 'does not fail' "$SIM" minimize honest
finish

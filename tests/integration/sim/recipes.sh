#!/bin/sh
# The recipes of docs/simulator.md 9 as they stand there: Slurm's script under the variables that Slurm
# sets, the command of the Kubernetes job under those of the job; with the word parallel behind the folders,
# GNU parallel alone. All give the merged table that one machine gives.
#
# moreutils has another program of that name. Debian's package `parallel`, which ./dev installs, moves it
# away; what is found is asked who it is, and a test without GNU parallel is skipped, and counted.
only=${3:-}
if [ "$only" = parallel ]; then
    case $(parallel --version 2>/dev/null | head -n 1) in
    'GNU parallel'*) ;;
    *) echo "GNU parallel is missing (apt install parallel); found: $(command -v parallel || echo none)" >&2
       exit 77 ;;
    esac
fi
. "$(dirname "$0")/lib.sh"
cd "$WORK" || exit 2
PAGE=$ROOT/docs/simulator.md
PATH=$(dirname "$SIM"):$PATH
export PATH

# recipe NAME: the block behind its mark.
recipe() {
    awk -v mark="<!-- run: $1 -->" '$0 == mark { want = 1; next } want && /^```/ { if (inside) exit
        inside = 1; next } inside' "$PAGE"
}

cat >sweep.yaml <<'END'
sweep_version: 1
name: recipe
scenario: absent-voting
set: [fidelity=epoch, epochs=8]
repeats: 3
axes:
  - { name: loss, key: link.loss_permille, from: 0, to: 300, step: 60 }
plot: { x: loss, figure: score_mean_bp honest }
END
gives 0 'recipe: 6 points, 3 seeds each, 18 runs' "$SIM" sweep sweep.yaml --plan
gives 0 '18 of 18 runs' "$SIM" sweep sweep.yaml --out whole
check 'the rows of all runs' test "$(wc -l <whole/sweep.csv)" -eq 19
check 'a row for each point' test "$(wc -l <whole/summary.csv)" -eq 7

# same NAME: what the recipe merged is what one machine gives.
same() {
    check "$1: the same runs" cmp whole/sweep.csv merged/sweep.csv
    check "$1: the same points" cmp whole/summary.csv merged/summary.csv
    rm -rf merged shard-*
}

if [ "$only" = parallel ]; then
    recipe parallel >run.sh
    gives 0 '18 runs from 8 folders' sh run.sh
    same parallel
    finish
fi

recipe slurm >shard.sh
check 'the Slurm script is there' grep -q SLURM_ARRAY_TASK_ID shard.sh
for task in 1 2 3 4 5; do
    SLURM_ARRAY_TASK_ID=$task SLURM_ARRAY_TASK_COUNT=5 SLURM_CPUS_PER_TASK=2 sh shard.sh >/dev/null ||
        wrong "Slurm task $task"
done
# A shard that is not finished is a hole, and told by its number.
mv shard-3 aside
gives 2 'of shard 3/5' "$SIM" merge shard-* --out merged
mv aside shard-3
gives 0 '18 runs from 5 folders' "$SIM" merge shard-* --out merged
same Slurm

recipe kubernetes >job.yaml
check 'the job is there' grep -q 'completionMode: Indexed' job.yaml
completions=$(sed -n 's/^ *completions: //p' job.yaml)
# The folded argument: the line behind "- " and the one below it.
awk '/^ *- exec / { sub(/^ *- /, ""); line = $0; getline; sub(/^ */, ""); print line " " $0 }' job.yaml >pod.sh
check 'the command of the pod is there' test -s pod.sh
index=0
while [ "$index" -lt "$completions" ]; do
    JOB_COMPLETION_INDEX=$index sh pod.sh >/dev/null || wrong "Kubernetes index $index"
    index=$((index + 1))
done
gives 0 '18 runs from 8 folders' "$SIM" merge shard-* --out merged
same Kubernetes

finish

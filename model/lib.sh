# model/lib.sh - what the runs of the models share: spin, and one line for each run. Sourced, with the caller's
# arguments: the first names a folder for what spin and the compiler make; default: a fresh one.
set -eu
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd)
command -v spin >/dev/null 2>&1 || { echo "model: no spin on this machine (Debian package spin)"; exit 77; }
work=${1:-}
if [ -z "$work" ]; then
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
fi
mkdir -p "$work"
wrong=0

# run EXPECTED NAME SETTING...: of $model, with a table of 2^$table states. EXPECTED is holds or breaks: an
# assertion, not a dead end or a limit. What spin writes is long, and most searches are short: only those that
# are not (long=1) are worth an optimiser's time.
run() {
    expected=$1 name=$2
    shift 2
    dir=$work/$name
    rm -rf "$dir"
    mkdir -p "$dir"
    (cd "$dir" && spin "$@" -a "$here/$model" >spin.log 2>&1) ||
        { echo "model: spin refused $name:"; tail -n 5 "$dir/spin.log"; exit 1; }
    # SAFETY: assertions only. NOREDUCE: one process, nothing to reduce. COLLAPSE: exact, less memory.
    ${CC:-cc} -O${long:-0} -w -DSAFETY -DNOREDUCE -DCOLLAPSE -DMEMLIM=700 -o "$dir/pan" "$dir/pan.c"
    (cd "$dir" && timeout 300 ./pan -m100000 -w"$table" -n >pan.log 2>&1) || true
    found=$(awk '
        /errors: [0-9]+$/ { errors = $NF }
        /assertion violated/ { violated = 1 }
        /error: max search depth|out of memory|memory limit|pan: reached -DMEMLIM/ { incomplete = 1 }
        /Search not completed/ { stopped = 1 }
        END {
            if (errors == "" || incomplete || (stopped && errors == 0) || (errors > 0 && !violated)) print "unfinished"
            else print (errors > 0 ? "breaks" : "holds")
        }' "$dir/pan.log")
    states=$(awk '/states, stored/ { print $1 }' "$dir/pan.log")
    seconds=$(awk '/elapsed time/ { print $4 }' "$dir/pan.log")
    verdict=$found
    [ "$found" = "$expected" ] || { verdict="$found, MUST BE: $expected"; wrong=1; }
    printf '%-34s %10s states %6s s  %s\n' "$name" "${states:-?}" "${seconds:-0}" "$verdict"
}

# Returns by its status: whether every run was as it must be; says so.
finish() {
    [ $wrong -eq 0 ] || { echo "model: not as it must be"; exit 1; }
    echo "model: as it must be"
}

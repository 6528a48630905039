#!/bin/sh
# Builds of two releases in one network (docs/protocol.md 9.10, docs/compatibility.md 3): seven daemons, three of the
# previous release and four of this tree, then a rolling upgrade, a rollback of two machines, and the raise of the
# feature level. Every epoch is certified, and all nodes have the same blocks.
#
# usage: mixed.sh BIN TOOLS PREVIOUS [EPOCHS]
#   PREVIOUS  prefix of the previous release (previous.sh); a daemon refuses helper programs of another build
#   EPOCHS    with both builds before the upgrade, default 200, of ASSAY_MIXED_EPOCH_MS (default 1000)
. "$(dirname "$0")/../integration/cli/lib.sh"
PREVIOUS=$(cd "$3" && pwd) EPOCHS=${4:-200}
NOW=$ASSAYD BEFORE=$PREVIOUS/bin/assayd
EPOCH_MS=${ASSAY_MIXED_EPOCH_MS:-1000}
[ -x "$BEFORE" ] || { echo "$BEFORE is missing" >&2; exit 2; }
operators='alpha beta gamma'
network 7 $EPOCH_MS 2
sign alpha beta
cd "$WORK" || exit 2

begin() { # begin NODE DAEMON
    ASSAYD=$2
    start "$1"
    ASSAYD=$NOW
}
stop() {
    eval "kill -TERM \$pid_$1; wait \$pid_$1"
    check "node-$1 ends with exit status 0" test $? -eq 0
}
image() { sha256sum "/proc/$1/exe" | cut -d' ' -f1; }
runs() { # runs NODE DAEMON: helper programs of its own build, too. Only root may read what those processes execute.
    [ "$(id -u)" -eq 0 ] || return 0
    eval "of=\$pid_$1"
    [ "$(image "$of")" = "$(sha256sum "$2" | cut -d' ' -f1)" ] || return 1
    for helper in assay-verifier assay-transport; do
        wanted=$(sha256sum "${2%/bin/assayd}/libexec/assay/$helper" | cut -d' ' -f1)
        found=no
        for child in $(pgrep -P "$of"); do [ "$(image "$child")" != "$wanted" ] || found=yes; done
        [ $found = yes ] || return 1
    done
}
epoch() { field 1 status epoch; }
pass() { # pass EPOCHS, as node-1 counts them
    e=$(epoch)
    check "$1 epochs close" until_true $(($1 * EPOCH_MS / 1000 + 20)) epoch_at_least 1 $((${e:-0} + $1))
}
votes() { [ "$(field "$1" status voting)" = true ] && epoch_at_least "$1" "$2"; }
# replace NODE DAEMON: another build on that machine; it votes again before the next one is touched.
replace() {
    other=$(($1 % 7 + 1))
    stop "$1"
    begin "$1" "$2"
    check "node-$1 votes as the other build" until_true 30 votes "$1" "$(field $other status epoch)"
    check "node-$1 runs it, with its helpers" until_true 10 runs "$1" "$2"
}
# agree WHAT FROM: since that epoch all epochs are there and certified, and no two nodes have another score of a member.
# A node that was restarted need not have the rows of the epochs in which it was away.
agree() {
    last=$(($(epoch) - 1))
    for n in 1 2 3 4 5 6 7; do
        check "$1: node-$n follows" until_true 30 epoch_at_least $n "$last"
        ask $n export --format jsonl --since "$2" --until "$last" >rows.$n
        # Behind it is what this node sees at that time (faults that are tolerated): no part of the ledger.
        sed -i 's/,"total_weight".*//' rows.$n
        check "$1: node-$n has scores" test -s rows.$n
    done
    sort -u rows.? >rows
    check "$1: one row for each member and epoch, the same on all" test "$(grep -c . rows)" -eq $(((last - $2 + 1) * 7))
    check "$1: every epoch is certified" sh -c '! grep -q "\"certified\":false" rows'
    echo "$1: epochs $2 to $last, $(grep -c '"slot":0,' rows) on 7 nodes," \
        "$(grep '"slot":0,' rows | grep -c '"certified":true') certified"
}

# --- both builds from the first epoch on
for n in 1 2 3; do begin $n "$BEFORE"; done
for n in 4 5 6 7; do begin $n "$NOW"; done
for n in 1 2 3 4 5 6 7; do check "node-$n closes epochs" until_true 60 epoch_at_least $n 3; done
for n in 1 2 3; do check "node-$n is of the previous release" runs $n "$BEFORE"; done
for n in 4 5 6 7; do check "node-$n is of this tree" runs $n "$NOW"; done
settled() {
    for n in 1 2 3 4 5 6 7; do
        [ "$(field $n status voting)" = true ] && [ "$(field $n status certified)" = true ] || return 1
    done
}
check 'all nodes vote, in certified epochs' until_true 60 settled
first=$(($(epoch) + 1))
pass "$EPOCHS"
agree 'mixed' "$first"
mixed=$(epoch)

# --- one machine after the other, then two back
for n in 1 2 3; do replace $n "$NOW"; done
pass 5
agree 'upgraded' "$mixed"
upgraded=$(epoch)
for n in 6 7; do replace $n "$BEFORE"; done
pass 5
agree 'rolled back' "$upgraded"
rolled=$(epoch)

# --- feature levels: those that both builds have are raised while the network is mixed; the next one is refused, and
# the members that lack it are named, until all machines are upgraded
level=$(field 1 status level)
announced() { # members that announce at least LEVEL
    ask 1 nodes --json | sed -n 's/^ *"level": \([0-9]*\),*$/\1/p' | awk -v least="$1" '$1 >= least' | grep -c .
}
draft() { ask 1 change draft --out level-$1 --parameter level=$1 --activation +6; }
raise() {
    expect 0 'action         parameters' draft $1
    for o in alpha beta; do expect 0 'in all' "$ASSAY" change sign level-$1 --key $o.key; done
    expect 0 'offered in every epoch' ask 1 change submit level-$1
    raised() { [ "$(field 1 status level)" = "$1" ]; }
    check "level $1 is in force" until_true 60 raised $1
    level=$1
}
while [ "$(announced $((level + 1)))" = 7 ]; do raise $((level + 1)); done
if [ "$(announced $((level + 1)))" -gt 0 ]; then
    expect 6 'missing ' draft $((level + 1))
    for n in 6 7; do
        case $out in *node-$n*) ;; *) wrong "node-$n is not named: $out" ;; esac
        replace $n "$NOW"
    done
    all_announce() { [ "$(announced $((level + 1)))" = 7 ]; }
    check "all announce level $((level + 1)), upgraded" until_true 60 all_announce
    while [ "$(announced $((level + 1)))" = 7 ]; do raise $((level + 1)); done
fi
expect 6 'level' draft $((level + 1)) # no build announces it
expect 6 'never falls' draft $((level + 2))
pass 10
agree "level $level" "$rolled"

for n in 1 2 3 4 5 6 7; do
    case $(cat node-$n/log) in
    *event=equivocation_noticed* | *event=offence_proven* | *event=fail_proven* | *event=state_root_mismatch*)
        wrong "node-$n: $(grep -E 'equivocation|offence|fail_proven|mismatch' node-$n/log)" ;;
    esac
    stop $n
    expect 0 'holds ' "$ASSAY" audit verify node-$n/state --genesis genesis
done
heads=$(for n in 1 2 3 4 5 6 7; do
    "$ASSAY" audit verify node-$n/state --genesis genesis --json | sed -n 's/^ *"head_epoch": \([0-9]*\),*$/\1/p'
done | sort -u | tr '\n' ' ')
echo "audited: heads of epochs $heads"
finish

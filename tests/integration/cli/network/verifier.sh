#!/bin/sh
# Quotes are judged in a process of its own: what that process may not, what becomes of a network in which the
# judge of one node falls again and again, and that it comes and goes with its daemon.
. "$(dirname "$0")/../lib.sh"
cd "$WORK" || exit 2

judge_of() { # judge_of PID: the judge of a daemon, not the process that confirms what it says
    for child in $(cat /proc/"$1"/task/*/children); do
        grep -q '^assayd-confirm' "/proc/$child/comm" && continue
        tr '\0' ' ' <"/proc/$child/cmdline" | grep -q '^assay-verifier ' && echo "$child" && return
    done
}
counter() { # counter NUMBER NAME
    ask "$1" counters --json | tr ',{}' '\n' | sed -n "s/^ *\"$2\": *\([0-9]*\).*/\1/p" | head -n 1
}
at_least() { # at_least NUMBER COUNTER VALUE
    [ "$(counter "$1" "$2")" -ge "$3" ]
}
fails() { # of what node NUMBER ballots, in its log and in the scores of all: a FAIL was said of somebody
    grep -hE 'event=(fail_proven|suspended|expelled|fell)' "$WORK"/node-*/log
}
network 4 1000 2
sign alpha beta

# --- the program is the daemon's alone, and of the same build
expect 1 'expected to be started by assayd' "$LIBEXEC/assay-verifier"
expect 1 'found abort:1' "$LIBEXEC/assay-verifier" abort:1
expect 2 'expected options alone, found "judge"' "$ASSAYD" judge

# --- three good nodes, and one whose judge falls over every other quote, however it can
export ASSAY_BYZANTINE_VERIFIER=
for n in 1 2 3; do start $n; done
ASSAYD=$CAST/assayd-byzantine ASSAY_BYZANTINE_VERIFIER=abort:2
start 4
good=$pid_1
until_true 60 epoch_at_least 4 3 || wrong "it does not run: $(tail -n 3 node-4/log)"
check 'a daemon has one judge' test "$(judge_of "$good" | wc -l)" -eq 1
judge=$(judge_of "$good")
check 'it filters calls' grep -q '^Seccomp:.*2$' "/proc/$judge/status"
check 'no new privileges' grep -q '^NoNewPrivs:.*1$' "/proc/$judge/status"
check 'no environment with it' sh -c "! tr '\\0' '\\n' </proc/$judge/environ | grep -qv '^[A-Z]*SAN_OPTIONS=\\|^LD_\\|^OPENSSL_'"
if [ "$(id -u)" -eq 0 ]; then # of others its descriptors are not to be seen: it is not dumpable
    check 'two descriptors and words' test "$(ls "/proc/$judge/fd" | wc -l)" -eq 4
    check 'no library of the daemon' maps_only "$judge" "$LIBEXEC/assay-verifier"
    maps_only "$good" "$LIBEXEC/assay-verifier" >"$WORK/more" && wrong 'libraries of the daemon are not seen'
fi
grep -q 'memory=true' node-1/log && check 'no core file, no file' \
    sh -c "grep -q 'Max file size *0 ' /proc/$judge/limits && grep -q 'Max open files *0 ' /proc/$judge/limits"
check 'it is told' grep -q 'event=verifier_ready' node-1/log

until_true 60 at_least 4 verifier_gave_up 3 || wrong "nothing fell: $(counter 4 verifier_gave_up)"
check 'with its last words' grep -q 'event=verifier_ended.*SIGABRT: a planted abort' node-4/log
check 'and was tried again' at_least 4 verifier_retried 3
check 'nothing fell elsewhere' test "$(counter 1 verifier_ended)" -eq 0

# --- killed from outside with nothing in hand: another one, at once
kill -KILL "$judge"
until_true 10 at_least 1 verifier_ended 1 || wrong 'its end is not seen'
until_true 10 sh -c "[ \"\$(grep -c event=verifier_ready $WORK/node-1/log)\" -ge 2 ]" || wrong 'no other judge came'
# --- one that was stopped (it does not take processor time): a job in hand ends it after ten seconds
judge=$(judge_of "$good")
kill -STOP "$judge"
until_true 30 at_least 1 verifier_stalled 1 || wrong 'a judge that stands still is not seen'
before=$(field 1 status epoch)
until_true 30 epoch_at_least 1 $((before + 3)) || wrong 'epochs do not go on'
for n in 1 2 3 4; do
    check "nobody is suspended, says $n" sh -c "! '$ASSAY' status --json --socket '$WORK/node-$n/admin.sock' | grep -q SUSPENDED"
done
check 'nobody is called FAIL' sh -c "! grep -h 'event=verifier_ended' $WORK/node-*/log | grep -qi fail"

# --- one that lies: after five quotes every verdict of the process is FAIL. Its node loses nothing by it
integrity() { # of node 4, by node 1's status
    "$ASSAY" nodes --json --socket "$WORK/node-1/admin.sock" | tr -d ' \n' | tr '{' '\n' |
        sed -n 's/.*"name":"node-4".*"integrity_bp":\([0-9]*\).*/\1/p' | head -n 1
}
kill -TERM "$pid_4"
until_true 20 sh -c "! kill -0 $pid_4 2>/dev/null" || wrong 'node 4 does not end'
ASSAYD=$CAST/assayd-byzantine ASSAY_BYZANTINE_VERIFIER=betray:5
start 4
until_true 60 grep -q 'event=verifier_ended.*its verdict is not that of a fresh process' node-4/log ||
    wrong 'no lie was found'
before=$(field 4 status epoch)
until_true 60 epoch_at_least 4 $((before + 4)) || wrong 'its node does not go on'
check 'no false ballot was proven' sh -c "! grep -hE 'event=(offence_proven|state_root_mismatch|cannot_catch_up)' $WORK/node-*/log"
check 'its node kept its integrity' test "$(integrity)" -gt 9000

# --- another number of threads is another judge
sed -i '$a limits: { verify_threads: 2 }' node-2/assayd.yaml
kill -HUP "$pid_2"
until_true 20 sh -c "[ \"\$(grep -c event=verifier_ready $WORK/node-2/log)\" -ge 2 ]" || wrong 'no judge of two threads'
check 'it did not fall for it' test "$(counter 2 verifier_ended)" -eq 0
check 'it has two' test "$(ls "/proc/$(judge_of "$pid_2")/task" | wc -l)" -eq 2

# --- it ends with its daemon, even with one that is killed
judge=$(judge_of "$pid_2")
kill -TERM "$pid_2"
until_true 20 sh -c "! kill -0 $judge" || wrong 'a judge outlives its daemon'
judge=$(judge_of "$pid_3")
kill -KILL "$pid_3"
until_true 20 sh -c "! kill -0 $judge" || wrong 'a judge outlives a daemon that was killed'
finish

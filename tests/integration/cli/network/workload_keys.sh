#!/bin/sh
# Workload keys on real daemons (docs/protocol.md 2.16, docs/identity.md 6.6 to 6.12): four nodes raise the feature
# level, a program registers a key with the enclave of one, the node declares it, it becomes active on all, and ends when
# the enclave restarts; registered again it is bound again, and what stays away is declared as gone.
. "$(dirname "$0")/../lib.sh"
network 4 1500 2
sign alpha beta
cd "$WORK" || exit 2
for i in 1 2 3 4; do start $i; done
for i in 1 2 3 4; do check "node-$i closes epochs" until_true 40 epoch_at_least $i 2; done
register() { "$TOOLS/register_key" node-$1/service.sock "$2" "$3"; } # NODE NAME NUMBER
seen() { grep -c "event=$2" node-$1/log; } # NODE EVENT
seen_times() { [ "$(seen "$1" "$2")" -ge "$3" ]; }
# everywhere EVENT SUBJECT COUNT: the log of each node has it so often.
everywhere() {
    for n in 1 2 3 4; do [ "$(grep -c "event=$1 .*subject=$2" node-$n/log)" -ge "$3" ] || return 1; done
}
kill_enclave() { kill -KILL "$(sed -n 's/.*event=enclave_started.* pid=\([0-9]*\).*/\1/p' node-$1/log | tail -1)"; }

# --- below the level no program can register: evidence binds nothing
check 'nothing is registered below the level' sh -c "! '$TOOLS/register_key' node-2/service.sock api 1 >/dev/null"
announced() { [ "$(ask 1 nodes --json | grep -o '"level": *7' | wc -l)" = 4 ]; }
check 'ballots announce level 7' until_true 40 announced
for level in 1 2 3 4 5 6; do
    expect 0 "level: $((level - 1)) -> $level" ask 1 change draft --out level-$level --parameter level=$level --activation +5
    for o in alpha beta; do expect 0 'in all' "$ASSAY" change sign level-$level --key $o.key; done
    expect 0 'offered in every epoch' ask 1 change submit level-$level
    at_level() { [ "$(field 1 status level)" = "$level" ]; }
    check "level $level is in force" until_true 60 at_level
done
began=$(field 1 status epoch)

# --- registered, declared by the daemon, bound, certified
check 'a program registers its key' until_true 30 register 2 api 1
check 'the node declares it' until_true 30 seen_times 2 'keys_declared .*keys=1' 1
check 'all nodes say that it is active' until_true 30 everywhere keys_active node-2 1
expect 0 'keys_active' ask 3 timeline
check 'it is declared once' test "$(seen 2 keys_declared)" -eq 1

# --- the enclave restarts: the key ends, and the member stays attested
kill_enclave 2
check 'it ends on all nodes' until_true 30 everywhere keys_ended node-2 1
check 'the owner is warned' seen_times 2 keys_not_bound 1
check 'with the reason' grep -q 'event=keys_ended .*reason="the newest certified PASS bound no keys"' node-1/log

# --- registered again at once: what is declared is bound, without another declaration
check 'the program registers again' until_true 30 register 2 api 1
check 'it is active again' until_true 30 everywhere keys_active node-2 2
check 'and was not declared again' test "$(seen 2 keys_declared)" -eq 1

# --- another key beside it; and one of another member
check 'a second program registers' until_true 30 register 2 web 2
check 'both are declared' until_true 30 seen_times 2 'keys_declared .*keys=2' 1
check 'and active' until_true 30 everywhere keys_active node-2 3
check 'node-4 has one, too' until_true 30 register 4 api 3
check 'which is active' until_true 30 everywhere keys_active node-4 1

# --- an enclave whose programs stay away: the empty list is declared, and then theirs again
kill_enclave 2
check 'they end' until_true 30 everywhere keys_ended node-2 2
check 'the empty list is declared' until_true 60 seen_times 2 'keys_declared .*keys=0' 1
check 'one program is back' until_true 30 register 2 api 1
check 'it is declared anew' until_true 30 seen_times 2 'keys_declared .*keys=1' 2
check 'and active' until_true 30 everywhere keys_active node-2 4
check 'node-4 kept its key' test "$(grep -c 'event=keys_ended .*subject=node-4' node-1/log)" -eq 0

# --- what it cost: no standing, no epoch
last=$(($(field 1 status epoch) - 1))
ask 1 export --format jsonl --since $((began + 1)) --until $last >rows
check 'every epoch is certified' sh -c '! grep -q "\"certified\":false" rows'
check 'no member falls' sh -c '! grep -E "\"standing\":\"(RESTRICTED|SUSPENDED)\"" rows'
for i in 1 2 3 4; do
    case $(cat node-$i/log) in
    *event=equivocation_noticed* | *event=offence_proven* | *event=fail_proven* | *event=state_root_mismatch* | *keys_not_declared*)
        wrong "node-$i: $(grep -E 'equivocation|offence|fail_proven|mismatch|not_declared' node-$i/log)" ;;
    esac
    eval "kill -TERM \$pid_$i; wait \$pid_$i"
    expect 0 'holds ' "$ASSAY" audit verify node-$i/state --genesis genesis
done
finish

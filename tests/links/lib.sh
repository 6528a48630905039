# tests/links/lib.sh - daemons on hosts of their own, with links between them that a script makes bad.
#
# usage of a scenario: SCRIPT BIN TOOLS [SECONDS]       BIN, TOOLS as in tests/integration/cli/lib.sh
#
# Each node is on a host (a network namespace) of link_hub's, at 10.77.0.N and fd77::N, port 7100. Admin
# sockets are files: they are asked from outside. 77: this machine gives us no namespaces.

if [ "$(id -u)" -ne 0 ] && [ -z "${ASSAY_LINKS_INSIDE:-}" ]; then
    unshare -Ur true 2>/dev/null || { echo 'no namespaces of one'\''s own here'; exit 77; }
    ASSAY_LINKS_INSIDE=yes exec unshare -Ur sh "$0" "$@"
fi
. "$(dirname "$0")/../integration/cli/lib.sh"
HUB=$TOOLS/link_hub
began=$(date +%s%N)
family=4 # or 6: what peers are dialled by; name: by names that files of each host know

# hub: the script of links on its input; hosts are there when it returns.
hub() {
    cat >"$WORK/links"
    mkfifo "$WORK/hub.in"
    "$HUB" "$WORK/links" <"$WORK/hub.in" >"$WORK/hub.out" 2>"$WORK/hub.err" 9>&- &
    hub_pid=$!
    started="$started $hub_pid"
    exec 9>"$WORK/hub.in"
    until_true 10 grep -q '^ready' "$WORK/hub.out" && return
    wait $hub_pid
    status=$?
    cat "$WORK/hub.err"
    exit $status
}

# hub_do COMMAND...: at once.
hub_do() { echo "$*" >&9; }

# on NUMBER COMMAND...: on the host of that node.
on() {
    space=$(sed -n "s/^host n$1 .* //p" "$WORK/hub.out")
    shift
    nsenter --net="$space" "$@"
}

address_of() {
    case $family in
    4) echo "10.77.0.$1:7100" ;;
    6) echo "[fd77::$1]:7100" ;;
    name) echo "node-$1.test:7100" ;;
    esac
}

# linked COUNT EPOCH_MS: a signed network, its configurations for the hosts of the hub.
linked() {
    threshold=$(($(echo "$operators" | wc -w) / 2 + 1)) # more than half (docs/protocol.md 9.1.1)
    network "$1" "$2" $threshold
    sign $(echo "$operators" | cut -d' ' -f1-$threshold)
    count=$1
    i=1
    while [ $i -le "$count" ]; do
        any=0.0.0.0
        [ $family != 6 ] || any='[::]'
        sed -i "s/^  gossip: .*/  gossip: $(printf %s "$any" | sed 's/[][]/\\&/g'):7100/; /^peers:/,\$d" \
            "$WORK/node-$i/assayd.yaml"
        sed -i "s/^  gossip: \\(.*\\)/  gossip: \"\\1\"/" "$WORK/node-$i/assayd.yaml"
        {
            echo peers:
            k=1
            while [ $k -le "$count" ]; do
                [ $k -eq $i ] || printf '  - %s\n    address: "%s"\n' \
                    "$(sed -n 's/^node_id/node/p' "$WORK/node-$k/keys/node.yaml")" "$(address_of $k)"
                k=$((k + 1))
            done
        } >>"$WORK/node-$i/assayd.yaml"
        i=$((i + 1))
    done
}

# start NUMBER: on its host. Where there are files hosts and resolv, its names come from those.
start() {
    space=$(sed -n "s/^host n$1 .* //p" "$WORK/hub.out")
    set -- "$1" "$ASSAYD" --config "$WORK/node-$1/assayd.yaml"
    if [ -e "$WORK/hosts" ]; then
        nsenter --net="$space" unshare -m sh -c 'mount --bind "$0" /etc/hosts && mount --bind "$1" /etc/resolv.conf &&
            shift && exec "$@"' "$WORK/hosts" "$WORK/resolv" "$2" "$3" "$4" \
            >>"$WORK/node-$1/log" 2>&1 </dev/null 9>&- &
    else
        nsenter --net="$space" "$2" "$3" "$4" >>"$WORK/node-$1/log" 2>&1 </dev/null 9>&- &
    fi
    pid=$!
    started="$started $pid"
    eval "pid_$1=$pid"
}

start_all() { for n in $(seq "$count"); do start "$n"; done; }

# tell TEXT...: a line of the timeline, in seconds since the script began.
tell() {
    now=$((($(date +%s%N) - began) / 100000000))
    printf '%4d.%d s  %s\n' $((now / 10)) $((now % 10)) "$*"
}

# state: epoch and certified head of every node, who is heard of, in one line each.
look() {
    line=
    for n in $(seq "$count"); do
        line="$line  n$n $(field "$n" status epoch 2>/dev/null)"
    done
    tell "epochs$line${1:+   ($1)}"
}

# watch SECONDS [TEXT]: looks every few seconds.
watch() {
    until=$(($(date +%s) + $1))
    while [ "$(date +%s)" -lt $until ]; do
        look "${2:-}"
        sleep 3
    done
}

# nobody_fell NUMBER: no node ever stood below FULL in what this node says happened.
nobody_fell() {
    case $(ask "$1" timeline) in
    *standing_changed*RESTRICTED* | *standing_changed*SUSPENDED*)
        ask "$1" timeline | grep standing_changed >&2
        return 1 ;;
    esac
}

# only_absent NUMBER NAME...: as this node sees it, nobody but these is below FULL, and nobody's integrity is
# touched: absence is not guilt (docs/protocol.md 7.9).
only_absent() {
    expected=$(ask "$1" nodes --json | grep -c '"integrity_bp": 10000,')
    from=$1
    shift
    [ "$expected" -eq "$count" ] || return 1
    below=$(ask "$from" nodes | awk 'NR > 1 && $3 != "FULL" { print $2 }')
    for name in $below; do
        case " $* " in *" $name "*) ;; *) echo "$name is below FULL" >&2; return 1 ;; esac
    done
}

all_full() { [ "$(ask "$1" nodes | grep -c ' FULL ')" -eq "$count" ]; }

# sane: what must hold whatever links do: nobody signed twice, nobody found another state, no bug.
sane() {
    for n in $(seq "$count"); do
        case $(cat "$WORK/node-$n/log") in
        *event=equivocation_noticed* | *event=offence_proven* | *event=fail_proven* | *event=state_root_mismatch*)
            wrong "node-$n: $(grep -E 'equivocation|offence|fail_proven|mismatch' "$WORK/node-$n/log")" ;;
        *Sanitizer* | *'runtime error'* | *'assertion failed'*) wrong "node-$n: $(tail -5 "$WORK/node-$n/log")" ;;
        esac
        checks=$((checks + 1))
    done
}

# over: the hub says what it did.
over() {
    hub_do quit
    wait $hub_pid
    sed '/^host/d; /^ready/d' "$WORK/hub.out"
    case $(cat "$WORK/hub.out") in *links:*) ;; *) wrong "the hub: $(cat "$WORK/hub.err")" ;; esac
}

# tests/integration/cli/lib.sh - what the scripts of this folder share. Source it first.
#
# usage of a script: SCRIPT BIN TOOLS [WORK]
#   BIN     folder with assay, assayd, assay-enclave
#   TOOLS   folder with free_port and fill_disk
#
# A check that does not hold says what was expected and what came, and the script goes on; `finish`
# exits 1 if one did not, or if none was made. Every process started here is ended here.

set -u
export LC_ALL=C
BIN=$1 TOOLS=$2
ASSAY=$BIN/assay ASSAYD=$BIN/assayd
LIBEXEC=$BIN/../libexec/assay # processes of assayd
CAST=$LIBEXEC # test builds: traitors, a tampered enclave, dates and disks that lie
# Short: the path of a UNIX socket has 107 bytes.
WORK=$(mktemp -d /tmp/assay-it.XXXXXX)
started=
checks=0
failures=0

for program in "$ASSAY" "$ASSAYD" "$BIN/assay-enclave" "$TOOLS/free_port"; do
    [ -x "$program" ] || { echo "$program is missing" >&2; exit 2; }
done

# copy_daemon: assayd and what it starts, as an installation has them, in bin/ and libexec/: for another user, who
# may not read the build.
copy_daemon() {
    mkdir -p bin libexec/assay && cp "$BIN/assayd" "$BIN/assay-enclave" bin/ &&
        cp "$LIBEXEC/assay-verifier" "$LIBEXEC/assay-transport" libexec/assay/
}

# maps_only PID PROGRAM: of libraries the process has in its memory those that the program is linked with, and no other
# (tests/tidy/libraries.sh has the list). For root, since such a process is not dumpable.
maps_only() {
    stems='{ sub(/.*\//, "", name); sub(/[.]so.*/, "", name); print name }' # of a file libgmp.so.10.4.1, too
    awk '$6 ~ /[.]so/ { name = $6 } $6 ~ /[.]so/ '"$stems" "/proc/$1/maps" | sort -u >"$WORK/mapped"
    LD_TRACE_LOADED_OBJECTS=1 "$2" | awk '{ name = $1 } '"$stems" | sort -u >"$WORK/linked"
    [ -s "$WORK/mapped" ] && ! comm -23 "$WORK/mapped" "$WORK/linked" | grep .
}

# running PID: a process that this script started has not ended. The number of one that has is given to others soon,
# and whoever kills by it kills a daemon of the test beside it.
running() {
    { read -r stat_line <"/proc/$1/stat"; } 2>/dev/null || return 1
    stat_line=${stat_line##*) } # state, parent, ...
    case $stat_line in "Z $$ "*) return 1 ;; "${stat_line%% *} $$ "*) return 0 ;; esac
    return 1
}

# ended PID...: none of these is.
ended() {
    for one in "$@"; do running "$one" && return 1; done
    return 0
}

stop_started() {
    for pid in $started; do running "$pid" && kill -KILL "$pid" 2>/dev/null; done
    for pid in $started; do wait "$pid" 2>/dev/null; done
    started=
}

stop_all() {
    stop_started
    rm -rf "$WORK"
}
trap stop_all EXIT
trap 'exit 1' INT TERM HUP

# What follows waits for what does not come: after four minutes the third failure is the last.
begun=$(date +%s)
wrong() {
    failures=$((failures + 1))
    printf 'FAILED: %s\n' "$*" >&2
    if [ "$failures" -ge 3 ] && [ $(($(date +%s) - begun)) -gt 240 ]; then
        echo 'the rest is left out' >&2
        finish
    fi
}

# expect STATUS TEXT COMMAND...: the command ends with this status and says TEXT (a part of one line,
# on either output). $out keeps what it said.
expect() {
    want=$1 text=$2
    shift 2
    checks=$((checks + 1))
    out=$("$@" 2>&1 </dev/null)
    got=$?
    [ "$got" -eq "$want" ] || wrong "expected exit status $want, found $got: $*
  it said: $out"
    case $out in
    *"$text"*) ;;
    *) wrong "expected \"$text\": $*
  it said: $out" ;;
    esac
    case $out in
    *Sanitizer* | *"runtime error: "* | *"assertion failed"*) wrong "a bug: $*
  it said: $out" ;;
    esac
}

# check TEXT COMMAND...: the command succeeds.
check() {
    what=$1
    shift
    checks=$((checks + 1))
    "$@" || wrong "$what"
}

# What whoever looks for the cause asks first.
show_nodes() {
    for node in "$WORK"/node-* "$WORK"/net/node-*; do
        [ -d "$node" ] || continue
        echo "--- ${node##*/}: the end of its log, and its state"
        tail -n 10 "$node/log"
        "$ASSAY" status --socket "$node/admin.sock"
    done 2>&1
}

finish() {
    [ "$checks" -gt 0 ] || { echo 'no check was made' >&2; exit 1; }
    if [ "$failures" -gt 0 ]; then
        show_nodes >&2
        echo "$failures of $checks checks failed" >&2
        exit 1
    fi
    echo "$checks checks passed"
    exit 0
}

# until_true SECONDS COMMAND...: waits for it, a tenth of a second between the first tries, then up to 0.4 s: who asks
# more often takes more of the processor than the network that is asked. The pauses are three times SECONDS, which are
# those of a machine that has nothing else to do; with the time of the commands it is six times SECONDS at most. Only a
# failure takes that long.
until_true() {
    tenths=$(($1 * 30)) tries=0 until_s=$(($(date +%s) + $1 * 6))
    shift
    while [ "$tenths" -gt 0 ]; do
        "$@" >/dev/null 2>&1 && return 0
        pause=$((1 + tries / 3)) tries=$((tries + 1))
        [ "$pause" -le 4 ] || pause=4
        sleep "0.$pause"
        tenths=$((tenths - pause))
        [ "$(date +%s)" -lt "$until_s" ] || break
    done
    return 1
}

# --- a network by hand, as docs/configuration.md 2 tells an operator to

# network COUNT EPOCH_MS THRESHOLD: COUNT nodes of two operators on two SOFT vendors, in $WORK; the
# genesis is created and not signed. Nodes are node-1, node-2, ... More than two: $operators, $vendors.
# $services: lines of the plan's section, which has none else.
operators='alpha beta' vendors='1 2' services=
turn_of() { # NUMBER WORD...: the words in turn
    turn=$1
    shift
    shift $((turn % $#))
    echo "$1"
}
network() {
    count=$1 epoch_ms=$2 threshold=$3
    (
        cd "$WORK" || exit 1
        set -e
        for v in $vendors; do "$ASSAY" soft ca vendor-$v --name "Vendor $v" >vendor-$v.out; done
        for o in $operators; do "$ASSAY" keys operator $o.key >$o.pub; done
        measurement=$(sha256sum "$BIN/assay-enclave" | cut -d' ' -f1)
        {
            printf 'policy_version: 1\nprofile: development\nkinds: [soft]\nroots:\n'
            for v in $vendors; do
                printf '  - name: vendor-%d\n    key: %s\n    kinds: [soft]\n' $v \
                    "$(sed -n 's/^root_key: //p' vendor-$v.out)"
            done
            printf 'references:\n  - field: mrenclave\n    state: allowed\n    value: "%s"\n' \
                "$measurement"
        } >policy.yaml
        {
            printf 'plan_version: 1\nepoch_ms: %d\nthreshold: %d\npolicy: policy.yaml\n' \
                "$epoch_ms" "$threshold"
            printf 'collateral: [%s]\noperators:\n' "$(printf ', vendor-%d' $vendors | cut -c3-)"
            for o in $operators; do
                printf '  - name: %s\n    %s\n' $o "$(cat $o.pub)"
            done
            printf 'members:\n'
        } >plan.yaml
        zeros=$(printf '0%.0s' $(seq 128))
        i=1
        while [ $i -le "$count" ]; do
            mkdir node-$i
            v=$(turn_of $i $vendors)
            o=$(turn_of $i $operators)
            "$ASSAY" keys generate node-$i/keys --name node-$i >/dev/null
            "$ASSAY" soft node vendor-$v node-$i --out node-$i/platform.key >/dev/null
            "$ASSAY" soft quote node-$i/platform.key --program "$BIN/assay-enclave" \
                --report-data "$zeros" --out node-$i/sample.quote >/dev/null
            printf '  - operator: %s\n    card: node-%d/keys/node.yaml\n    sample: %s\n' \
                $o $i node-$i/sample.quote >>plan.yaml
            i=$((i + 1))
        done
        [ -z "$services" ] || printf 'services:\n%s\n' "$services" >>plan.yaml
        "$ASSAY" genesis create plan.yaml --out genesis >/dev/null
    ) || { echo 'the network could not be made' >&2; exit 2; }
    configure "$count"
}

# configure COUNT: free ports and a configuration for every node.
configure() {
    "$TOOLS/free_port" "$1" >"$WORK/ports" || exit 2
    i=1
    while [ $i -le "$1" ]; do
        {
            cat <<END
config_version: 1
node:
  state_dir: state
  keys_dir: keys
  genesis: ../genesis
listen:
  gossip: 127.0.0.1:$(sed -n "${i}p" "$WORK/ports")
  admin: admin.sock
evidence:
  kind: soft
  credential: platform.key
enclave:
  path: $BIN/assay-enclave
  restore_path: $BIN/assay-enclave
  service: service.sock
peers:
END
            k=1
            while [ $k -le "$1" ]; do
                [ $k -eq $i ] || printf '  - %s\n    address: 127.0.0.1:%s\n' \
                    "$(sed -n 's/^node_id/node/p' "$WORK/node-$k/keys/node.yaml")" \
                    "$(sed -n "${k}p" "$WORK/ports")"
                k=$((k + 1))
            done
        } >"$WORK/node-$i/assayd.yaml"
        i=$((i + 1))
    done
}

sign() {
    for o in "$@"; do
        "$ASSAY" genesis sign "$WORK/genesis" --key "$WORK/$o.key" >/dev/null || exit 2
    done
}

# start NUMBER: assayd of node-NUMBER in the background; its process id in $pid.
start() {
    "$ASSAYD" --config "$WORK/node-$1/assayd.yaml" >>"$WORK/node-$1/log" 2>&1 </dev/null &
    pid=$!
    started="$started $pid"
    eval "pid_$1=$pid"
}

base32_of() { # base32_of NODE_ID: the id of 64 digits, in base32
    printf %s "$1" | tr a-f A-F | basenc --base16 -d | base32 -w 0 | tr -d = | tr A-Z a-z
}
ask() { # ask NUMBER GROUP...
    number=$1
    shift
    "$ASSAY" "$@" --socket "$WORK/node-$number/admin.sock"
}

# field NUMBER GROUP KEY: one member of the data of a document.
field() {
    ask "$1" "$2" --json | sed -n "/^ *\"$3\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/{s//\1/p;q;}"
}

epoch_at_least() {
    e=$(field "$1" status epoch)
    [ "${e:-0}" -ge "$2" ]
}

# made VERB FILE MEMBER... -- COMMAND...: with --json it says one document, of schema assay.made, of that verb, with
# that file (- for none) and these members.
made() {
    made_verb=$1 made_file=$2 made_members=
    shift 2
    while [ "$1" != -- ]; do made_members="$made_members $1"; shift; done
    shift
    checks=$((checks + 1))
    "$@" --json >"$WORK/made" 2>"$WORK/made.said" </dev/null || wrong "exit status $?: $*: $(cat "$WORK/made.said")"
    # shellcheck disable=SC2086
    /usr/bin/python3 - "$made_verb" "$made_file" $made_members <"$WORK/made" 3<&0 <<'END' || wrong "no document of what was made: $*: $(cat "$WORK/made")"
import json, os, sys
d = json.load(os.fdopen(3))
assert d["schema"] == "assay.made" and d["schema_version"] == 1, d
assert d["data"]["verb"] == sys.argv[1], d
assert d["data"]["files"] == ([] if sys.argv[2] == "-" else [sys.argv[2]]), d
assert sys.argv[2] == "-" or os.path.exists(sys.argv[2]), d
assert all(d["data"][name] not in ("", None) for name in sys.argv[3:]), d
END
}

# into_agent NAME: an agent at $SSH_AUTH_SOCK with the key of this operator, as ssh-agent:NAME.pem.
into_agent() {
    export SSH_AUTH_SOCK="$WORK/agent.sock"
    ssh-agent -D -a "$SSH_AUTH_SOCK" >agent.out 2>&1 &
    started="$started $!"
    python3 - "$1.key" >"$1.pem" <<'END'
import base64, sys
secret = open(sys.argv[1], "rb").read()[-32:]
der = bytes.fromhex("30310201010420") + secret + bytes.fromhex("a00a06082a8648ce3d030107")
print("-----BEGIN EC PRIVATE KEY-----", base64.b64encode(der).decode(), "-----END EC PRIVATE KEY-----", sep="\n")
END
    chmod 600 "$1.pem"
    check 'the agent is there' until_true 10 test -S "$SSH_AUTH_SOCK"
    check "the key of $1 is in the agent" ssh-add -q "$1.pem"
}

#!/bin/sh
# The packages under systemd as process 1, in a Debian that is booted for it: installing enables the unit; it says when it
# is ready, is watched, reloads, drains, comes back after it was killed and after it hung; its sandbox keeps nothing from
# working (verifier, transport, enclave, what a RESTART puts back); credentials; what the journal has; enforcement over the
# real bus; programs of services; the timer of anchors. The guide "as a service" is followed word by word before.
#
# usage: systemd.sh ROOT DEBS NEWER CACHE
#
# Needs root and mmdebstrap. Skipped (77) where no systemd can be booted: why stands in the last line.
set -u
export LC_ALL=C
root=$1 debs=$2 newer=$3 cache=$4
work=$(mktemp -d)
fresh=$work/root
group=$work/groups/assay-test.$$
booted='' init=''
end() {
    [ -z "$init" ] || kill -KILL "$init" 2>/dev/null
    [ -z "$booted" ] || { kill "$booted"; wait "$booted"; } 2>/dev/null
    [ ! -d "$group" ] || find "$group" -depth -type d -exec rmdir {} \; 2>/dev/null
    ! mountpoint -q "$work/groups" || umount "$work/groups"
    rm -rf "$work"
}
trap end EXIT
trap 'exit 1' INT TERM HUP
. "$root/tests/integration/packages/lib.sh"
skip() {
    echo "skipped: $*"
    exit 77
}

# --- a machine with systemd, and what the packages need beside it
bare_debian "$cache"
rm "$fresh/usr/sbin/policy-rc.d"
mkdir -p "$fresh/test/debs" "$fresh/test/newer" "$fresh/test/guides"
for name in assayd assay; do cp "$debs/$name"_*.deb "$fresh/test/debs/" && cp "$newer/$name"_*.deb "$fresh/test/newer/"; done
cp "$root/tests/guides/run.py" "$root"/tests/guides/*.sh "$fresh/test/guides/"
inside sh -c 'apt-get update -qq && apt-get install -qq systemd systemd-sysv dbus polkitd python3 curl &&
    apt-get install -qq --download-only /test/debs/*.deb' >"$work/said" 2>&1 || { cat "$work/said" >&2; exit 1; }
: >"$fresh/etc/machine-id"

# --- it boots
there() {
    nsenter -t "$init" -a env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C \
        DEBIAN_FRONTEND=noninteractive "$@"
}
within() { # within SECONDS COMMAND...: it comes true
    tries=$((5 * $1))
    shift
    until "$@" >"$work/tried" 2>&1; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || { cat "$work/tried"; return 1; }
        sleep 0.2
    done
}
boot() {
    mkdir "$work/groups" && mount -t cgroup2 cgroup2 "$work/groups" && mkdir "$group" || skip 'no control groups of version 2'
    sh -c 'echo $$ >"$1/cgroup.procs" && exec unshare --pid --mount --uts --ipc --net --cgroup --fork --kill-child sh "$2" "$3"' \
        - "$group" "$root/tests/integration/packages/boot.sh" "$fresh" >"$work/console" 2>&1 </dev/null &
    booted=$!
    tries=300
    until init=$(pgrep -P "$booted" -x systemd) && there systemctl is-system-running 2>/dev/null | grep -qE 'running|degraded'; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] && kill -0 "$booted" 2>/dev/null || skip "systemd does not boot here: $(tail -n 1 "$work/console")"
        sleep 0.2
    done
}
boot
echo "a machine with $(there systemctl --version | head -n 1)"
is() { [ "$(there systemctl show -P "$2" "$1")" = "$3" ] || { there systemctl status --no-pager "$1"; return 1; }; }
journal() { there journalctl --no-pager -o cat "$@"; }
says() { # says UNIT PATTERN: the journal of the unit, since it was started last
    journal -u "$1" "_SYSTEMD_INVOCATION_ID=$(there systemctl show -P InvocationID "$1")" >"$work/journal"
    grep -qE "$2" "$work/journal" || { tail -n 30 "$work/journal"; return 1; }
}

# --- installed: enabled, and down as long as nothing is configured
check 'the packages install, without a network' there sh -c 'apt-get install -qq /test/debs/*.deb'
check 'the unit is enabled' test "$(there systemctl is-enabled assayd)" = enabled
check 'it does not run, and did not fail' is assayd ActiveState inactive
check 'since there is no configuration' is assayd ConditionResult no
check 'the timer of anchors is not enabled' test "$(there systemctl is-enabled assay-anchor.timer)" = disabled
check 'exports are not enabled' test "$(there systemctl is-enabled assay-export.service)" = disabled
exposure() { there systemd-analyze security --threshold=15 --no-pager "$1" | tail -n 1 && there systemd-analyze security --threshold=15 --no-pager "$1" >/dev/null; }
for unit in assayd.service assay-export.service assay-anchor.service assay-replica@0.service assay-holder@0.service assay-executor@0.service assay-signer@0.service; do
    check "exposure of $unit" exposure $unit
    tail -n 1 "$work/said"
done
there systemd-analyze verify --man=no assayd.service assay-export.service assay-anchor.timer assay-replica@0.service assay-holder@0.service \
    assay-executor@0.service assay-signer@0.service >"$work/verified" 2>&1
check 'systemd reads every line of the units' fails grep assay "$work/verified"

# --- the guide
guides=/usr/share/doc/assay/docs/guides
check 'the guide "as a service" holds' there python3 /test/guides/run.py --seconds 400 $guides/as-a-service.md /usr/bin
tail -n 1 "$work/said"
[ "$failures" -eq 0 ] || { finish; exit 1; } # what follows begins where the guide ends

# --- a network of four: the first is assayd.service, the others run beside it
check 'what the guide set up is gone' there sh -c \
    'systemctl reset-failed; test "$(systemctl is-active assayd)" = inactive && test -z "$(ls -A /var/lib/assay)" && test ! -e /etc/assay/assayd.yaml'
# shellcheck disable=SC2016
there sh -c 'cd /srv && assay setup local --dir net --epoch-ms 500 --port 7101 --services >/dev/null && chown -R assay net &&
    mv net/node-1/keys net/node-1/enclave /var/lib/assay/ && cp net/genesis /etc/assay/ &&
    install -o assay -m 0600 net/node-1/platform.key /etc/assay/platform.key &&
    sed "s,state_dir: state, state_dir: /var/lib/assay/state,; s,keys_dir: keys,keys_dir: /var/lib/assay/keys,
         s,genesis: [^ ]*,genesis: /etc/assay/genesis,; s,admin: [^ ]*,admin: /run/assay/admin.sock\n  services: /run/assay-services,; /^  http: /d
         s,path: enclave\$,path: /var/lib/assay/enclave,; s,service: service.sock,service: /run/assay-services/keys/enclave.sock," \
        net/node-1/assayd.yaml >/etc/assay/assayd.yaml
    for n in 2 3 4; do systemd-run -q --unit=peer-$n --uid=assay assayd --config /srv/net/node-$n/assayd.yaml; done' \
    >"$work/said" 2>&1 || { cat "$work/said" >&2; exit 1; }
mkdir -p "$fresh/etc/systemd/system/assayd.service.d"
cat >"$fresh/etc/systemd/system/assayd.service.d/impatient.conf" <<'END'
[Service]
WatchdogSec=4
RestartSec=1
END
there systemctl daemon-reload
full() { there assay nodes | grep -qE ' node-1 .* FULL ' || { there assay nodes; return 1; }; }
begun=$(date +%s%N)
check 'it starts' there systemctl start assayd
echo "READY after $((($(date +%s%N) - begun) / 1000000)) ms"
check 'READY came from the daemon' is assayd SubState running
check 'when its sockets were open' there test -S /run/assay/admin.sock
check "the enclave's socket is for the user who registers the holder's key" there sh -c \
    'test "$(stat -c "%a %G" /run/assay-services/keys/enclave.sock)" = "660 assay-signer"'
check 'the node is trusted' within 60 full
check 'the status line is the sentence' within 10 there sh -c \
    'test "$(systemctl show -P StatusText assayd)" = "$(assay status | head -n 1)"'
check 'nothing of it runs as another user' there sh -c \
    'for p in $(cat /sys/fs/cgroup/system.slice/assayd.service/cgroup.procs); do stat -c %U /proc/$p; done | sort -u | grep -qx assay'
check 'five processes: daemon, two verifiers, transport, enclave' within 10 there sh -c \
    'test "$(wc -l </sys/fs/cgroup/system.slice/assayd.service/cgroup.procs)" = 5'
for child in verifier transport; do
    check "the $child put up all its walls inside the sandbox" says assayd "event=${child}_ready .*calls=true limits=true memory=true landlock=[1-9]"
done
check 'no system call was refused, and nothing else worth a warning' fails says assayd 'refused|not permitted|EPERM'

# --- the journal
there journalctl -u assayd -o json -n 200 --no-pager >"$work/json"
check 'lines have levels: information' grep -q '"PRIORITY":"6"' "$work/json"
check 'and are the daemon'"'"'s' grep -q '"SYSLOG_IDENTIFIER":"assayd"' "$work/json"
check 'without a time and a level in their text' fails grep -E '"MESSAGE":"(<[0-9]>|[0-9]{4}-|level=)' "$work/json"
fields() { # of one record, whole: who wrote it, and the line's own
    there journalctl -u assayd ASSAY_EVENT="$1" -n 1 -o json --no-pager >"$work/record"
    for field in '"_SYSTEMD_UNIT":"assayd.service"' '"SYSLOG_IDENTIFIER":"assayd"' "\"ASSAY_EVENT\":\"$1\"" \
        '"ASSAY_NODE":"node-1"' "\"MESSAGE\":\"event=$1 node=node-1 " "$2"; do
        grep -qE "$field" "$work/record" || { echo "no $field:"; cat "$work/record"; return 1; }
    done
}
check 'a line is a record with its fields' fields epoch_closed '"ASSAY_EPOCH":"[0-9]+"'
check 'and its priority' fields epoch_closed '"PRIORITY":"6"'
check 'a warning, too' fields insecure_profile '"PRIORITY":"4"'
check 'by the journal'"'"'s own socket' fields epoch_closed '"_TRANSPORT":"journal"'
check 'no line of the daemon came without' fails sh -c "grep '\"MESSAGE\":\"event=' '$work/json' | grep -v '\"ASSAY_EVENT\":'"
check 'a warning can be asked for alone' test -n "$(journal -u assayd -p warning -n 5 | grep insecure_profile)"

# --- watched
fed() { there systemctl show -P WatchdogTimestampMonotonic assayd; }
before=$(fed)
sleep 5
check 'the watchdog is fed' test "$(fed)" -gt "$before"
check 'and content' is assayd NRestarts 0

# --- reload, without a restart
pid=$(there systemctl show -P MainPID assayd)
echo 'limits: { drain_ms: 1500 }' >"$fresh/etc/assay/assayd.d/50-drain.yaml"
check 'it reloads' there systemctl reload assayd
check 'and says what it took over' within 10 says assayd 'event=reload .*1 values taken over'
echo 'limits: { drain_ms: many }' >"$fresh/etc/assay/assayd.d/50-drain.yaml"
there systemctl reload assayd
check 'what does not fit is refused, with file and line' within 10 says assayd 'event=reload .*reason=.*50-drain.yaml:1:21: limits.drain_ms'
rm "$fresh/etc/assay/assayd.d/50-drain.yaml"
check 'the same process goes on' is assayd MainPID "$pid"
check 'active' is assayd ActiveState active

# --- a child that falls comes back; so does the enclave
child() { # child NAME: its first process, of the daemon's group
    there sh -c 'for p in $(cat /sys/fs/cgroup/system.slice/assayd.service/cgroup.procs); do
        tr "\0" " " </proc/$p/cmdline | grep -q "$0" && echo $p && exit; done' "$1"
}
for name in assay-verifier assay-transport assay-enclave; do
    old=$(child "$name")
    there sh -c "kill -KILL $old"
    another() { new=$(child "$name") && [ -n "$new" ] && [ "$new" != "$old" ]; }
    check "$name is there again after it was killed" within 30 another
done
check 'and the node is trusted' within 60 full

# --- a wrong program is found, and the right one put back, inside the sandbox
there sh -c 'cd /var/lib/assay && cp enclave evil && echo evil >>evil && chown assay evil && mv evil enclave'
there sh -c "kill -KILL $(child assay-enclave)"
check 'a wrong enclave is suspended' within 60 there sh -c \
    'assay timeline --socket /srv/net/node-2/admin.sock | tee /dev/stderr | grep -q "fail_proven.*measurement"'
check 'and the right one put back' within 60 there cmp /var/lib/assay/enclave /usr/bin/assay-enclave
# Only votes by keys that are listed are resumed.
check 'with keys that the network listed' within 60 says assayd 'event=keys_listed .*incarnation=2'

# --- killed, and hung
killed() { is assayd NRestarts "$1" && is assayd SubState running; }
there systemctl kill -s KILL --kill-who=main assayd
check 'it comes back after it was killed' within 30 killed 1
check 'and knows where it was' within 30 says assayd 'event=resumed'
check 'nothing of the first run is left' within 10 there sh -c \
    'test "$(wc -l </sys/fs/cgroup/system.slice/assayd.service/cgroup.procs)" = 5'
there systemctl kill -s STOP --kill-who=main assayd
check 'the watchdog ends a daemon that hangs' within 60 killed 2
check 'and systemd says why' within 10 sh -c "$(command -v nsenter) -t $init -a journalctl --no-pager -o cat -u assayd | grep -q 'Watchdog timeout'"

# --- keys for life as credentials
there sh -c 'cd /var/lib/assay/keys && install -d -m 0700 /etc/assay/keys && install -m 0600 identity.key bootstrap.key /etc/assay/keys/ &&
    rm identity.key bootstrap.key && cp /usr/share/doc/assayd/systemd/credentials.conf /etc/systemd/system/assayd.service.d/ &&
    systemctl daemon-reload'
echo "node: { identity_dir: \"\${CREDENTIALS_DIRECTORY}\" }" >"$fresh/etc/assay/assayd.d/60-keys.yaml"
begun=$(date +%s%N)
check 'it restarts with its keys as credentials' there systemctl restart assayd
echo "stop and READY after $((($(date +%s%N) - begun) / 1000000)) ms"
check 'as the same node' within 30 there sh -c 'assay status | grep -q "^node  *node-1 "'

# --- programs of services, beside their daemon
there sh -c 'cd /srv/net/node-1 && for p in replica holder executor; do
        sed "s,admin.svcs,/run/assay-services,; s,^store: ,store: /var/lib/assay-$p/,; s,^key: .*,key: /etc/assay-services/$p.key," \
            $p.yaml >/etc/assay-services/$p-0.yaml
        install -o assay-$p -g assay-$p -m 0600 programs.key /etc/assay-services/$p.key; done
    chgrp assay-services /etc/assay-services/*.yaml && chmod 0640 /etc/assay-services/*.yaml'
for program in replica holder executor; do
    check "assay-$program@0 starts" there systemctl start assay-$program@0
    check "assay-$program@0 follows the ledger" within 60 there sh -c \
        'systemctl show -P StatusText "$0" | grep -qE "^(listed|followed|offered)"' assay-$program@0
    check "the daemon's socket is that of its role" there sh -c \
        'test "$(stat -c "%a %G" /run/assay-services/$0*/ledger | sort -u)" = "660 assay-$0"' $program
    check "nothing is refused to it" fails says assay-$program@0 'not permitted|refused'
    there systemctl show -P StatusText assay-$program@0
done

# --- what else stops: a unit, over the real bus
cat >"$fresh/etc/systemd/system/shop.service" <<'END'
[Service]
ExecStart=/bin/sh -c 'while :; do cat /proc/uptime >/run/shop.tick; sleep 0.1; done'
END
cat >"$fresh/etc/assay/assayd.d/70-shop.yaml" <<'END'
enforcement:
  targets:
    - { name: shop, driver: systemd, unit: shop.service, poll_ms: 300 }
END
there sh -c 'systemctl daemon-reload && systemctl start shop && systemctl reload assayd'
shop() { [ "$(there systemctl show -P "$1" shop)" = "$2" ] || { there assay enforce show; return 1; }; }
ticks() { a=$(there cat /run/shop.tick) && sleep 0.7 && [ "$a" != "$(there cat /run/shop.tick)" ]; }
# The daemon restarted twice: SUSPENDED first, until its standing is back.
check 'the node is trusted again' within 90 full
check 'a unit that may run runs' ticks
there assay enforce hold --reason 'without a rule of polkit' >/dev/null
check 'without a rule of polkit it is not obeyed, and what to do is said' within 20 there sh -c \
    'assay enforce show | grep -q "shop.service: suspend: .*polkit"'
cp "$fresh/usr/share/doc/assayd/systemd/target.rules" "$fresh/etc/polkit-1/rules.d/50-assayd.rules"
check 'with one the unit is frozen' within 60 shop FreezerState frozen
check 'and does nothing' fails ticks
there assay enforce release --reason done >/dev/null
check 'released, it goes on' within 30 shop FreezerState running
check 'really' ticks
sed -i 's/poll_ms: 300/poll_ms: 300, suspended: stop/' "$fresh/etc/assay/assayd.d/70-shop.yaml"
there systemctl reload assayd
there assay enforce hold --reason 'stop it' >/dev/null
check 'a target that is to be stopped stops' within 30 shop ActiveState inactive
there assay enforce release --reason done >/dev/null
check 'and is started again' within 60 shop ActiveState active
check 'the journal of orders holds' there assay audit orders /var/lib/assay/state/orders.log

# --- the timer of anchors: as a user of its own, in its sandbox; here it has no chain to ask
cat >"$fresh/etc/assay-services/anchor.yaml" <<'END'
anchor_version: 1
END
there sh -c 'chgrp assay-services /etc/assay-services/anchor.yaml && chmod 0640 /etc/assay-services/anchor.yaml'
check 'the socket of anchors is for its user' there sh -c \
    'test "$(stat -c "%a %G" /run/assay-services/anchor/ask)" = "660 assay-anchor"'
check 'the timer is enabled and waits' there systemctl enable --now assay-anchor.timer
check 'until its hour' is assay-anchor.timer SubState waiting
there systemctl start assay-anchor.service >/dev/null 2>&1
check 'what it starts says what is missing' says assay-anchor.service 'rpc is missing, here or in --config'
check 'and its status is that of the command' is assay-anchor.service ExecMainStatus 2

# --- an upgrade: the daemon is restarted if the new program accepts its configuration, else it is left running
upgrade() { there sh -c 'apt-get install -qq --reinstall /test/newer/*.deb 2>&1'; }
pid=$(there systemctl show -P MainPID assayd)
echo 'nonsense: 1' >"$fresh/etc/assay/assayd.d/80-broken.yaml"
check 'an upgrade succeeds over a configuration that does not fit' upgrade
cp "$work/said" "$work/upgraded"
check 'the daemon goes on' is assayd MainPID "$pid"
check 'the line of the fault is printed' grep -q '80-broken.yaml:1' "$work/upgraded"
check 'so is what to do' grep -q 'systemctl start assayd-check && systemctl restart assayd' "$work/upgraded"
check 'its sockets are still there' there test -S /run/assay/admin.sock
check 'the command refuses, too' fails there systemctl start assayd-check
check 'the daemon goes on once more' is assayd MainPID "$pid"
rm "$fresh/etc/assay/assayd.d/80-broken.yaml"
check 'with the fault fixed it restarts' there sh -c 'systemctl start assayd-check && systemctl restart assayd'
another_pid() { [ "$(there systemctl show -P MainPID assayd)" != "$pid" ] && is assayd SubState running; }
check 'as another process' within 30 another_pid
pid=$(there systemctl show -P MainPID assayd)
check 'an upgrade that fits succeeds' upgrade
check 'and restarts it, after a check with its credentials' within 30 another_pid
check 'no unit of the check is left' there test ! -e /run/systemd/system/assayd-check.service
pid=$(there systemctl show -P MainPID assayd)
mv "$fresh/etc/assay/assayd.yaml" "$fresh/etc/assay/off"
check 'an upgrade succeeds without a configuration' upgrade
cp "$work/said" "$work/upgraded"
mv "$fresh/etc/assay/off" "$fresh/etc/assay/assayd.yaml"
check 'the daemon goes on' is assayd MainPID "$pid"
check 'the condition is printed' grep -q 'ConditionPathExists=/etc/assay/assayd.yaml failed' "$work/upgraded"
override() { printf "[Service]\nExecStart=\n$1\n" >"$fresh/etc/systemd/system/assayd.service.d/zz.conf" && there systemctl daemon-reload; }
override 'ExecStart=/bin/sh -c "exec /usr/bin/assayd --config /etc/assay/assayd.yaml"'
check 'an upgrade succeeds over a command that cannot be checked' upgrade
cp "$work/said" "$work/upgraded"
check 'the daemon goes on' is assayd MainPID "$pid"
check 'the command is printed' grep -q 'path=/bin/sh ; argv' "$work/upgraded"
override '  ExecStart = /usr/bin/assayd \\\n# why\n  --config /etc/assay/assayd.yaml \\\n  --set log.level=info'
check 'an upgrade succeeds over a command of several lines' upgrade
check 'and restarts the daemon' within 30 another_pid
rm "$fresh/etc/systemd/system/assayd.service.d/zz.conf"
there sh -c 'systemctl daemon-reload; systemctl stop assayd'
check 'an upgrade succeeds while the daemon is stopped' upgrade
check 'and does not start it' is assayd ActiveState inactive
there systemctl start assayd
check 'the node is trusted after it' within 90 full

# --- the end: drained, and nothing left; with the machine as well
begun=$(date +%s%N)
check 'it stops' there systemctl stop assayd
echo "stopped after $((($(date +%s%N) - begun) / 1000000)) ms"
check 'drained, by itself' is assayd Result success
check 'with status 0' is assayd ExecMainStatus 0
check 'and said so' says assayd 'event=node_closed'
check 'its sockets are gone' there test ! -e /run/assay
meant() { there assay nodes --json --socket /srv/net/node-2/admin.sock |
    python3 -c 'import json, sys
node = [n for n in json.load(sys.stdin)["data"]["nodes"] if n["name"] == "node-1"][0]
sys.exit(0 if node["ended"] and node["condition"] == "OFFLINE" else 1)'; }
check 'its peers know that it was meant' within 20 meant
check 'it starts once more' there systemctl start assayd
there sh -c 'printf "config_version: 1\nnonsense: 1\n" >/etc/assay/assayd.d/99.yaml; systemctl restart assayd' >/dev/null 2>&1
check 'a configuration that does not fit stays down' is assayd ActiveState failed
sleep 3
check 'and is not tried again' is assayd NRestarts 0
check 'with the line' says assayd '99.yaml:[12]'
rm "$fresh/etc/assay/assayd.d/99.yaml"
there sh -c 'systemctl reset-failed assayd; systemctl start assayd'
there systemctl poweroff
off() { ! kill -0 "$booted" 2>/dev/null; }
check 'the machine goes down with it' within 60 off
check 'the store was closed' sh -c 'test ! -s "$0" ' "$fresh/var/lib/assay/state/store.sqlite-wal"
finish

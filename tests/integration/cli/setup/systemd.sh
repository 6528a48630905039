#!/bin/sh
# The unit of assayd: what it exposes by systemd's own count, that it is well-formed, that its user and folders
# are made, and that a daemon which runs needs no system call that it forbids.
. "$(dirname "$0")/../lib.sh"
ROOT=$(cd "$(dirname "$0")/../../../.." && pwd)
BUILD=$(dirname "$BIN")
UNITS=$ROOT/packaging/systemd
cd "$WORK" || exit 2

# --- what is installed, and where
DESTDIR=$WORK/tree cmake --install "$BUILD" --prefix /usr --component daemon >install.out 2>&1 ||
    wrong "cmake --install: $(cat install.out)"
for file in lib/systemd/system/assayd.service lib/sysusers.d/assay.conf lib/tmpfiles.d/assay.conf; do
    check "$file is installed" test -f tree/usr/$file
done
mkdir units
sed "s,^ExecStart=[^ ]*,ExecStart=$ASSAYD," tree/usr/lib/systemd/system/assayd.service >units/assayd.service
check 'it starts what is installed' grep -q '^ExecStart=/usr/bin/assayd --config /etc/assay/assayd.yaml$' \
    tree/usr/lib/systemd/system/assayd.service

# --- exposure 1.5 at most (the number is in tenths), of the unit and with each drop-in for a TPM or Nitro
exposure() { # exposure FILE: prints the line, succeeds up to 1.5
    systemd-analyze security --offline=true --threshold=15 --no-pager "$1" >exposure.out 2>&1
    status=$?
    grep 'Overall exposure' exposure.out
    return $status
}
check 'exposure of assayd.service' exposure units/assayd.service
for name in credentials tpm nsm; do
    mkdir -p with/$name
    cat units/assayd.service "$UNITS/examples/$name.conf" >with/$name/assayd.service
    check "exposure with $name.conf" exposure with/$name/assayd.service
done
# The check can fail.
grep -vE '^(SystemCallFilter|CapabilityBoundingSet|ProtectSystem)=' units/assayd.service >with/assayd.service
exposure with/assayd.service >/dev/null && wrong 'a unit without its filters passes'

# --- well-formed: systemd reads each line without a word
expect 0 '' systemd-analyze verify --man=no units/assayd.service
case $out in *assayd.service*) wrong "systemd-analyze verify: $out" ;; esac
for name in credentials tpm nsm tsm; do
    mkdir -p with/$name
    cat units/assayd.service "$UNITS/examples/$name.conf" >with/$name/assayd.service
    expect 0 '' systemd-analyze verify --man=no with/$name/assayd.service
    case $out in *assayd.service*) wrong "systemd-analyze verify with $name.conf: $out" ;; esac
done
sed 's/^ProtectSystem=strict/ProtectSystem=strickt/' units/assayd.service >with/assayd.service
systemd-analyze verify --man=no with/assayd.service 2>&1 | grep -q 'strickt' || wrong 'verify finds nothing'

# --- programs of services: their own users and state, the daemon's sandbox, none of its folders
for program in replica holder executor; do
    unit=tree/usr/lib/systemd/system/assay-$program@.service
    sed "s,^ExecStart=[^ ]*,ExecStart=$BIN/assay-$program," "$unit" >"units/assay-$program@.service"
    check "exposure of assay-$program@" exposure "units/assay-$program@.service"
    expect 0 '' systemd-analyze verify --man=no "units/assay-$program@.service"
    case $out in *assay-$program*) wrong "systemd-analyze verify: $out" ;; esac
    check "$program is another user" grep -qx "User=assay-$program" "$unit"
    check "$program has a group of its own" grep -qx "Group=assay-$program" "$unit"
    check "$program is in no group of the daemon's" grep -qx 'SupplementaryGroups=assay-services' "$unit"
    check "$program stores elsewhere" grep -qx "StateDirectory=assay-$program" "$unit"
    for folder in /etc/assay /var/lib/assay /run/assay; do
        check "$program has no $folder" grep -q "^InaccessiblePaths=.*-$folder\( \|\$\)" "$unit"
    done
    # Every line of the daemon's sandbox is one of the program's.
    sed -n '/^NoNewPrivileges/,/^SystemCallErrorNumber/p' tree/usr/lib/systemd/system/assayd.service |
        grep -v '^#\|^SystemCallFilter=\(setpriority\|seccomp\)' >walls
    check 'the daemon has walls' test "$(wc -l <walls)" -gt 25
    while read -r wall; do check "$program: $wall" grep -qxF "$wall" "$unit"; done <walls
done

# --- the timer of anchors comes with the command line
DESTDIR=$WORK/tree cmake --install "$BUILD" --prefix /usr --component command >install.out 2>&1 ||
    wrong "cmake --install: $(cat install.out)"
anchor=tree/usr/lib/systemd/system/assay-anchor
check 'it starts what is installed' \
    grep -q '^ExecStart=/usr/bin/assay anchor advance --config /etc/assay-services/anchor.yaml$' $anchor.service
sed "s,^ExecStart=[^ ]*,ExecStart=$ASSAY," $anchor.service >units/assay-anchor.service
cp $anchor.timer units/
check 'it is another user' grep -qx 'User=assay-anchor' $anchor.service
check 'with a group of its own' grep -qx 'Group=assay-anchor' $anchor.service
check 'in no group of the daemon' grep -qx 'SupplementaryGroups=assay-services' $anchor.service
for folder in /etc/assay /var/lib/assay /run/assay; do
    check "it has no $folder" grep -q "^InaccessiblePaths=.*-$folder\( \|\$\)" $anchor.service
done
check 'exposure of assay-anchor.service' exposure units/assay-anchor.service
expect 0 '' systemd-analyze verify --man=no units/assay-anchor.timer units/assay-anchor.service
case $out in *assay-anchor*) wrong "systemd-analyze verify: $out" ;; esac
sed 's/^OnCalendar=.*/OnCalendar=sometimes/' $anchor.timer >with/assay-anchor.timer
cp units/assay-anchor.service with/
systemd-analyze verify --man=no with/assay-anchor.timer 2>&1 | grep -q 'sometimes' || wrong 'verify finds nothing'
# At least twice between two days, of the day for which an anchor lives (docs/services.md 8.2).
often() { # FILE: seconds between two runs, with the longest delay, twice in a day
    every=$(systemd-analyze calendar --iterations=2 "$(sed -n 's/^OnCalendar=//p' "$1")" |
        sed -n 's/^ *Next elapse: //p; s/^ *Iter[^:]*#2: //p' | while read -r at; do date -d "$at" +%s; done |
        { read -r one; read -r two; echo $((two - one)); })
    [ "$every" -gt 0 ] && [ $((2 * (every + 1800))) -lt 86400 ]
}
check 'it runs more than twice in a day' often $anchor.timer
sed 's/^OnCalendar=.*/OnCalendar=daily/' $anchor.timer >with/assay-anchor.timer
often with/assay-anchor.timer && wrong 'once in a day is often enough'
expect 2 'anchor.yaml' "$ASSAY" anchor advance --config "$WORK/anchor.yaml"

# --- the export of events comes with it, and has neither keys nor state of the daemon whose user it is
export=tree/usr/lib/systemd/system/assay-export.service
check 'it starts what is installed' grep -qxF 'ExecStart=/usr/bin/assay export --follow $ASSAY_EXPORT' $export
sed "s,^ExecStart=[^ ]*,ExecStart=$ASSAY," $export >units/assay-export.service
check 'exposure of assay-export.service' exposure units/assay-export.service
expect 0 '' systemd-analyze verify --man=no units/assay-export.service
case $out in *assay-export*) wrong "systemd-analyze verify: $out" ;; esac
for folder in /etc/assay /etc/assay-services /var/lib/assay /var/cache/assay; do
    check "it has no $folder" grep -q "^InaccessiblePaths=.*-$folder\( \|\$\)" $export
done
grep -v '^#\|^RestrictAddressFamilies' walls | while read -r wall; do
    grep -qxF "$wall" $export || echo "$wall"
done >missing
check 'each wall of the daemon is one of it' test ! -s missing

# --- user and folders
mkdir -p tree/etc
expect 0 '' systemd-sysusers --root="$WORK/tree"
check 'the user is made' grep -q '^assay:.*:/var/lib/assay:/usr/sbin/nologin$' tree/etc/passwd
check 'the group of programs is made' grep -q '^assay-services:' tree/etc/group
for program in replica holder executor; do
    check "the user of $program is made" \
        grep -q "^assay-$program:.*:/var/lib/assay-$program:/usr/sbin/nologin$" tree/etc/passwd
    check "$program is no member of assay" sh -c "! grep -q '^assay:.*assay-$program' tree/etc/group"
done
check 'the user of anchors is made' grep -q '^assay-anchor:.*:/usr/sbin/nologin$' tree/etc/passwd
check 'and is no member of assay' sh -c "! grep -q '^assay:.*assay-anchor' tree/etc/group"
if [ "$(id -u)" -eq 0 ]; then
    expect 0 '' systemd-tmpfiles --root="$WORK/tree" --create
    check 'its state is its own' test "$(stat -c %a tree/var/lib/assay)" = 700
    check 'its configuration is not' test "$(stat -c '%a %U' tree/etc/assay)" = '750 root'
    group_of() { sed -n "s/^$1:[^:]*:\([0-9]*\):.*/\1/p" tree/etc/group; }
    group=$(group_of assay-services)
    check 'the folder of sockets is for no group' \
        test "$(stat -c '%a %u' tree/run/assay-services)" = "755 $(sed -n 's/^assay:[^:]*:\([0-9]*\):.*/\1/p' tree/etc/passwd)"
    for role in replica-0 replica-7 holder executor anchor; do
        own=$(group_of "assay-${role%-*}")
        check "that of $role is for its own group" test "$(stat -c '%a %g' tree/run/assay-services/$role)" = "2750 $own"
    done
    check 'that of configuration too' test "$(stat -c '%a %u %g' tree/etc/assay-services)" = "750 0 $group"
fi

# --- system calls: a daemon, its enclave and a reload, against the filter of the unit
names() { # names SET-OR-CALL: every call of a set, sets in it included
    case $1 in @*) ;; *) echo "$1" && return ;; esac
    systemd-analyze syscall-filter --no-pager "$1" | sed 's/^ *//' | grep -v '^#' | while read -r name; do
        case $name in "$1" | '') ;; *) names "$name" ;; esac
    done
}
# Line after line, as systemd takes them.
: >permitted
sed -n 's/^SystemCallFilter=//p' units/assayd.service >filters
while read -r line; do
    for set in ${line#\~}; do names "$set"; done | sort -u >these
    case $line in
    '~'*) comm -23 permitted these >next ;;
    *) sort -u permitted these >next ;;
    esac
    mv next permitted
done <filters
check 'the filter has calls' test "$(wc -l <permitted)" -gt 200
check 'openat is one of them' grep -qx openat permitted
check 'mount is none' sh -c '! grep -qx mount permitted'
network 2 500 2
sign alpha beta
(exec strace -f -qq -e signal=none -o calls "$ASSAYD" --config node-1/assayd.yaml >log 2>&1 </dev/null) &
started="$started $!"
tracer=$!
until_true 60 grep -q 'event=verifier_ready' log || wrong "no judge: $(cat log)"
until_true 60 grep -q 'event=enclave_started' log || wrong "it does not run: $(cat log)"
daemon=$(pgrep -P $tracer)
kill -HUP "$daemon"
until_true 30 grep -q 'event=reload' log || wrong 'it does not reload'
sleep 2
kill -TERM "$daemon"
until_true 30 grep -q 'event=node_closed' log || wrong 'it does not end'
wait $tracer
# "PID name(..." and "PID <... name resumed>"
sed -n 's/^[0-9]* *\([a-z_0-9]*\)(.*= -\{0,1\}[0-9x].*/\1/p; s/^[0-9]* *<\.\.\. \([a-z_0-9]*\) resumed>.*/\1/p' calls |
    sort -u >made
check 'calls were seen' test "$(wc -l <made)" -gt 40
# What is refused with EPERM and does no harm: raising a limit that the unit has set already; what sanitizers ask
# of the kernel; SQLite gives its log away when it runs as root.
printf 'setrlimit\npersonality\nptrace\nfchown\n' | sort >harmless
comm -23 made permitted | comm -23 - harmless >missing
check "no call is forbidden: $(tr '\n' ' ' <missing)" test ! -s missing
finish

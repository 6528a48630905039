#!/bin/sh
# packaging/debian/assayd.postinst with debhelper's lines, a stand-in for systemd, and the real `assayd
# --check-config`: an upgrade restarts a daemon that runs if the new program accepts its configuration, and leaves it
# alone otherwise; one that was stopped stays so.
# (systemd.sh tries the same under systemd itself; it needs root, mmdebstrap and a booted machine.)
#
# usage: postinst.sh ROOT BIN
set -u
export LC_ALL=C
root=${1:?} bin=${2:?}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
checks=0 failures=0
check() {
    what=$1
    shift
    checks=$((checks + 1))
    "$@" || { failures=$((failures + 1)); echo "FAILED: $what"; cat "$work/said" "$work/calls"; }
}
fails() { ! "$@"; }
has() { grep -q -- "$2" "$work/$1"; }

# The scripts as packages have them: with debhelper's own lines, by the options of packaging/debian/rules.
command -v dh_installsystemd >/dev/null && command -v systemd-analyze >/dev/null || { echo 'no debhelper or systemd'; exit 77; }
mkdir -p "$work/bin" "$work/units" "$work/loaded/assayd.service.d" "$work/package/debian/assayd/lib/systemd/system"
sed "s,@CMAKE_INSTALL_FULL_BINDIR@,$bin,; s,/etc/assay/assayd.yaml,$work/net/node-1/assayd.yaml,g" \
    "$root/packaging/systemd/assayd.service.in" >"$work/loaded/assayd.service"
cp "$root/packaging/debian/control" "$root"/packaging/debian/assayd.p* "$work/package/debian/"
printf 'assay (2.0) unstable; urgency=low\n\n  * .\n\n -- a <a@example.org>  Thu, 01 Jan 1970 00:00:00 +0000\n' \
    >"$work/package/debian/changelog"
cp "$work/loaded/assayd.service" "$work/package/debian/assayd/lib/systemd/system/"
how=$(sed -n 's/^\t\(dh_installsystemd -passayd .*\)/\1/p' "$root/packaging/debian/rules")
# shellcheck disable=SC2086 # words are wanted
(cd "$work/package" && $how && dh_installdeb -passayd) >"$work/said" 2>&1 || { cat "$work/said"; exit 1; }
for script in postinst prerm; do
    sed "s,/run/systemd/system,$work/units,g; s,/run/assayd-check,$work/assayd-check,g" \
        "$work/package/debian/assayd/DEBIAN/$script" >"$work/$script"
done
: >"$work/calls"
check 'the folder of units was replaced in it' has postinst "^units=$work/units"
check "debhelper's lines are in it" has postinst 'deb-systemd-helper enable'

# What the scripts call: notes each call. Conditions are systemd's own work; `start` runs the command as systemd does.
cat >"$work/bin/systemd-analyze" <<FAKE
#!/bin/sh
SYSTEMD_UNIT_PATH=$work/loaded exec $(command -v systemd-analyze) "\$@"
FAKE
cat >"$work/bin/systemctl" <<FAKE
#!/bin/sh
echo "systemctl \$*" >>$work/calls
case \$1:\$3 in
is-active:*) grep -qx active $work/active ;;
show:ActiveState) cat $work/active ;;
show:ExecStartEx) cat $work/effective ;;
show:ExecCondition) cat $work/exec-condition ;;
show:InvocationID) echo 0123 ;;
show:Result) cat $work/result ;;
cat:*) cat $work/loaded/assayd.service && echo && echo "# drop-in" && exec cat $work/drop-in.conf ;;
start:*)
    [ "\$(grep -c '^ExecStart=.' $work/units/assayd-check.service)" = 1 ] || exit 1
    cp $work/units/assayd-check.service $work/checked.service
    [ ! -e $work/elsewhere.conf ] || cat $work/elsewhere.conf >>$work/units/assayd-check.service
    SYSTEMD_UNIT_PATH=$work/units $(command -v systemd-analyze) condition --unit=assayd-check.service >/dev/null 2>&1 || exit 0
    \$(sed -n 's/^ExecStart=//p' $work/units/assayd-check.service) >$work/journal 2>&1 || exit 1
    \$(sed -n 's/^ExecStartPost=+//p' $work/units/assayd-check.service) ;;
esac
FAKE
# As it is: a restart stops, and starts again only if conditions hold.
cat >"$work/bin/deb-systemd-invoke" <<FAKE
#!/bin/sh
echo "invoke \$*" >>$work/calls
[ "\$(cat $work/policy)" = 0 ] || exit 0
case \$1 in
stop) echo inactive >$work/active ;;
start | restart)
    if $work/bin/systemd-analyze condition --unit=assayd.service >/dev/null 2>&1; then cat $work/started; else echo inactive; fi >$work/active ;;
esac
FAKE
cat >"$work/bin/journalctl" <<FAKE
#!/bin/sh
case "\$*" in *--sync*) ;; *) cat $work/journal ;; esac
FAKE
printf '#!/bin/sh\nprintf 2.0\n' >"$work/bin/dpkg-query"
printf '#!/bin/sh\n' >"$work/bin/deb-systemd-helper"
chmod +x "$work"/bin/*
echo 0 >"$work/policy"
echo exit-code >"$work/result"
echo active >"$work/started"
: >"$work/exec-condition"
effective() { # effective COMMAND [FLAGS]: what systemd says of ExecStart=
    echo "{ path=${1%% *} ; argv[]=$1 ; flags=${2-} ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }" \
        >"$work/effective"
}
usual="$bin/assayd --config $work/net/node-1/assayd.yaml"
effective "$usual"
printf '[Service]\nEnvironment=ASSAY_LOG__LEVEL=debug\n' >"$work/drop-in.conf"
(cd "$work" && "$bin/assay" setup local --dir net --port 0 >/dev/null) || exit 1

run() { # run STATE WORDS...: the script of that call; the daemon is in that state
    echo "$1" >"$work/active"
    shift
    : >"$work/calls"
    rm -f "$work/units"/* "$work"/assayd-check*
    PATH=$work/bin:$PATH sh "$work/postinst" "$@" >"$work/said" 2>&1
}
state() { [ "$(cat "$work/active")" = "$1" ]; }

check 'a first installation ends well' run inactive configure ''
check 'and starts the daemon' has calls 'invoke start assayd.service'
check 'and restarts and checks nothing' fails has calls 'restart\|start assayd-check'
for stopped in inactive failed deactivating; do
    check "an upgrade of a daemon that is $stopped ends well" run $stopped configure 1.0
    check 'it stays as it is' fails has calls 'invoke\|start assayd-check'
done
check 'systemd reads the new unit' has calls 'daemon-reload'
check 'an upgrade that fits ends well' run active configure 1.0
check 'the configuration was checked' has calls 'systemctl start assayd-check.service'
check 'the daemon is restarted' has calls 'invoke restart assayd.service'
check 'nothing is said' test ! -s "$work/said"
check 'and no unit is left' test -z "$(ls "$work/units")"
line_of() { grep -n "$1" "$work/calls" | head -n 1 | cut -d: -f1; }
check 'the check came after the units of the package' test "$(line_of daemon-reload)" -lt "$(line_of 'start assayd-check')"
for line in 'User=assay' 'Environment=ASSAY_LOG__LEVEL=debug' 'ProtectSystem=strict' 'StateDirectory=assay' 'Type=oneshot' \
    'RuntimeDirectoryPreserve=yes' 'TimeoutStartSec=60'; do
    check "the check has $line" has checked.service "^$line"
done
for key in Condition Assert ExecCondition Restart SuccessExitStatus Watchdog Type=notify TimeoutStartSec=300; do
    check "the check has no $key" fails has checked.service "^$key"
done
check 'systemd reads every line of it' fails sh -c \
    'cp "$0/checked.service" "$0/units/assayd-check.service"; SYSTEMD_UNIT_PATH=$0/units systemd-analyze verify --man=no \
     "$0/units/assayd-check.service" 2>&1 | grep "assayd-check.service:[0-9]"' "$work"
check 'it reloads nothing' fails has checked.service '^ExecReload='

printf 'nonsense: 1\n' >>"$work/net/node-1/assayd.yaml"
check 'an upgrade that does not fit ends well, too' run active configure 1.0
check 'the daemon that runs is left alone' fails has calls 'invoke'
check 'the reason is printed, with its line' has said 'assayd.yaml:[0-9]*'
check 'so is the new version' has said 'version 2.0 refuses'
check 'and the old one, which runs' has said 'continues, as version 1.0'
check 'and what to do' has said 'systemctl start assayd-check && systemctl restart assayd'
check 'that command is there' test -f "$work/units/assayd-check.service"
sed -i '/^nonsense/d' "$work/net/node-1/assayd.yaml"
check 'it succeeds when the reason is gone' "$work/bin/systemctl" start assayd-check

# --- what the machine's operator added to the unit
for running in activating reloading; do
    check "an upgrade of a daemon that is $running ends well" run $running configure 1.0
    check 'and restarts it' has calls 'invoke restart assayd.service'
done
effective "$bin/assayd --config $work/absent.yaml --set log.level=debug"
printf ' [Service]\n  ExecStart  =\n ExecStart = %s/assayd \\\n# why\n  --config %s/absent.yaml \\\n  --set log.level=debug
  Environment = A=b \\\n  C=%%n D=%%%%n\n\tSuccessExitStatus = 2\n[Unit]\nAssertPathExists=/\n' "$bin" "$work" >"$work/drop-in.conf"
check 'a drop-in with another command ends well' run active configure 1.0
check 'and is what is checked' has said 'absent.yaml: cannot be opened'
check 'with all its options' has checked.service "^ExecStart=$bin/assayd --check-config --config $work/absent.yaml --set log.level=debug\$"
check 'lines that continue are one, names are the daemon'"'"'s' has checked.service '^Environment=A=b  *C=assayd.service D=%%n$'
check 'a status that counts as success does not for the check' fails has checked.service 'SuccessExitStatus'
printf '[Service]\n' >"$work/drop-in.conf"
refused() { # refused TEXT: nothing ran, nothing was restarted, the reason is printed
    check "$1: ends well" run active configure 1.0
    check "$1: nothing runs or restarts" fails has calls 'invoke\|start assayd-check'
    check "$1: the daemon stays" state active
    check "$1: the reason is printed" has said 'assayd was not restarted: its command cannot be checked'
    effective "$usual"
}
for command in "/bin/sh -c exec $usual" "$usual foreground" "$bin/assayd --config $work/a b.yaml" "$bin/assayd \$OPTIONS" \
    "$bin/assayd" "$usual --set"; do
    effective "$command"
    refused "command $command"
done
effective "$usual" ignore-failure
refused 'a command that may fail'
sed -i 's/argv\[\]=/argv[]=@/' "$work/effective"
refused 'a command of another name'
effective "$usual" && cp "$work/effective" "$work/twice" && cat "$work/twice" >>"$work/effective"
refused 'two commands'
printf '[Service]\nExecStart=%s --set "a=b --set c=d"\n' "$usual" >"$work/drop-in.conf"
refused 'quotes'
printf '[Service]\n' >"$work/drop-in.conf"
echo '{ path=/bin/false }' >"$work/exec-condition"
refused 'an ExecCondition'
: >"$work/exec-condition"

# --- conditions: a restart would stop the daemon and not start it
mv "$work/net/node-1/assayd.yaml" "$work/off"
check 'without a configuration an upgrade ends well' run active configure 1.0
check 'the daemon stays' state active
check 'a line says what is missing' has said "ConditionPathExists=$work/net/node-1/assayd.yaml failed"
check 'and that nothing was checked' has said 'nothing was checked'
mv "$work/off" "$work/net/node-1/assayd.yaml"
for line in "ConditionPathExists=$work/none" "AssertPathExists=$work/none"; do
    printf '[Unit]\n%s\n' "$line" >"$work/loaded/assayd.service.d/operator.conf"
    check "$line in a drop-in: ends well" run active configure 1.0
    check "$line in a drop-in: the daemon stays" state active
    check "$line in a drop-in: a line says so" has said "$line failed"
done
rm "$work/loaded/assayd.service.d/operator.conf"
printf '[Unit]\nConditionPathExists=/none\n' >"$work/elsewhere.conf"
check 'a check that was skipped ends well' run active configure 1.0
check 'and is none' fails has calls invoke
check 'which is printed' has said 'systemd skipped the check'
check 'and no unit that would be skipped again is left' test -z "$(ls "$work/units")"
rm "$work/elsewhere.conf"
echo failed >"$work/started"
check 'a restart that fails ends well' run active configure 1.0
check 'and is printed' has said 'was restarted and does not run'
echo active >"$work/started"
echo timeout >"$work/result"
effective "$bin/assayd --config $work/absent.yaml"
check 'a check that does not end ends well' run active configure 1.0
check 'and the limit is printed' has said 'did not end within 60 s'
effective "$usual"
echo 101 >"$work/policy"
check 'a policy that forbids restarts is no failure' run active configure 1.0
check 'and was asked' has calls 'invoke restart'
mv "$work/loaded/assayd.service" "$work/drop-in.conf" && rm "$work/drop-in.conf"
check 'a unit that cannot be read ends well' run active configure 1.0
check 'without a restart' fails has calls invoke
check 'and the script says how' has said 'systemctl restart assayd'
for call in 'abort-upgrade 2.0' 'abort-remove'; do
    # shellcheck disable=SC2086
    check "$call ends well" run active $call
    check "$call restarts nothing" fails has calls 'invoke\|start assayd-check'
done
for call in upgrade:no remove:yes; do
    : >"$work/calls"
    check "prerm ${call%:*} ends well" env PATH="$work/bin:$PATH" sh "$work/prerm" "${call%:*}"
    check "does prerm ${call%:*} stop the daemon: ${call#*:}" test "$(grep -c 'invoke stop assayd' "$work/calls")" = \
        "$([ "${call#*:}" = no ] && echo 0 || echo 1)"
done

echo "$checks checks, $failures failed"
[ "$failures" -eq 0 ] && [ "$checks" -gt 100 ]

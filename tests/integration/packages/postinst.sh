#!/bin/sh
# packaging/debian/assayd.postinst with a stand-in for systemd, and with the real `assayd --check-config`: an upgrade
# restarts a daemon that runs if the new program accepts its configuration, and leaves it alone otherwise.
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

mkdir "$work/bin" "$work/units"
sed "s,/run/systemd/system,$work/units,g; s,^#DEBHELPER#,echo debhelper >>$work/calls," \
    "$root/packaging/debian/assayd.postinst" >"$work/postinst"
check 'the folder of units was replaced in it' has postinst "^units=$work/units"

# What the script calls: notes each call. `start` runs the command of the unit as systemd does.
cat >"$work/bin/systemctl" <<FAKE
#!/bin/sh
echo "systemctl \$*" >>$work/calls
case \$1 in
is-active) [ "\$(cat $work/active)" = yes ] ;;
cat) cat $work/assayd.service && exec cat $work/drop-in.conf ;;
show) echo 0123 ;;
start)
    [ "\$(grep -c '^ExecStart=.' $work/units/assayd-check.service)" = 1 ] || exit 1
    cp $work/units/assayd-check.service $work/checked.service
    \$(sed -n 's/^ExecStart=//p' $work/units/assayd-check.service) >$work/journal 2>&1 ;;
esac
FAKE
cat >"$work/bin/deb-systemd-invoke" <<FAKE
#!/bin/sh
echo "invoke \$*" >>$work/calls
exit "\$(cat $work/policy)"
FAKE
cat >"$work/bin/journalctl" <<FAKE
#!/bin/sh
case "\$*" in *--sync*) ;; *) cat $work/journal ;; esac
FAKE
printf '#!/bin/sh\nprintf 2.0\n' >"$work/bin/dpkg-query"
chmod +x "$work"/bin/*
echo 0 >"$work/policy"

sed "s,@CMAKE_INSTALL_FULL_BINDIR@,$bin,; s,/etc/assay/assayd.yaml,$work/net/node-1/assayd.yaml,g" \
    "$root/packaging/systemd/assayd.service.in" >"$work/assayd.service"
printf '[Service]\nEnvironment=ASSAY_LOG__LEVEL=debug\n' >"$work/drop-in.conf"
(cd "$work" && "$bin/assay" setup local --dir net --port 0 >/dev/null) || exit 1

run() { # run ACTIVE WORDS...: the script of that call; a daemon runs or not
    echo "$1" >"$work/active"
    shift
    : >"$work/calls"
    rm -f "$work/units"/*
    PATH=$work/bin:$PATH sh "$work/postinst" "$@" >"$work/said" 2>&1
}

check 'a first installation ends well' run no configure ''
check 'and restarts nothing' fails has calls 'restart'
check 'an upgrade of a daemon that does not run ends well' run no configure 1.0
check 'it stays as it is' fails has calls 'restart\|start assayd-check'

check 'an upgrade that fits ends well' run yes configure 1.0
check 'the configuration was checked' has calls 'systemctl start assayd-check.service'
check 'the daemon is restarted' has calls 'invoke restart assayd.service'
check 'nothing is said' test ! -s "$work/said"
check 'and no unit is left' test -z "$(ls "$work/units")"
line_of() { grep -n "$1" "$work/calls" | head -n 1 | cut -d: -f1; }
check 'the check came after the units of the package' test "$(line_of debhelper)" -lt "$(line_of 'start assayd-check')"
for line in 'User=assay' 'Environment=ASSAY_LOG__LEVEL=debug' 'ProtectSystem=strict' 'StateDirectory=assay' 'Type=oneshot' \
    'RuntimeDirectoryPreserve=yes' 'Restart=no'; do
    check "the check has $line" has checked.service "^$line"
done
last() { grep "^$1=" "$work/checked.service" | tail -n 1; } # what systemd takes
check 'no setting of the daemon comes after that of the check' test "$(last Type) $(last Restart) $(last WatchdogSec)" = \
    'Type=oneshot Restart=no WatchdogSec=0'
check 'it reloads nothing' fails has checked.service '^ExecReload='

printf 'nonsense: 1\n' >>"$work/net/node-1/assayd.yaml"
check 'an upgrade that does not fit ends well, too' run yes configure 1.0
check 'the daemon that runs is left alone' fails has calls 'invoke'
check 'the reason is printed, with its line' has said 'assayd.yaml:[0-9]*'
check 'so is the new version' has said 'version 2.0 refuses'
check 'and the old one, which runs' has said 'continues, as version 1.0'
check 'and what to do' has said 'systemctl start assayd-check && systemctl restart assayd'
check 'that command is there' test -f "$work/units/assayd-check.service"
sed -i '/^nonsense/d' "$work/net/node-1/assayd.yaml"
check 'it succeeds when the reason is gone' "$work/bin/systemctl" start assayd-check

printf '[Service]\nExecStart=\nExecStart=%s/assayd --config %s/absent.yaml\n' "$bin" "$work" >"$work/drop-in.conf"
check 'a drop-in with another command ends well' run yes configure 1.0
check 'and is what is checked' has said 'absent.yaml'
printf '[Service]\n' >"$work/drop-in.conf"
echo 101 >"$work/policy"
check 'a policy that forbids restarts is no failure' run yes configure 1.0
check 'and was asked' has calls 'invoke restart'
rm "$work/assayd.service"
check 'a unit that cannot be read ends well' run yes configure 1.0
check 'without a restart' fails has calls invoke
check 'and the script says how' has said 'systemctl restart assayd'
for call in 'abort-upgrade 2.0' 'abort-remove'; do
    # shellcheck disable=SC2086
    check "$call ends well" run yes $call
    check "$call restarts nothing" fails has calls 'restart\|start assayd-check'
done

echo "$checks checks, $failures failed"
[ "$failures" -eq 0 ] && [ "$checks" -gt 30 ]

#!/bin/sh
# The container driver against a real Podman: looked at, started, paused, stopped while paused. Skipped
# (77) where Podman is missing or cannot run a container; why stands in the last line.
#
# usage: podman.sh PROBE CC. A container of one static program, no network, storage of its own. Needs
# root and mount namespaces: the engine sees cgroups of version 2 alone, whatever the machine has.
set -u
PROBE=$1 CC=$2
skip() {
    echo "skipped: $*"
    exit 77
}
command -v podman >/dev/null || skip 'podman is not installed'
[ "$(id -u)" -eq 0 ] || skip 'not root'
WORK=$(mktemp -d /tmp/assay-pod.XXXXXX)
service=
stop_all() {
    [ -z "$service" ] || pod rm -f web >/dev/null 2>&1
    [ -z "$service" ] || { kill "$service"; wait "$service"; } 2>/dev/null
    rm -rf "$WORK"
}
trap stop_all EXIT
trap 'exit 1' INT TERM HUP

mkdir "$WORK/image"
cat >"$WORK/sleeper.c" <<'END'
#include <signal.h>
#include <unistd.h>
static void end(int number) { (void)number; _exit(0); }
int main(void) { signal(SIGTERM, end); for (;;) pause(); }
END
"$CC" -static -O1 -o "$WORK/image/sleeper" "$WORK/sleeper.c" || skip 'no static C library'
tar -C "$WORK/image" -cf "$WORK/image.tar" sleeper

cat >"$WORK/pod" <<END
#!/bin/sh
mount --make-rprivate / && umount -l /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup || exit 77
exec podman --storage-driver=vfs --root $WORK/root --runroot $WORK/runroot --tmpdir $WORK/tmp \\
    --cgroup-manager=cgroupfs --events-backend=none "\$@"
END
pod() { unshare -m sh "$WORK/pod" "$@"; }
pod import "$WORK/image.tar" sleeper >"$WORK/log" 2>&1 || skip "$(tail -1 "$WORK/log")"
pod create --name web --network=none --privileged --pids-limit=0 --ulimit nofile=1024:1024 \
    --ulimit nproc=1000:1000 --ulimit memlock=65536:65536 sleeper /sleeper >"$WORK/log" 2>&1 ||
    skip "$(tail -1 "$WORK/log")"
unshare -m sh "$WORK/pod" system service --time=0 "unix://$WORK/engine.sock" >"$WORK/log" 2>&1 &
service=$!
for i in 1 2 3 4 5 6 7 8 9 10; do
    [ -S "$WORK/engine.sock" ] && break
    sleep 0.3
done
act() { "$PROBE" "$WORK/engine.sock" "$1" "$2"; }
act web start 2>"$WORK/log" || skip "the engine starts no container here: $(tail -1 "$WORK/log")"

failures=0
expect() { # EXPECTED FOUND WHAT
    [ "$1" = "$2" ] && return
    failures=$((failures + 1))
    printf 'FAILED: %s: expected %s, found %s\n' "$3" "$1" "$2" >&2
}
expect runs "$(act web look)" 'a container that was started'
act web start; expect 0 $? 'started again'
act web suspend; expect 0 $? 'paused'
expect frozen "$(act web look)" 'paused'
pid=$(pod inspect --format '{{.State.Pid}}' web)
act web stop; expect 0 $? 'stopped while paused, which Podman refuses'
expect down "$(act web look)" 'stopped'
[ -d "/proc/$pid" ] && expect gone there "process $pid"
act web stop; expect 0 $? 'stopped again'
act web start; expect 0 $? 'started after a stop'
act web suspend && act web run; expect 0 $? 'paused and let run'
expect runs "$(act web look)" 'let run'
act nope look >/dev/null 2>"$WORK/log"; expect 1 $? 'a container that is not there'
grep -q 'the engine answered 404: no container with name' "$WORK/log" ||
    expect 'a reason' "$(cat "$WORK/log")" 'a container that is not there'
[ "$failures" -eq 0 ] || exit 1
echo 'all of it holds with' "$(podman --version)"

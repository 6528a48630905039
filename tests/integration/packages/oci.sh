#!/bin/sh
# The image runs: programs of the packages, not as root, small, nothing to log in to.
#
# usage: oci.sh OUT
set -u
export LC_ALL=C
out=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$(dirname "$0")/lib.sh"

check 'there is an archive' test -s "$out/assay.oci.tar"
check 'it can be loaded' podman load --quiet --input "$out/assay.oci.tar"
image=$(sed 's/.*: //' "$work/said" | tail -n 1)

# in_image STATUS WORDS ARGUMENTS...: the container ends so and says so. Where the engine may set no limits
# (this machine is itself a container) it sees cgroups of its own and keeps what it has; the user stays.
if podman run --rm --network none "$image" --version >/dev/null 2>&1; then
    run() { podman run --rm --network none --read-only "$@"; }
else
    cat >"$work/run" <<'END'
mount --make-rprivate / && umount -l /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup || exit 77
exec podman --cgroup-manager=cgroupfs --events-backend=none run --rm --network none --read-only \
    --privileged --pids-limit=0 --ulimit nofile=1024:1024 --ulimit nproc=1000:1000 \
    --ulimit memlock=65536:65536 "$@"
END
    run() { unshare -m sh "$work/run" "$@"; }
fi
in_image() {
    status=$1 words=$2
    shift 2
    said=$(run "$@" 2>&1)
    got=$?
    printf '%s\n' "$said"
    [ $got -eq "$status" ] || { echo "status $got"; return 1; }
    case $said in *"$words"*) ;; *) return 1 ;; esac
}
check 'the daemon runs' in_image 0 'assayd ' "$image" --version
check 'the command line runs' in_image 0 'assay ' --entrypoint /usr/bin/assay "$image" --version
check 'the configuration is looked for where it belongs' in_image 2 /etc/assay/assayd.yaml "$image"
check 'the enclave is there' in_image 2 'expected one path of a socket' --entrypoint /usr/bin/assay-enclave "$image"
# 127: the engine found no such program.
check 'there is no shell' in_image 127 /bin/sh --entrypoint /bin/sh "$image" -c true
check 'it is no root' test "$(podman image inspect --format '{{.User}}' "$image")" = 64007:64007
mkdir -m 700 "$work/state"
chown 64007:64007 "$work/state"
check 'keys are made, by that user' in_image 0 '' --entrypoint /usr/bin/assay -v "$work/state:/var/lib/assay" "$image" \
    keys generate /var/lib/assay/keys --name image
check 'and are its own' test "$(stat -c '%u %a' "$work/state/keys")" = '64007 700'
size=$(podman image inspect --format '{{.Size}}' "$image")
check "it is small: $size bytes" test "${size:-999999999}" -lt 80000000
id=$(podman create "$image") && podman export "$id" | tar -tv >"$work/files"
podman rm "$id" >/dev/null 2>&1
check 'it holds the programs' test "$(grep -cE ' (\./)?usr/bin/(assay|assayd|assay-enclave)$' "$work/files")" = 3
check 'it holds roots of the web' grep -q 'etc/ssl/certs/ca-certificates.crt' "$work/files"
check 'nothing changes its user' fails grep -E '^-..s|^-.....s' "$work/files"
check 'no package manager' fails grep -E '(^|/)(apt|apt-get|dpkg)$' "$work/files"
echo "size: $size bytes"
finish

#!/bin/sh
# Boots a folder: becomes process 1 of a machine of its own, systemd. Run by systemd.sh below
# `unshare --pid --mount --uts --ipc --net --cgroup --fork`, from a control group that belongs to nobody else, so that
# the root of version 2 that systemd sees is that group. It has loopback alone, devices that are harmless, and what the
# kernel is told stays as it is (/proc/sys, /sys).
#
# usage: boot.sh ROOT
set -eu
root=$1
mount --make-rprivate /
mount --bind "$root" "$root"
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$root/sys"
mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755,nosuid,nodev tmpfs "$root/run"
mount -t tmpfs -o mode=755,nosuid tmpfs "$root/dev"
for device in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0; do
    rest=${device#*:}
    mknod -m 666 "$root/dev/${device%%:*}" c "${rest%:*}" "${rest#*:}"
done
mkdir "$root/dev/pts" "$root/dev/shm" "$root/run/outside"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
for n in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${n%:*}" "$root/dev/${n#*:}"; done
ip link set lo up
hostname machine
cd "$root"
pivot_root . run/outside
# Shared below: systemd hands credentials to units by mounts that pass on.
exec chroot . sh -c 'umount -l /run/outside && rmdir /run/outside && mount --make-rshared / &&
    exec env -i container=assay-test PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd'
